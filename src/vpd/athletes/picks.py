"""The user's picks of the athlete: clicks and boxes at a time, kept in a small file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np

from vpd.athletes.boxes import iou
from vpd.athletes.bytetrack import Tracklet
from vpd.errors import InputError, TableError
from vpd.library.backup import keep
from vpd.library.csv_file import Columns, Record, Table, read_table
from vpd.library.names import VideoNames, nfc
from vpd.types import Array

COLUMNS = ("video", "time_s", "x", "y", "w", "h", "athlete")
TABLE = Columns(
    required=("video", "time_s", "x", "y"),
    optional=("w", "h", "athlete"),
    numbers=("time_s", "x", "y", "w", "h"),
)
NEAR_S = 0.5
"""Largest distance in seconds between a pick and the detection that it means."""


@dataclass(frozen=True)
class Pick:
    """A click at (x, y), or with ``w`` and ``h`` a box, in pixels of the picture shown at ``time_s``.

    The person there is ``athlete`` in the shot that contains the time. Raises InputError for values that are
    not finite, a negative time, or a box without area.
    """

    video: str
    time_s: float
    x: float
    y: float
    w: float = 0.0
    h: float = 0.0
    athlete: int = 0

    def __post_init__(self) -> None:
        if wrong := [v for v in (self.time_s, self.x, self.y, self.w, self.h) if not isinstance(v, Real)]:
            raise InputError(f"{wrong[0]!r} of a pick is not a number")
        if not all(math.isfinite(v) for v in (self.time_s, self.x, self.y, self.w, self.h)):
            raise InputError(f"{self._said} holds a value that is not a number")
        if self.time_s < 0 or self.athlete < 0:
            raise InputError(f"{self._said} has a negative time or athlete")
        if self.w < 0 or self.h < 0 or (self.w > 0) != (self.h > 0):
            raise InputError(f"{self._said} is neither a click (no w, h) nor a box with both sides above 0")

    @property
    def _said(self) -> str:
        return f"the pick at {self.time_s:g} s, x {self.x:g}, y {self.y:g}, w {self.w:g}, h {self.h:g}"


def read_picks(path: Path, names: VideoNames | None = None) -> list[Pick]:
    """All picks in ``athletes.csv``; none where there is no file.

    Parameters
    ----------
    names : of the library's videos, so that a row may name a file; without, rows name ids.

    Raises TableError that names line and column.
    """
    if not path.is_file():
        return []
    return [pick_of(record, names) for record in read_table(path, TABLE).records()]


def pick_of(record: Record, names: VideoNames | None = None) -> Pick:
    """Parse the pick in one row. Raises TableError."""
    record.check()
    written = record.needed("video")
    needed = {name: record.number(name) for name in ("x", "y")}
    size = {name: record.number(name) for name in ("w", "h") if record.text(name)}
    try:
        video = nfc(written) if names is None else names.find(record.raw("video"))
        return Pick(video, record.time("time_s"), **needed, **size, athlete=record.athlete() or 0)
    except TableError:
        raise
    except InputError as error:
        raise record.fail("video" if "there is no video" in str(error) else "time_s", error) from error


def add_picks(
    path: Path, picks: Iterable[tuple[Pick, tuple[float, float] | None]], names: VideoNames | None = None
) -> None:
    """Add picks to the file in one change: all of them, or none.

    A pick replaces one of the same video, athlete and time, and those of its video and athlete within the
    seconds that stand beside it. Other rows, and columns that vpd does not know, stay. The earlier state is
    kept.
    """
    table = _table(path)
    for name in ("w", "h", "athlete"):
        table.add_column(name)
    for pick, instead in picks:
        _put(table, pick, instead or (pick.time_s, pick.time_s), names)
    _write(table)


def _put(table: Table, pick: Pick, instead: tuple[float, float], names: VideoNames | None) -> None:
    """Set the first row that the pick replaces and remove the others, or append one."""
    whose, cells = _whose(pick, names), _cells(pick, table)
    others = [(r.index, pick_of(r)) for r in table.records()]
    same = [i for i, p in others if instead[0] <= p.time_s <= instead[1] and _whose(p, names) == whose]
    if same:
        table.set(same[0], {"w": "", "h": ""} | cells)
        table.remove(same[1:])
    else:
        table.append(cells)


def forget_picks(path: Path, video: str, names: VideoNames | None = None) -> int:
    """Remove the picks of one video, and return their number. The earlier state is kept; nothing is written
    where there are none.
    """
    table = _table(path)
    gone = [r.index for r in table.records() if _meant(pick_of(r).video, names) == video]
    if gone:
        table.remove(gone)
        _write(table)
    return len(gone)


def write_picks(path: Path, picks: Sequence[Pick]) -> None:
    """Write a new file of picks, by video and time."""
    table = Table(path, TABLE, COLUMNS)
    for pick in sorted(picks, key=lambda p: (p.video, p.time_s, p.athlete)):
        table.append(_cells(pick, table))
    table.write()


def _table(path: Path) -> Table:
    return read_table(path, TABLE) if path.is_file() else Table(path, TABLE, COLUMNS)


def _write(table: Table) -> None:
    keep(table.path)
    table.write()


def _whose(pick: Pick, names: VideoNames | None) -> tuple[str, int]:
    return _meant(pick.video, names), pick.athlete


def _meant(video: str, names: VideoNames | None) -> str:
    """The id of the video that ``video`` means, or the text itself where it means none."""
    found = names.matches(video) if names is not None else []
    return found[0] if len(found) == 1 else video


def _cells(pick: Pick, table: Table) -> dict[str, str]:
    numbers = {"time_s": pick.time_s, "x": pick.x, "y": pick.y}
    numbers |= {"w": pick.w, "h": pick.h} if pick.w else {}
    cells = {name: table.number(value) for name, value in numbers.items()}
    return {"video": pick.video, "athlete": str(pick.athlete)} | cells


def picked(pick: Pick, tracklets: Sequence[Tracklet]) -> int | None:
    """Index of the tracklet that ``pick`` means, or None where nobody was found there.

    A click means the person whose box contains it nearest to its centre; a box means the person it overlaps
    most.
    """
    best, chosen = 0.0, None
    for index, tracklet in enumerate(tracklets):
        nearest = int(np.argmin(np.abs(np.asarray(tracklet.times_s) - pick.time_s)))
        if abs(tracklet.times_s[nearest] - pick.time_s) > NEAR_S:
            continue
        box = [np.interp(pick.time_s, tracklet.times_s, side) for side in zip(*tracklet.boxes, strict=True)]
        fit = _fit(pick, np.array(box))
        if fit > best:
            best, chosen = fit, index
    return chosen


def _fit(pick: Pick, box: Array) -> float:
    if pick.w:
        return float(iou(np.array([pick.x, pick.y, pick.w, pick.h]), box)[0, 0])
    away = np.abs((np.array([pick.x, pick.y]) - box[:2]) / box[2:] - 0.5) * 2
    return float(1 - away.max())
