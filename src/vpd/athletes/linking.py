"""Joining the pieces of one person's track within a shot."""

from __future__ import annotations

import numpy as np

from vpd.athletes.boxes import iou
from vpd.athletes.bytetrack import Tracklet

LEAST_IOU = 0.3
"""Overlap of the end of one piece with the start of the next, to be one person."""


def join_pieces(tracklets: list[Tracklet], max_gap_s: float) -> list[Tracklet]:
    """Join tracklets of which one begins where another ended at most ``max_gap_s`` before.

    ByteTrack starts a new track where a body changes its outline faster than the filter expects (a dive, a
    stretch). Pairs are joined in order of overlap; pieces may share their one frame at the junction.
    """
    pairs = []
    for i, a in enumerate(tracklets):
        for j, b in enumerate(tracklets):
            if i != j and a.frames[0] < b.frames[0] and 0 <= b.times_s[0] - a.times_s[-1] <= max_gap_s:
                overlap = float(iou(np.stack(a.boxes[-2:]), b.boxes[0]).max())
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
        if whole.frames and whole.frames[-1] == part.frames[0]:
            whole.drop_last()
        for detection in zip(part.frames, part.times_s, part.boxes, part.scores, strict=True):
            whole.add(*detection)
        piece = following.get(piece)
    return whole
