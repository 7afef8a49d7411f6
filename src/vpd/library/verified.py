"""Which files of a library were compared with their checksums on this computer, kept between commands.

A file is compared when it is read first, and again when it was touched since: when its size, its inode, or
the time of change of its contents or of its place on the disk is another. Damage that leaves all these as
they were, as that of an ageing disk, is found by `vpd check --deep` alone.

What was compared is kept in the user's folder for caches, one file a library, and not in the library: a
library that somebody else made cannot say of itself that it was compared, and reading changes no library.
Without such a folder every command compares again.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import sys
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from vpd.files import parse_json, read_bytes
from vpd.library.layout import SETTINGS_FILE
from vpd.machine import WINDOWS

DEPTH = 3
"""Folders between a file of a library and its root, at most."""
KEPT_S = 180 * 24 * 3600
"""What was kept of a library that nobody read for so long is removed."""

_Stamp = tuple[int, int, int, int]
_Entry = tuple[str, _Stamp]

_entries: dict[Path, dict[str, _Entry]] = {}
"""By root, then by the path within it: the checksum, and the stamp of the file that had it."""
_changed: dict[Path, dict[str, _Entry | None]] = {}
"""What this process has compared and not yet kept; None for what it found damaged."""


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


def _kept_in(root: Path) -> Path | None:
    cache = cache_folder()
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
    return None if cache is None else cache / "verified" / f"{name}.json"


def _read(root: Path) -> dict[str, _Entry]:
    """What earlier commands have kept; nothing where there is none, or it is damaged."""
    file = _kept_in(root)
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


def _find(path: Path) -> tuple[Path, str, dict[str, _Entry]]:
    root, below = _place(path.absolute().parent)
    if root not in _entries:
        _entries[root] = _read(root)
    return root, f"{below}/{path.name}", _entries[root]


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
    root, name, entries = _find(path)
    entries[name] = checksum, _stamp(found)
    _change(root, name, entries[name])


def doubt(path: Path) -> None:
    """Forget what was remembered of a file that is found damaged."""
    root, name, entries = _find(path)
    entries.pop(name, None)
    _change(root, name, None)


def _change(root: Path, name: str, entry: _Entry | None) -> None:
    if not _changed:
        atexit.register(keep)
    _changed.setdefault(root, {})[name] = entry


def forget() -> None:
    """Compare every file again when it is read next."""
    for entries in _entries.values():
        entries.clear()


def keep() -> None:
    """Keep for later commands what this process has compared. Nothing happens where it cannot be written.

    Of two processes that end at the same moment one may undo what the other kept: then files are compared
    once more.
    """
    atexit.unregister(keep)
    for root, changed in list(_changed.items()):
        file = _kept_in(root)
        if file is None or not (root / SETTINGS_FILE).is_file():
            continue
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        entries = _read(root) | changed
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = {name: [entry[0], *entry[1]] for name, entry in entries.items() if entry}
            part.write_text(json.dumps(lines), encoding="utf-8")
            part.replace(file)
        with suppress(OSError):
            part.unlink(missing_ok=True)
            _remove_old(file.parent)
    _changed.clear()


def _remove_old(folder: Path) -> None:
    oldest = time.time() - KEPT_S
    for file in folder.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)
