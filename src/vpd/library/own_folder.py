"""Folders for the results of commands: new, empty, or marked as vpd's. Other folders are refused.

The mark is a file that lists what vpd wrote there, with sizes, modification times and hashes. A later command
of the same kind replaces exactly these files. It refuses where there is another file, or one that changed
since. By the hashes `vpd check --deep` finds what a disk has changed; who writes to a file makes it his own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import xxhash

from vpd.errors import DiskFullError, InputError
from vpd.files import parse_json, read_bytes
from vpd.library import checksum
from vpd.library.artefact import is_abandoned, write_text
from vpd.library.lock import locked
from vpd.library.sealed_files import FIELD, write_json
from vpd.library.system_lock import FOLDER as LOCKS

MARK = ".made-by-vpd.json"

_Files = dict[str, list[int]]
"""Size and modification time of each file, by its path within the folder."""
_Listed = dict[str, tuple[list[int], str]]
"""The same as the mark lists them, with the hash of each file; "" where there is none."""


def is_marked(folder: Path) -> bool:
    """Whether vpd made the folder for results. Videos in it are no recordings."""
    return (folder / MARK).is_file()


def mark(folder: Path, what: str) -> None:
    """Mark a folder that vpd has just made. ``what`` names the kind of results."""
    write_text(json.dumps({"holds": what}) + "\n", folder / MARK)


def _files(folder: Path) -> _Files:
    """All files and links below, but for the mark and locks."""
    found: _Files = {}
    for parent, folders, names in os.walk(folder):
        if LOCKS in folders:
            folders.remove(LOCKS)
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in [*names, *links]:
            path = Path(parent, name)
            if path != folder / MARK:
                stat = path.lstat()
                found[path.relative_to(folder).as_posix()] = [stat.st_size, stat.st_mtime_ns]
    return found


def _hash(path: Path) -> str:
    """The XXH3 hash (128 bits) of a file; "" of what is no file, such as a link."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


def record(folder: Path, what: str) -> None:
    """Record in the mark of a folder all that lies there, as written by vpd."""
    files = {name: [*stamp, _hash(folder / name)] for name, stamp in _files(folder).items()}
    write_json(folder / MARK, {"holds": what, "files": files})


def record_file(folder: Path, what: str, path: Path) -> None:
    """Record one file of a folder as written by vpd, beside those that nobody wrote to since."""
    found = _files(folder)
    own = {known: hashed for known, (_, hashed) in untouched(folder).items()} | {path: _hash(path)}
    names = {known.relative_to(folder).as_posix(): hashed for known, hashed in own.items()}
    files = {name: [*found[name], hashed] for name, hashed in names.items()}
    write_json(folder / MARK, {"holds": what, "files": files})


def _record_in_place(folder: Path, what: str) -> None:
    """Record sizes and times alone in the blocks that the mark has already, where the disk is full."""
    text = json.dumps({"holds": what, "files": _files(folder)}, separators=(",", ":"))
    with suppress(OSError), (folder / MARK).open("r+b") as out:
        out.write(text.encode())
        out.truncate()


def _read_mark(folder: Path) -> tuple[str, _Listed | None]:
    """The kind of results in a marked folder, and the files that vpd wrote there; None where the command did
    not end.
    """
    try:
        found = parse_json(read_bytes(folder / MARK))
        if not mark_is_whole(folder):
            return "", {}
        files = found.get("files")
        if files is None:
            return str(found["holds"]), None
        listed = {str(k): (list(v[:2]), str(v[2]) if len(v) > 2 else "") for k, v in files.items()}
        return str(found["holds"]), listed
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", {}


def mark_is_whole(folder: Path) -> bool:
    """Whether the mark of a folder is what was written. That of a command that did not end has no hash.

    Raises OSError where it cannot be read, ValueError where it is no JSON.
    """
    found = parse_json(read_bytes(folder / MARK))
    stated = found.get(FIELD, "") if isinstance(found, dict) else ""
    return not stated or checksum.is_whole(folder / MARK, str(stated))


def untouched(folder: Path) -> dict[Path, tuple[int, str]]:
    """Size and hash of each file as it was written, of those that nobody wrote to since."""
    listed, found = _read_mark(folder)[1], {}
    if not listed:
        return {}
    for name, (_, time_ns) in _files(folder).items():
        stamp, hashed = listed.get(name, ([0, 0], ""))
        if hashed and stamp[1:] == [time_ns]:
            found[folder / name] = stamp[0], hashed
    return found


