"""Read boxes that the user supplied. They replace detection."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vpd.athletes.interpolation import between
from vpd.library.csv_file import Columns, Record, read_table
from vpd.types import Array, Track

BOX = ("x", "y", "w", "h")
TABLE = Columns(
    required=BOX,
    choices=(("frame", "time_s"),),
    optional=("athlete",),
    numbers=(*BOX, "time_s"),
)


def read_boxes(path: Path, frames: Array, times_s: Array, max_gap_s: float) -> list[Track]:
    """Read the tracks in a CSV file with the columns ``frame`` or ``time_s``, x, y, w, h and optionally
    athlete.

    Parameters
    ----------
    frames, times_s : (N,) number and time of every frame of the video. A time means the nearest frame.
    max_gap_s : gaps of a track up to this length are filled by interpolation.

    Raises TableError that names line and column for values that cannot be used, and for two boxes of one
    athlete in one frame.
    """
    found: dict[int, dict[int, Array]] = {}
    for record in read_table(path, TABLE).records():
        position, name = _position(record, frames, times_s)
        box = np.array([record.number(name) for name in BOX])
        for side in ("w", "h"):
            if record.number(side) <= 0:
                raise record.fail(side, f"{record.text(side)} is no side of a box: it must be above 0")
        athlete = record.athlete() or 0
        mine = found.setdefault(athlete, {})
        if position in mine:
            raise record.fail(name, f"athlete {athlete} already has a box in frame {frames[position]}")
        mine[position] = box
    return [_track(athlete, found[athlete], frames, times_s, max_gap_s) for athlete in sorted(found)]


def _position(record: Record, frames: Array, times_s: Array) -> tuple[int, str]:
    """The index of the frame of a row, and the column that determines it."""
    if record.text("frame"):
        number = record.whole("frame")
        position = int(np.searchsorted(frames, number))
        if position >= len(frames) or frames[position] != number:
            raise record.fail("frame", f"the video has no frame {number}")
        return position, "frame"
    time_s = record.time("time_s")
    if not len(times_s) or not times_s[0] - 1 <= time_s <= times_s[-1] + 1:
        raise record.fail("time_s", f"the time {time_s:g} s lies outside the video")
    return int(np.argmin(np.abs(times_s - time_s))), "time_s"


def _track(athlete: int, boxes: dict[int, Array], frames: Array, times_s: Array, max_gap_s: float) -> Track:
    at = np.array(sorted(boxes))
    values = np.stack([boxes[i] for i in at])
    rows, filled, scores, known = between(frames[at], values, np.ones(len(at)), frames, times_s, max_gap_s)
    return Track(
        athlete=athlete,
        frames=frames[rows],
        times_s=times_s[rows],
        boxes=filled,
        scores=scores,
        sources=np.where(known, "user", "interpolated"),
    )
