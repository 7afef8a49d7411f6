"""ByteTrack (Zhang et al., ECCV 2022): join the detections of successive pictures into tracks.

Confident detections are assigned to the tracks first, then doubtful ones to the remaining tracks. A doubtful
detection where a track is expected is a blurred or half hidden person; elsewhere it is noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from vpd.athletes.boxes import iou
from vpd.athletes.kalman import BoxFilter
from vpd.athletes.person_detector import PersonBoxes
from vpd.types import Array

STEP_S = 1 / 30
"""Seconds of a frame in the filter's noise: ByteTrack's values are for video of 30 frames a second."""


@dataclass(eq=False)
class Tracklet:
    """The detections of one person between two losses: index of the frame, time, box and score of each."""

    frames: list[int] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    boxes: list[Array] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def add(self, frame: int, time_s: float, box: Array, score: float) -> None:
        """Append one detection."""
        self.frames.append(frame)
        self.times_s.append(time_s)
        self.boxes.append(box)
        self.scores.append(score)

    def add_before(self, frame: int, time_s: float, box: Array, score: float) -> None:
        """Insert one detection at the beginning."""
        self.frames.insert(0, frame)
        self.times_s.insert(0, time_s)
        self.boxes.insert(0, box)
        self.scores.insert(0, score)

    def drop_last(self) -> None:
        """Remove the last detection."""
        self.frames.pop()
        self.times_s.pop()
        self.boxes.pop()
        self.scores.pop()


Unused = tuple[int, float, PersonBoxes]
"""Index and time of a picture, and the detections in it that no track took."""


class ByteTracker:
    """The tracks of one shot. Call ``update`` with the detections of each picture in order.

    Parameters
    ----------
    high_score : detections from here on are confident, those below doubtful.
    new_score : confident detections from here on begin a track.
    high_iou, low_iou : least overlap of an expected box with a confident and with a doubtful detection.
    lost_s : a track that was not seen for longer ends.

    Attributes
    ----------
    unused : of every picture since the last ``finish``, the detections that belong to no track.
    """

    def __init__(
        self,
        high_score: float = 0.6,
        new_score: float = 0.7,
        high_iou: float = 0.1,
        low_iou: float = 0.5,
        lost_s: float = 1.0,
    ) -> None:
        self.high_score, self.new_score = high_score, new_score
        self.high_iou, self.low_iou = high_iou, low_iou
        self.lost_s = lost_s
        self._filter = BoxFilter()
        self._live: list[Tracklet] = []
        self._ended: list[Tracklet] = []
        self._time_s: float | None = None
        self.unused: list[Unused] = []

    def update(self, frame: int, time_s: float, found: PersonBoxes) -> None:
        """Process the detections of the picture ``frame``, shown at ``time_s``."""
        if self._time_s is not None:
            self._filter.predict(max(time_s - self._time_s, 0.0) / STEP_S)
        self._time_s = time_s
        live = np.arange(len(self._live))
        confident = np.flatnonzero(found.scores >= self.high_score)
        doubtful = np.flatnonzero(found.scores < self.high_score)
        expected = self._filter.boxes
        rows, columns = match(expected, found.boxes[confident], self.high_iou)
        self._take(rows, confident[columns], frame, time_s, found)
        unseen = np.setdiff1d(live, rows)
        unused = np.setdiff1d(confident, confident[columns])
        begins = unused[found.scores[unused] >= self.new_score]
        rows, columns = match(expected[unseen], found.boxes[doubtful], self.low_iou)
        self._take(unseen[rows], doubtful[columns], frame, time_s, found)
        self._drop_lost(np.setdiff1d(unseen, unseen[rows]), time_s)
        self._begin(begins, frame, time_s, found)
        free = np.setdiff1d(np.concatenate([unused, doubtful]), np.concatenate([begins, doubtful[columns]]))
        self.unused.append((frame, time_s, PersonBoxes(found.boxes[free], found.scores[free])))

    def finish(self) -> list[Tracklet]:
        """End all tracks (at a cut, or at the end of the video). Returns them in order of their start.

        A track with a single picture is dropped, unless there was only one picture.
        """
        least = 1 if len(self.unused) == 1 else 2
        kept = [t for t in self._ended + self._live if len(t.frames) >= least]
        self._filter, self._live, self._ended, self._time_s = BoxFilter(), [], [], None
        self.unused = []
        return sorted(kept, key=lambda t: (t.frames[0], -t.scores[0]))

    def _take(self, rows: Array, columns: Array, frame: int, time_s: float, found: PersonBoxes) -> None:
        self._filter.update(rows, found.boxes[columns])
        for row, column in zip(rows, columns, strict=True):
            self._live[row].add(frame, time_s, found.boxes[column], float(found.scores[column]))

    def _drop_lost(self, unseen: Array, time_s: float) -> None:
        lost = {
            int(row)
            for row in unseen
            # Seen once and not again: a false alarm.
            if len(self._live[row].frames) == 1 or time_s - self._live[row].times_s[-1] > self.lost_s
        }
        if lost:
            self._ended += [self._live[row] for row in sorted(lost) if len(self._live[row].frames) > 1]
            self._filter.keep(np.array([row for row in range(len(self._live)) if row not in lost], int))
            self._live = [t for row, t in enumerate(self._live) if row not in lost]

    def _begin(self, columns: Array, frame: int, time_s: float, found: PersonBoxes) -> None:
        self._filter.add(found.boxes[columns])
        for column in columns:
            tracklet = Tracklet()
            tracklet.add(frame, time_s, found.boxes[column], float(found.scores[column]))
            self._live.append(tracklet)


def match(expected: Array, found: Array, least: float, worth: Array | float = 1.0) -> tuple[Array, Array]:
    """Assign boxes (N, 4) to boxes (M, 4) with the greatest total overlap. Returns indices of rows and
    columns.

    Pairs that overlap by less than ``least`` are left out. Overlaps are weighted by ``worth`` (M,) of the
    second.
    """
    overlap = iou(expected, found)
    rows, columns = linear_sum_assignment(overlap * worth, maximize=True)
    enough = overlap[rows, columns] >= least
    return rows[enough], columns[enough]
