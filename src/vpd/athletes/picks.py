"""The user's word on who is the athlete: clicks and boxes at a time, kept in a small file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.athletes.boxes import iou
from vpd.athletes.bytetrack import Tracklet
from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.types import Array

COLUMNS = ("video", "time_s", "x", "y", "w", "h", "athlete")
NEAR_S = 0.5
"""A pick means a person found at most this far from its time."""


@dataclass(frozen=True)
class Pick:
    """A click at (x, y), or with ``w`` and ``h`` a box, in pixels of the picture shown at ``time_s``.

    It says who is ``athlete`` in the shot that contains the time. Raises InputError for values that are not
    finite, a negative time, or a box without area.
    """

    video: str
    time_s: float
    x: float
    y: float
    w: float = 0.0
    h: float = 0.0
    athlete: int = 0

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in (self.time_s, self.x, self.y, self.w, self.h)):
            raise InputError(f"the pick {self} holds a value that is not a number")
        if self.time_s < 0 or self.athlete < 0:
            raise InputError(f"the pick {self} has a negative time or athlete")
        if self.w < 0 or self.h < 0 or (self.w > 0) != (self.h > 0):
            raise InputError(
                f"the pick {self} is neither a click (no w, h) nor a box with both sides above 0"
            )


def read_picks(path: Path) -> list[Pick]:
    """All picks in ``athletes.csv``; none where there is no file. Raises InputError that names the line."""
    if not path.is_file():
        return []
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    missing = {"video", "time_s", "x", "y"} - set(rows.fieldnames or ())
    if missing:
        raise InputError(f"{path}: the columns {sorted(missing)} are missing; it needs {','.join(COLUMNS)}")
    picks = []
    for row in rows:
        try:
            needed = {name: float(row[name] or "") for name in ("time_s", "x", "y")}
            size = {name: float(row.get(name) or 0) for name in ("w", "h")}
            picks.append(Pick(row["video"], **needed, **size, athlete=int(row.get("athlete") or 0)))
        except (ValueError, InputError) as error:
            raise InputError(f"{path}, line {rows.line_num}: {error}") from error
    return picks


def add_pick(path: Path, pick: Pick) -> None:
    """Put ``pick`` into the file; one of the same video, athlete and time is replaced."""
    same = (pick.video, pick.athlete, pick.time_s)
    picks = [p for p in read_picks(path) if (p.video, p.athlete, p.time_s) != same] + [pick]
    write_picks(path, picks)


def write_picks(path: Path, picks: Sequence[Pick]) -> None:
    """Write all picks, by video and time."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for p in sorted(picks, key=lambda p: (p.video, p.time_s, p.athlete)):
        size = (f"{p.w:g}", f"{p.h:g}") if p.w else ("", "")
        rows.writerow([p.video, f"{p.time_s:.6g}", f"{p.x:g}", f"{p.y:g}", *size, p.athlete])
    write_text(out.getvalue(), path)


def picked(pick: Pick, tracklets: Sequence[Tracklet]) -> int | None:
    """Index of the tracklet that ``pick`` means, or None where nobody was found there.

    A click means the person in whose box it lies most centrally, a box the person it overlaps most.
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
