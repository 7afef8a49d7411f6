"""Boxes that the user supplies: taken instead of detection."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from vpd.athletes.interpolation import between
from vpd.errors import InputError
from vpd.types import Array, Track

BOX = ("x", "y", "w", "h")


def read_boxes(path: Path, frames: Array, times_s: Array, max_gap_s: float) -> list[Track]:
    """The tracks in a CSV file with the columns ``frame`` or ``time_s``, x, y, w, h and perhaps athlete.

    Parameters
    ----------
    frames, times_s : (N,) number and time of every frame of the video. A time means the nearest frame.
    max_gap_s : gaps of a track up to this length are filled by interpolation.

    Raises InputError that names the line for values that cannot be used, and for two boxes of one athlete in
    one frame.
    """
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    names = {name.strip() for name in rows.fieldnames or ()}
    if not set(BOX) <= names or not {"frame", "time_s"} & names:
        raise InputError(f"{path} needs the columns frame or time_s, x, y, w, h; it has {sorted(names)}")
    found: dict[int, dict[int, Array]] = {}
    for raw in rows:
        where = f"{path}, line {rows.line_num}"
        row = {(key or "").strip(): value for key, value in raw.items()}
        try:
            position = _position(row, frames, times_s)
            box = np.array([float(row[name]) for name in BOX])
            athlete = int(row.get("athlete") or 0)
        except (TypeError, ValueError) as error:
            raise InputError(f"{where}: {error}") from error
        if not np.isfinite(box).all() or box[2] <= 0 or box[3] <= 0 or athlete < 0:
            raise InputError(
                f"{where}: a box needs finite numbers, w and h above 0, and an athlete of 0 or more"
            )
        mine = found.setdefault(athlete, {})
        if position in mine:
            raise InputError(f"{where}: athlete {athlete} already has a box in frame {frames[position]}")
        mine[position] = box
    return [_track(athlete, found[athlete], frames, times_s, max_gap_s) for athlete in sorted(found)]


def _position(row: dict[str, str], frames: Array, times_s: Array) -> int:
    if row.get("frame"):
        number = int(row["frame"])
        position = int(np.searchsorted(frames, number))
        if position >= len(frames) or frames[position] != number:
            raise ValueError(f"the video has no frame {number}")
        return position
    time_s = float(row["time_s"])
    if not len(times_s) or not times_s[0] - 1 <= time_s <= times_s[-1] + 1:
        raise ValueError(f"the time {time_s:g} s lies outside the video")
    return int(np.argmin(np.abs(times_s - time_s)))


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
