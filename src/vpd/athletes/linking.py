"""What can be mended once a shot is known as a whole: pieces of one person's track, and late starts."""

from __future__ import annotations

import numpy as np

from vpd.athletes.boxes import iou
from vpd.athletes.bytetrack import Tracklet, Unused, match

LEAST_IOU = 0.3
"""Overlap of boxes to be one person's."""
SHARED_S = 0.4
"""Time for which a piece may go on, on a part of the body, after the next one has begun on the whole."""


def join_pieces(tracklets: list[Tracklet], max_gap_s: float) -> list[Tracklet]:
    """Join tracklets of which one begins where another ended at most ``max_gap_s`` before.

    ByteTrack starts a new track where a body changes its outline faster than the filter expects (a dive, a
    stretch), or where the old one holds on to a part of the body. Pairs are joined in order of overlap.
    """
    pairs = []
    for i, a in enumerate(tracklets):
        for j, b in enumerate(tracklets):
            goes_on = a.frames[0] < b.frames[0] and a.frames[-1] < b.frames[-1]
            if goes_on and -SHARED_S <= b.times_s[0] - a.times_s[-1] <= max_gap_s:
                before = [box for box, frame in zip(a.boxes, a.frames, strict=True) if frame <= b.frames[0]]
                overlap = float(iou(np.stack(before[-2:]), b.boxes[0]).max())
                if overlap >= LEAST_IOU:
                    pairs.append((overlap, i, j))
    following: dict[int, int] = {}
    for _, i, j in sorted(pairs, reverse=True):
        if i not in following and j not in following.values():
            following[i] = j
    firsts = [i for i in range(len(tracklets)) if i not in following.values()]
    return [_joined(tracklets, i, following) for i in firsts]


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


def follow_back(tracklets: list[Tracklet], unused: list[Unused], max_gap_s: float) -> None:
    """Lengthen each tracklet back from its start through detections that no track took.

    ByteTrack, which tracks as the pictures come, begins a track once the detector is sure. Before that the
    same person is often there with a low score, blurred or half hidden.
    """
    for frame, time_s, free in reversed(unused):
        later = [t for t in tracklets if t.frames[0] > frame and t.times_s[0] - time_s <= max_gap_s]
        if later and len(free):
            rows, columns = match(np.stack([t.boxes[0] for t in later]), free.boxes, LEAST_IOU)
            for row, column in zip(rows, columns, strict=True):
                later[row].add_before(frame, time_s, free.boxes[column], float(free.scores[column]))
