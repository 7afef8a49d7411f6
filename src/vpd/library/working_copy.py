"""A folder of this computer that stands for a library in an object store.

It is a library like any other, so everything works on it. `sync` makes it equal to the store: files of
people, tables and students whole, large artefacts as outlines (`vpd.library.copy_contents`), and offers the
store what was changed here. The lock of a file (`vpd.library.lock`) refreshes it when it is taken, and
publishes it by one conditional PUT before it is let go. So a change is made to what lies in the store, and
another's is never overwritten.

A student's folder is one object, a tar file, so that its weights and their description change together.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from vpd.errors import ArtefactError, InputError, StaleError, StoreChangedError
from vpd.library import checksum
from vpd.library.artefact import check, read_recipe
from vpd.library.copy_contents import fetched, store_of
from vpd.library.copy_state import CopyState, Known, root_of, stamp_of
from vpd.library.store import Seen
from vpd.library.system_lock import FOLDER, SystemLock, lock_file

FILES = (".csv", ".json", ".parquet", ".toml")
"""Files of a library's root that its copies share: settings, tables and lists."""
UNPUBLISHED = ".unpublished"
"""In the name of a file that was changed here, and meanwhile in the store."""
FOLDERS = (
    "boxes", "crops", "features", "frames", "masks_given", "pictures", "poses", "poses_given", "removed",
    "tracks",
)  # fmt: skip
"""Folders that they share, file by file. Results, indexes and pictures of the page belong to one computer."""
STUDENTS, PACKED = "students", ".tar"
BACKUPS = ".backup/"
MADE = (".arrow", ".parquet")
"""Names of artefacts end so. They say themselves whether they are whole."""
END = 64 * 2**10
"""Bytes at the end of an artefact that hold its metadata. Up to four times as many are fetched whole."""
AT_ONCE = 32
"""Requests that are under way at a time."""
KEPT_EVERY = 1000
"""Objects that are taken before the copy's record is written: what a kill costs."""
_MAGIC = {".arrow": b"ARROW1\0\0", ".parquet": b"PAR1"}


def _is_shared(key: str) -> bool:
    top, _, rest = key.partition("/")
    if any(part.startswith(".") for part in key.split("/")):
        return False
    if not rest:
        return key.endswith(FILES) and UNPUBLISHED not in key
    return top in FOLDERS or (top == STUDENTS and "/" not in rest and rest.endswith(PACKED))


def _is_made(key: str) -> bool:
    return key.endswith(MADE)


@lru_cache(maxsize=16)
def _copy_at(root: Path) -> WorkingCopy:
    return WorkingCopy(root)


def copy_with(path: Path) -> WorkingCopy | None:
    """The working copy that a path belongs to, if others see what lies there."""
    path = path.absolute()
    root = root_of(path.parent)
    if root is None:
        return None
    copy = _copy_at(root)
    return copy if _is_shared(copy.key_of(path)) else None


def published(*paths: Path) -> None:
    """Publish files of a working copy that were changed, made or deleted under the lock of another."""
    for path in paths:
        if (copy := copy_with(path)) is not None:
            copy.publish(path)


