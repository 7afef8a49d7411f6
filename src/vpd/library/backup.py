"""Earlier states of a small file that the user edits through vpd, and the way back to them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError
from vpd.library.artefact import replacing

KEPT = 5
"""Number of states kept of each file."""
UNDONE = "undone"


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
    named = [(re.fullmatch(r"(\d{6,})", p.stem), p) for p in place.iterdir() if p.suffix == path.suffix]
    return [p for _, p in sorted((int(found[1]), p) for found, p in named if found)]


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as part:
        shutil.copyfile(source, part)


def keep(path: Path) -> None:
    """Keep the present state of ``path`` before a change, and delete states beyond the last `KEPT`.

    Nothing happens where there is no file. Raises InputError or DiskFullError where it cannot be kept.
    """
    if not path.exists():
        return
    _copy(path, _next(path))
    _forget_old(path)


def _next(path: Path) -> Path:
    """The path of the next state."""
    known = states(path)
    number = int(known[-1].stem) + 1 if known else 1
    return folder(path) / f"{number:06}{path.suffix}"


def _forget_old(path: Path) -> None:
    for old in states(path)[:-KEPT]:
        old.unlink(missing_ok=True)


@contextmanager
def keeping(path: Path) -> Iterator[None]:
    """Keep the state of ``path`` before the block, where the block changes it."""
    before = path.read_bytes() if path.is_file() else None
    yield
    if before is not None and path.read_bytes() != before:
        with replacing(_next(path)) as part:
            part.write_bytes(before)
        _forget_old(path)


def undo(path: Path) -> Restored:
    """Restore the last kept state of ``path``. The present one is kept as ``undone``.

    Raises InputError where no state is kept.
    """
    known = states(path)
    if not known:
        raise InputError(f"there is no earlier state of {path} to go back to")
    undone = None
    if path.exists():
        undone = folder(path) / f"{UNDONE}{path.suffix}"
        _copy(path, undone)
    _copy(known[-1], path)
    known[-1].unlink()
    return Restored(len(known) - 1, undone)
