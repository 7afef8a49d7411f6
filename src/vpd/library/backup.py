"""Earlier states of a small file that the user edits through vpd, and the way back to them.

A state has its number and the hash of its contents in its name, as in ``000012-9f86d081884c7d65.csv``: what a
disk has changed is never restored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import xxhash

from vpd.errors import InputError
from vpd.files import read_bytes
from vpd.library.artefact import replacing

KEPT = 5
"""Number of states kept of each file."""
UNDONE = "undone"
_STATE = re.compile(r"(?P<number>\d{6,})(-(?P<sum>[0-9a-f]{16}))?")


@dataclass(frozen=True)
class Restored:
    """The result of an undo: the number of older states left, and the path of the undone state."""

    left: int
    undone: Path | None


def folder(path: Path) -> Path:
    """The folder of the states of ``path``: ``labels.backup`` beside ``labels.csv``."""
    return path.with_name(f"{path.stem}.backup")


def states(path: Path) -> list[Path]:
    """The kept states of ``path``, the oldest first."""
    place = folder(path)
    if not place.is_dir():
        return []
    named = [(_STATE.fullmatch(p.stem), p) for p in place.iterdir() if p.suffix == path.suffix]
    return [p for _, p in sorted((int(found["number"]), p) for found, p in named if found)]


def is_whole(state: Path) -> bool:
    """Whether a kept state is what was kept; of states without a hash in their names that is not known.

    Raises OSError where it cannot be read.
    """
    found = _STATE.fullmatch(state.stem)
    stated = found["sum"] if found else None
    return stated is None or xxhash.xxh3_64_hexdigest(read_bytes(state)) == stated


def _write(target: Path, content: bytes) -> None:
    with replacing(target) as part:
        part.write_bytes(content)


def keep(path: Path) -> None:
    """Keep the present state of ``path`` before a change, and delete states beyond the last `KEPT`.

    Nothing happens where there is no file. Raises InputError or DiskFullError where it cannot be kept, and
    InputError where it is a link: the change would put a file in its place, and leave the one it leads to.
    """
    if path.is_symlink():
        raise InputError(
            f"{path} is a link to {os.readlink(path)}. vpd writes through no links: move that file here, in "  # noqa: PTH115
            "place of the link."
        )
    if path.exists():
        _keep(path, _present(path))


def _present(path: Path) -> bytes:
    """The contents of a file that is there. Raises InputError where it cannot be read, as of a pipe."""
    try:
        return read_bytes(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}).") from error


def _keep(path: Path, content: bytes) -> None:
    known = [found["number"] for p in states(path) if (found := _STATE.fullmatch(p.stem))]
    number = int(known[-1]) + 1 if known else 1
    _write(folder(path) / f"{number:06}-{xxhash.xxh3_64_hexdigest(content)}{path.suffix}", content)
    for old in states(path)[:-KEPT]:
        old.unlink(missing_ok=True)


@contextmanager
def keeping(path: Path) -> Iterator[None]:
    """Keep the state of ``path`` before the block, where the block changes it."""
    before = path.read_bytes() if path.is_file() else None
    yield
    if before is not None and path.read_bytes() != before:
        _keep(path, before)


def undo(path: Path) -> Restored:
    """Restore the last kept state of ``path``. The present one is kept as ``undone``.

    Raises InputError where no state is kept, and where the last one is damaged.
    """
    known = states(path)
    if not known:
        raise InputError(f"there is no earlier state of {path} to go back to")
    content = _state(known[-1])
    undone = None
    if path.exists():
        undone = folder(path) / f"{UNDONE}{path.suffix}"
        _write(undone, _present(path))
    _write(path, content)
    known[-1].unlink()
    return Restored(len(known) - 1, undone)


def _state(kept: Path) -> bytes:
    """The contents of a kept state. Raises InputError where they are not what was kept."""
    try:
        if is_whole(kept):
            return read_bytes(kept)
        why = "its contents are not what was kept"
    except OSError as error:
        why = error.strerror or str(error)
    raise InputError(f"{kept} is damaged ({why}). Delete it to go back to the state before it.")
