"""Split labelled timelines for cross-validation: by video, or by blocks of time where videos are few."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vpd.detection.targets import UNKNOWN
from vpd.detection.timeline import Timeline
from vpd.types import Array

FEW_VIDEOS = 3
"""With fewer videos, losing a whole one from a fold costs too much: each is cut into blocks instead."""


def _cuts(classes: Array, blocks: int) -> list[int]:
    """Ticks in the middle of background that cut a timeline into blocks with similar numbers of segments."""
    inside = np.r_[False, classes > 0, False]
    edges = np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2)
    blocks = min(blocks, len(edges))
    if blocks < 2:
        return []
    after = [round(len(edges) * b / blocks) - 1 for b in range(1, blocks)]
    return [int(edges[i, 1] + edges[i + 1, 0]) // 2 for i in after]


def split(
    timelines: Sequence[Timeline], targets: Sequence[Array], folds: int, rng: np.random.Generator
) -> tuple[list[Timeline], list[Array], list[int]]:
    """Timelines, or their parts, with targets and the fold that holds each out.

    Videos are assigned to folds at random. With fewer than ``FEW_VIDEOS`` the timelines are cut into blocks
    with similar numbers of segments, and blocks are assigned. All folds are 0 where nothing can be held out.
    """
    known = [i for i, y in enumerate(targets) if (y != UNKNOWN).any()]
    videos = sorted({timelines[i].video for i in known})
    if len(videos) >= FEW_VIDEOS:
        order = rng.permutation(len(videos))
        fold_of = {videos[v]: rank % folds for rank, v in enumerate(order)}
        return (
            [timelines[i] for i in known],
            [targets[i] for i in known],
            [fold_of[timelines[i].video] for i in known],
        )
    parts: list[Timeline] = []
    classes: list[Array] = []
    fold: list[int] = []
    for i in known:
        cuts = [0, *_cuts(targets[i], folds), len(timelines[i])]
        for block, (start, stop) in enumerate(pairwise(cuts)):
            if (targets[i][start:stop] != UNKNOWN).any():
                parts.append(timelines[i].part(start, stop))
                classes.append(targets[i][start:stop])
                fold.append(block % folds)
    return parts, classes, fold