class WorkingCopy:
    """The working copy in the folder ``root``, of the library at `url`."""

    def __init__(self, root: Path) -> None:
        self.root, self.state = root, CopyState(root)
        self.url = self.state.url()
        self.store = store_of(self.url)

    def key_of(self, path: Path) -> str:
        """The key of the object that a path of the copy is in the store."""
        key = path.absolute().relative_to(self.root).as_posix()
        top, _, rest = key.partition("/")
        return f"{key}{PACKED}" if top == STUDENTS and "/" not in rest else key

    def lease_of(self, path: Path) -> str:
        """The key of the lease that guards a path."""
        return f"{FOLDER}/{self.key_of(path)}.lease"

    def sync(self) -> list[str]:
        """Make the copy and the store equal. Returns a sentence for each file that was changed in both."""
        known = self.state.all()  # before the list, so that what is published meanwhile is not taken for lost
        there = {seen.key: seen for seen in self.store.listed() if _is_shared(seen.key)}
        notes: list[str] = []

        def take(seen: Seen) -> Known | None:
            with self._free(seen.key) as free:
                now = self.state.get(seen.key) if self._stamp(seen.key) else None
                return self._take(seen, now, notes) if free and not self._is_as_known(seen, now) else None

        new = [seen for key, seen in there.items() if not self._is_as_known(seen, known.get(key))]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for first in range(0, len(new), KEPT_EVERY):
                found = pool.map(take, new[first : first + KEPT_EVERY])
                self.state.put(one for one in found if one)
        for key in known.keys() - there.keys():
            with self._free(key) as free:
                if free:
                    self._lose(known[key])
        known = self.state.all()
        for path in self._files():
            key = self.key_of(path)
            with self._free(key) as free:
                if free and (key not in known or known[key].stamp != self._stamp(key)):
                    self._offer(key, notes)
        return notes

    def refresh(self, path: Path) -> None:
        """Make a file as it is in the store, whose lock this process holds. What was changed here stays.

        Raises StaleError where a file of a person was changed in both; then both are kept.
        """
        self._refresh(self._keys(path))

    def look_again(self, path: Path) -> None:
        """As `refresh`, for who reads the file and holds no lock."""
        self._refresh([self.key_of(path)])

    def _refresh(self, keys: list[str]) -> None:
        notes: list[str] = []
        for key in keys:
            seen, known = self.store.look(key), self.state.get(key)
            if seen is None and known is not None:
                self._lose(known)
            elif seen is not None and not self._is_as_known(seen, known):
                self.state.put(found for found in [self._take(seen, known, notes)] if found)
        if notes:
            raise StaleError(" ".join(notes))

    def publish(self, path: Path) -> None:
        """Make the store as a file is here, whose lock this process holds, where it was changed or deleted.

        Raises StaleError as `refresh`.
        """
        notes: list[str] = []
        for key in self._keys(path):
            known, stamp = self.state.get(key), self._stamp(key)
            if not stamp and known is not None and not key.endswith(PACKED):
                self.store.delete(key)
                self.state.forget([key])
            elif stamp and (known is None or known.stamp != stamp):
                self._offer(key, notes)
        if notes:
            raise StaleError(" ".join(notes))

    def _keys(self, path: Path) -> list[str]:
        """The objects that change under the lock of a path: of a table first its states before changes."""
        key = self.key_of(path)
        if path.suffix != ".csv" or "/" in key:
            return [key]
        states = f"{path.stem}{BACKUPS}"
        here = (self.key_of(file) for file in (self.root / states).glob(f"[0-9]*{path.suffix}"))
        return [*sorted({*here, *(seen.key for seen in self.store.listed(states))}), key]

    def _is_as_known(self, seen: Seen, known: Known | None) -> bool:
        """Whether nothing is to be taken from the store; a file may have been changed here."""
        return known is not None and known.seen.etag == seen.etag and bool(self._stamp(seen.key))

    def _stamp(self, key: str) -> str:
        if not key.endswith(PACKED):
            return stamp_of(self.root / key)
        folder = self._folder(key)
        if not (folder / "config.json").is_file():
            return ""  # its training has not ended
        stamps = [f"{file.name}:{stamp_of(file)}" for file in _members(folder)]
        return hashlib.sha256(" ".join(stamps).encode()).hexdigest()[:32]

    def _folder(self, key: str) -> Path:
        return self.root / key.removesuffix(PACKED)

    @contextmanager
    def _free(self, key: str) -> Iterator[bool]:
        """Hold the lock of a file on this computer, without waiting; whether it is held."""
        path = self._folder(key)
        file = lock_file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = SystemLock(file)
        held = lock.take()
        try:
            yield held
        finally:
            if held:
                lock.let_go(file)

    def _files(self) -> Iterator[Path]:
        """All files here that others see."""
        tops = [self.root / top for top in FOLDERS]
        for path in [*self.root.iterdir(), *(path for top in tops for path in top.rglob("*"))]:
            if path.is_file() and _is_shared(path.relative_to(self.root).as_posix()):
                yield path
        for folder in (self.root / STUDENTS).glob("[!.]*"):
            if (folder / "config.json").is_file():
                yield folder

    def _take(self, seen: Seen, known: Known | None, notes: list[str]) -> Known | None:
        """Take an object from the store; None where it is gone by now."""
        key, path = seen.key, self.root / seen.key
        try:
            if key.endswith(PACKED):
                return self._unpack(seen)
            here = stamp_of(path)
            if here and not _is_made(key) and (known is None or known.stamp != here):
                self._put_aside(path, notes)
            if _is_made(key) and seen.bytes > 4 * END and self._outline(seen):
                return Known(seen, stamp_of(path), False)
            found = fetched(self.store, key, path)
        except FileNotFoundError:
            return None
        if _is_made(key):
            _sign(path)
        return Known(found, stamp_of(path), True)

    def _outline(self, seen: Seen) -> bool:
        """Put the outline of an artefact into its place; whether its metadata could be read."""
        path = self.root / seen.key
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
        end = self.store.read(seen.key, seen.bytes - END, seen.bytes)
        try:
            with part.open("wb") as out:
                out.write(_MAGIC[path.suffix])
                out.seek(seen.bytes - END)
                out.write(end)
            if not _sign(part):
                return False
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return True

    def _put_aside(self, path: Path, notes: list[str]) -> None:
        """Keep a file that was changed here, and in the store to something else."""
        if self.store.read(self.key_of(path)) == path.read_bytes():
            return
        aside = path.with_name(f"{path.stem}{UNPUBLISHED}{path.suffix}")
        path.replace(aside)
        notes.append(
            f"{path.name} was changed here, and meanwhile on another computer. The other is kept as "
            f"{path.name}, and yours as {aside}: take over what it lacks, and delete it."
        )

    def _lose(self, known: Known) -> None:
        """Follow the deletion of an object. What was changed here stays, and is new."""
        key = known.seen.key
        if key.endswith(PACKED):
            shutil.rmtree(self._folder(key), ignore_errors=True)
        elif stamp_of(self.root / key) == known.stamp:
            (self.root / key).unlink(missing_ok=True)
        self.state.forget([key])

    def _offer(self, key: str, notes: list[str]) -> None:
        """Publish a file that was changed here; where the store has another by now, that is taken."""
        known, path = self.state.get(key), self.root / key
        try:
            if _is_made(key):
                check(path)
            stamp = self._stamp(key)
            with self._packed(key) as content:
                seen = self.store.put(key, content, known.seen if known else None)
        except (StoreChangedError, ArtefactError):
            there = self.store.look(key)
            found = [self._take(there, known, notes)] if there else []
            self.state.put(one for one in found if one)
            return
        self.state.put([Known(seen, stamp, True)])

    @contextmanager
    def _packed(self, key: str) -> Iterator[Path]:
        """The content of an object, as a file."""
        if not key.endswith(PACKED):
            yield self.root / key
            return
        folder = self._folder(key)
        part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}{PACKED}")
        try:
            with tarfile.open(part, "w") as out:
                for file in _members(folder):
                    out.add(file, file.name)
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _unpack(self, seen: Seen) -> Known:
        """Put a student into its folder; its description goes first and comes last."""
        folder = self._folder(seen.key)
        part = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
        try:
            got = fetched(self.store, seen.key, part.with_name(f"{part.name}{PACKED}"))
            with tarfile.open(part.with_name(f"{part.name}{PACKED}")) as packed:
                packed.extractall(part, filter="data")
            folder.mkdir(exist_ok=True)
            for name in ["config.json", *(file.name for file in _members(folder))]:
                (folder / name).unlink(missing_ok=True)
            for file in sorted(_members(part), key=lambda file: file.name == "config.json"):
                file.replace(folder / file.name)
        finally:
            part.with_name(f"{part.name}{PACKED}").unlink(missing_ok=True)
            shutil.rmtree(part, ignore_errors=True)
        return Known(got, self._stamp(seen.key), True)


def _members(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*") if path.is_file())


def _sign(path: Path) -> bool:
    """Give an artefact the time of change that says it is as it was written; whether it has a recipe."""
    try:
        checksum.set_sign(path, str(read_recipe(path)["checksum"]))
    except (ArtefactError, InputError):
        return False
    return True
