"""Mend the tracks of a complete shot: join pieces, and extend late starts and early ends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from vpd.athletes.boxes import iou
from vpd.athletes.bytetrack import Tracklet, Unused, match
from vpd.athletes.person_detector import PersonBoxes
from vpd.types import Array

LEAST_IOU = 0.3
"""Least overlap of two boxes that proves one person."""
REACH, REACH_S, FARTHEST = 0.5, 2.5, 1.5
"""Maximum jump between two track pieces, in box sizes: the first number, plus the second for each second
between them, at most the third."""
LEAST_RATIO = 0.65
"""Least ratio of the sizes of two boxes of one person that overlap less."""
TYPICAL = 10
"""Number of detections whose median is a person's present size. A single box may hold half a body."""
SHARED_S = 0.4
"""Seconds for which a piece may continue on a part of the body after the next piece has begun on the
whole,
"""
FADED = 0.5
"""or for any time, where its scores are below this share of the next one's."""


def join_pieces(tracklets: list[Tracklet], max_gap_s: float) -> list[Tracklet]:
    """Join tracklets where one begins at most ``max_gap_s`` after another ended.

    ByteTrack starts a new track where a body changes its outline faster than the filter expects (a dive, a
    stretch), or where the old track stays on a part of the body. Pairs are joined in order of nearness.
    """
    pairs = []
    for i, a in enumerate(tracklets):
        for j, b in enumerate(tracklets):
            goes_on = a.frames[0] < b.frames[0] and a.frames[-1] < b.frames[-1]
            gap_s = b.times_s[0] - a.times_s[-1]
            if goes_on and gap_s <= max_gap_s and (gap_s >= -SHARED_S or _fades(a, b)):
                before = a.boxes[: bisect_right(a.frames, b.frames[0])]
                near = _nearness(before, b.boxes, max(gap_s, 0.0))
                if near > 0:
                    pairs.append((near, i, j))
    following: dict[int, int] = {}
    for _, i, j in sorted(pairs, reverse=True):
        if i not in following and j not in following.values():
            following[i] = j
    firsts = [i for i in range(len(tracklets)) if i not in following.values()]
    return [_joined(tracklets, i, following) for i in firsts]


def _nearness(before: Sequence[Array], after: Sequence[Array], gap_s: float) -> float:
    """Likelihood that the boxes ``before`` and ``after`` are of one person, from 0 (impossible) to 2.

    Overlapping boxes come first. Others are rated by their distance relative to their size, and must have
    similar sizes.
    """
    overlap = float(iou(np.stack(before[-2:]), after[0]).max())
    if overlap >= LEAST_IOU:
        return 1 + overlap
    sizes = _size(before[-TYPICAL:]), _size(after[:TYPICAL])
    if min(sizes) < LEAST_RATIO * max(sizes):
        return 0.0
    way = after[0][:2] + after[0][2:] / 2 - before[-1][:2] - before[-1][2:] / 2
    reach = min(REACH + REACH_S * gap_s, FARTHEST)
    return max(0.0, 1 - float(np.hypot(*way)) / (reach * max(sizes)))


def _size(boxes: Sequence[Array]) -> float:
    return float(np.median([np.sqrt(w * h) for _, _, w, h in boxes]))


def _fades(a: Tracklet, b: Tracklet) -> bool:
    """Whether ``b`` has much higher scores than ``a`` while both exist."""
    mine = a.scores[bisect_left(a.frames, b.frames[0]) :]
    other = b.scores[: bisect_right(b.frames, a.frames[-1])]
    return float(np.mean(mine)) < FADED * float(np.mean(other))


def _joined(tracklets: list[Tracklet], first: int, following: dict[int, int]) -> Tracklet:
    whole = Tracklet()
    piece: int | None = first
    while piece is not None:
        part = tracklets[piece]
        while whole.frames and whole.frames[-1] >= part.frames[0]:
            whole.drop_last()
        for detection in zip(part.frames, part.times_s, part.boxes, part.scores, strict=True):
            whole.add(*detection)
        piece = following.get(piece)
    return whole


def lengthen(tracklets: list[Tracklet], unused: list[Unused], max_gap_s: float) -> None:
    """Extend each tracklet at both ends through unused detections.

    ByteTrack works forward in time. It begins a track once the detector is confident, and loses one where the
    body moves unexpectedly. Before and after, the same person is often detected with a low score, blurred or
    half hidden.
    """
    for frame, time_s, free in reversed(unused):
        later = [t for t in tracklets if t.frames[0] > frame and t.times_s[0] - time_s <= max_gap_s]
        for t, box, score in _taken(later, [t.boxes[0] for t in later], free):
            t.add_before(frame, time_s, box, score)
    for frame, time_s, free in unused:
        earlier = [t for t in tracklets if t.frames[-1] < frame and time_s - t.times_s[-1] <= max_gap_s]
        for t, box, score in _taken(earlier, [t.boxes[-1] for t in earlier], free):
            t.add(frame, time_s, box, score)


def _taken(
    tracklets: list[Tracklet], ends: list[Array], free: PersonBoxes
) -> Iterator[tuple[Tracklet, Array, float]]:
    if tracklets and len(free):
        rows, columns = match(np.stack(ends), free.boxes, LEAST_IOU, free.scores)
        for row, column in zip(rows, columns, strict=True):
            yield tracklets[row], free.boxes[column], float(free.scores[column])
