"""Which files of a library were compared with their checksums on this computer, kept between commands.

A file is compared when it is read first, and again when it was touched since: when its size, its inode, or
the time of change of its contents or of its place on the disk is another. Damage that leaves all these as
they were, as that of an ageing disk, is found by `vpd check --deep` alone.

What was compared is kept in the user's folder for caches, and not in the library: a library that somebody
else made cannot say of itself that it was compared, and reading changes no library. Without such a folder
every command compares again. It is kept in many small files, so that a command reads what it needs of the
100,000 entries of a large library.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import sys
import time
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Event

from vpd.files import parse_json, read_bytes
from vpd.library.layout import SETTINGS_FILE
from vpd.machine import WINDOWS

DEPTH = 3
"""Folders between a file of a library and its root, at most."""
KEPT_S = 180 * 24 * 3600
"""What was kept of a library that nobody read for so long is removed."""
PARTS = 64
"""Files in which the entries of one folder of a library are kept."""

_Stamp = tuple[int, int, int, int]
_Entry = tuple[str, _Stamp]
_Part = tuple[Path, str]
"""The root of a library, and the name of one of the files in which its entries are kept."""

_entries: dict[_Part, dict[str, _Entry]] = {}
"""By part, then by the path within the library: the checksum, and the stamp of the file that had it."""
_changed: dict[_Part, dict[str, _Entry | None]] = {}
"""What this process has compared and not yet kept; None for what it found damaged."""
_forgotten = Event()
"""Set where nothing counts that earlier commands have kept."""


def cache_folder() -> Path | None:
    """The user's folder for caches of vpd, which need not exist; None where there is no home."""
    named = os.environ.get("LOCALAPPDATA" if WINDOWS else "XDG_CACHE_HOME", "")
    if named and Path(named).is_absolute():
        return Path(named) / "vpd"
    try:
        home = Path.home()
        there = home.is_dir()
    except (RuntimeError, OSError):
        return None
    below = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return home / below / "vpd" if there else None


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


@lru_cache(maxsize=4096)
def _place(folder: Path) -> tuple[Path, str]:
    """The root of the library that a folder belongs to, and the folder's path within it; itself elsewhere."""
    for root in (folder, *folder.parents[:DEPTH]):
        if (root / SETTINGS_FILE).is_file():
            return root, folder.relative_to(root).as_posix()
    return folder, "."


def _kept_in(part: _Part) -> Path | None:
    cache = cache_folder()
    root = hashlib.sha256(os.fsencode(part[0])).hexdigest()[:32]
    return None if cache is None else cache / "verified" / root / f"{part[1]}.json"


def _read(part: _Part) -> dict[str, _Entry]:
    """What earlier commands have kept; nothing where there is none, or it is damaged."""
    file = _kept_in(part)
    if file is None:
        return {}
    try:
        found = parse_json(read_bytes(file))
        return {
            str(name): (str(checksum), (int(size), int(mtime), int(ctime), int(inode)))
            for name, (checksum, size, mtime, ctime, inode) in found.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        return {}


def _find(path: Path) -> tuple[_Part, str, dict[str, _Entry]]:
    root, below = _place(path.absolute().parent)
    number = zlib.crc32(os.fsencode(path.name)) % PARTS
    part = root, f"{zlib.crc32(os.fsencode(below)):08x}-{number:02x}"
    if part not in _entries:
        _entries[part] = {} if _forgotten.is_set() else _read(part)
    return part, f"{below}/{path.name}", _entries[part]


def is_verified(path: Path, checksum: str, found: os.stat_result) -> bool:
    """Whether the file was compared with this checksum, and not touched since."""
    _, name, entries = _find(path)
    return entries.get(name) == (checksum, _stamp(found))


def was_touched(path: Path, checksum: str, found: os.stat_result) -> bool:
    """Whether the file was compared with this checksum once, and touched since."""
    _, name, entries = _find(path)
    entry = entries.get(name)
    return entry is not None and entry[0] == checksum and entry[1] != _stamp(found)


def note(path: Path, checksum: str, found: os.stat_result) -> None:
    """Remember that the file, as it was ``found``, has this checksum."""
    part, name, entries = _find(path)
    entries[name] = checksum, _stamp(found)
    _change(part, name, entries[name])


def doubt(path: Path) -> None:
    """Forget what was remembered of a file that is found damaged."""
    part, name, entries = _find(path)
    entries.pop(name, None)
    _change(part, name, None)


def _change(part: _Part, name: str, entry: _Entry | None) -> None:
    if not _changed:
        atexit.register(keep)
    _changed.setdefault(part, {})[name] = entry


def forget() -> None:
    """Compare every file again when it is read next."""
    _forgotten.set()
    _entries.clear()


def keep() -> None:
    """Keep for later commands what this process has compared. Nothing happens where it cannot be written.

    Of two processes that end at the same moment one may undo what the other kept: then files are compared
    once more.
    """
    atexit.unregister(keep)
    folders: set[Path] = set()
    for part, changed in list(_changed.items()):
        file = _kept_in(part)
        if file is None or not (part[0] / SETTINGS_FILE).is_file():
            continue
        new = file.with_name(f"{file.name}.{os.getpid()}.part")
        entries = _read(part) | changed
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = {name: [entry[0], *entry[1]] for name, entry in entries.items() if entry}
            new.write_text(json.dumps(lines), encoding="utf-8")
            new.replace(file)
        with suppress(OSError):
            new.unlink(missing_ok=True)
        folders.add(file.parent.parent)
    for folder in folders:
        with suppress(OSError):
            _remove_old(folder)
    _changed.clear()


def _remove_old(folder: Path) -> None:
    """Remove what was kept of libraries that nobody read for long, also single files of earlier versions."""
    oldest = time.time() - KEPT_S
    for kept in folder.iterdir():
        if kept.stat().st_mtime >= oldest:
            continue
        if kept.is_dir():
            shutil.rmtree(kept)
        else:
            kept.unlink(missing_ok=True)