def is_as_written(path: Path, size: int, hashed: str) -> bool:
    """Whether a file has the size and the hash that `untouched` gives. Raises OSError."""
    return path.stat().st_size == size and _hash(path) == hashed


class OwnFolder:
    """A folder that one command writes into.

    Parameters
    ----------
    path : need not exist.
    what : it holds, such as "detections"; a command replaces results of its own kind alone.
    goes_on : whether the command takes up what an earlier one of its kind left, instead of replacing it.

    Raises InputError where the folder holds what vpd did not write, or results of another kind.
    """

    def __init__(self, path: Path, what: str, goes_on: bool = False) -> None:
        self.path, self.what, self.goes_on = path, what, goes_on
        self._begun = False
        self.check()

    def check(self) -> None:
        """Raise InputError where the folder holds files that are not vpd's, or results of another kind."""
        try:
            if not self.path.is_dir():
                if os.path.lexists(self.path):
                    raise InputError(f"{self.path} is not a folder. Name another place for the {self.what}.")
                return
            found = _files(self.path)
        except OSError as error:
            raise InputError(f"{self.path} cannot be looked into ({error.strerror}).") from error
        holds, listed = _read_mark(self.path) if is_marked(self.path) else ("", {})
        ours = {name: stamp for name, (stamp, _) in (listed or {}).items()}
        if found and holds and holds != self.what:
            raise InputError(f"{self.path} holds {holds} of an earlier command. Name another folder.")
        if holds and self.goes_on:
            return
        foreign = sorted(
            name
            for name, stamp in found.items()
            if ours.get(name) != stamp and not is_abandoned(self.path / name)
        )
        if foreign and listed is None:
            raise InputError(
                f"{self.path} holds {holds} of a command that did not end, such as {foreign[0]}. vpd cannot "
                "tell them from files of yours: delete the folder, or name another one."
            )
        if foreign:
            changed = "wrote and somebody changed" if foreign[0] in ours else "did not write"
            raise InputError(
                f"{self.path} holds files that vpd {changed}, such as {foreign[0]}. vpd writes into a new or "
                f"an empty folder alone: name another one, such as {self.path / 'vpd'}."
            )

    def begin(self) -> None:
        """Remove the results of an earlier command of this kind, and mark the folder; once."""
        if self._begun:
            return
        self._begun = True
        if self.path.is_dir() and not self.goes_on:
            self.check()
            for name in _files(self.path):  # all are listed in the mark, or left half by a process that died
                (self.path / name).unlink(missing_ok=True)
            for parent, _, _ in os.walk(self.path, topdown=False):
                if Path(parent) != self.path:
                    with suppress(OSError):  # not empty
                        Path(parent).rmdir()
        mark(self.path, self.what)

    def end(self) -> None:
        """Record what was written, so that a later command may replace it."""
        if not self._begun:
            return
        try:
            record(self.path, self.what)
        except DiskFullError:
            _record_in_place(self.path, self.what)
            raise


@contextmanager
def own_folder(path: Path, what: str, goes_on: bool = False) -> Iterator[OwnFolder]:
    """The folder for one command's results. No other command writes into it at the same time.

    It is marked, and emptied of earlier results, when `OwnFolder.begin` is called. Raises InputError as
    `OwnFolder` does, LockedError where another command writes into it.
    """
    folder, made = OwnFolder(path, what, goes_on), not path.is_dir()
    try:
        with locked(path / MARK, wait_s=0):
            folder.check()  # another command may have ended since
            try:
                yield folder
            finally:
                try:
                    folder.end()
                except BaseException as ended:
                    if not isinstance(ended, Exception):  # a signal came while the record was written
                        folder.end()
                    raise
    finally:
        with suppress(OSError):
            (path / LOCKS).rmdir()
            if made:
                path.rmdir()  # where nothing was written after all


def new_file(path: Path) -> Path:
    """Return ``path`` where it does not exist yet. Raises InputError else: vpd overwrites no file of a
    user.
    """
    if os.path.lexists(path):
        raise InputError(f"{path} is there already, and vpd does not overwrite it. Name another file.")
    return path
