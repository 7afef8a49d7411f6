"""Decoding and average precision of detection as in the reference implementation.

It differs from the paper's text (docs/differences.md). Runs of frames are never joined, and runs of four
frames or fewer are dropped. Ends are inclusive while the truth is half-open. One proposal takes every event
that it overlaps enough. Steps of the precision are left out, and the figure is read from a table of
thresholds. Source: jhong93/vpd, detect.py and util/proposal.py. All spans are in frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vpd.paper.dataset import Frames
from vpd.types import Array

SHORTEST_RUN = 5
"""Least length of a run in frames. The reference requires last - first > 3."""
LIMITS = (0.67, 1.33)
TENNIS_THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.05, 0.5, 10).tolist())
THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.1, 0.9, 9).tolist())
TIOUS = tuple(0.1 * i for i in range(1, 10))
"""Thresholds, not rounded: 0.1 * 3 is more than 0.3, so an overlap of exactly 0.3 does not count."""
Proposal = tuple[Any, float, float, float]
"""A proposal: its timeline, first frame, last frame (inclusive), score."""


def runs(scores: Array, threshold: float) -> list[tuple[int, int, float]]:
    """(first, last, mean score) of every run of at least ``SHORTEST_RUN`` frames with scores >= threshold."""
    above = np.r_[False, scores >= threshold, False]
    edges = np.flatnonzero(above[1:] != above[:-1]).reshape(-1, 2)
    return [
        (int(a), int(b) - 1, float(np.mean(scores[a:b]))) for a, b in edges.tolist() if b - a >= SHORTEST_RUN
    ]


def clamped(first: float, last: float, shortest: float, longest: float) -> tuple[float, float]:
    """The span changed to a length within the limits about its middle, with the reference's rounding."""
    middle = (last + first) // 2
    if last - first < shortest:
        return max(0.0, middle - shortest // 2), middle + shortest // 2
    if last - first > longest:
        return max(0.0, middle - longest // 2), middle + longest // 2
    return first, last


def limits(training: Sequence[Frames]) -> tuple[float, float]:
    """Shortest and longest proposal from the mean length of the training events, rounded up."""
    mean = math.ceil(np.mean([stop - start for start, stop in training]))
    return LIMITS[0] * mean, LIMITS[1] * mean


def proposals(scores: Mapping[Any, Array], threshold: float, lengths: tuple[float, float]) -> list[Proposal]:
    """All proposals in order of falling score. Equal scores keep the order of ``scores``."""
    found = [
        (key, *clamped(first, last, *lengths), score)
        for key, values in scores.items()
        for first, last, score in runs(values, threshold)
    ]
    return sorted(found, key=lambda p: -p[3])


def _iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) if shared > 0 else 0.0


def average_precision(found: Sequence[Proposal], truth: Mapping[Any, Sequence[Frames]], tiou: float) -> float:
    """Average precision in 0..1, interpolated as in the reference (`_area`); 0 where nothing is found.

    A proposal takes every event that it overlaps enough and that no earlier one has taken, and counts once:
    the recall is that of proposals.
    """
    left = {key: set(spans) for key, spans in truth.items()}
    total = sum(len(spans) for spans in left.values())
    right = []
    for key, first, last, _ in found:
        taken = {event for event in left.get(key, ()) if _iou((first, last), event) >= tiou}
        if taken:
            left[key] -= taken
        right.append(bool(taken))
    if not any(right):
        return 0.0
    hits = np.cumsum(right)
    return _area((hits / np.arange(1, len(right) + 1)).tolist(), (hits / total).tolist())


def _area(precision: list[float], recall: list[float]) -> float:
    """Area under the reference's interpolated precision, which is at most the usual one.

    It goes from the last proposal to the first. A step is kept where the precision *there*, not the best so
    far, is above the previous step. The step of the highest-scoring proposal is never kept.
    """
    steps: list[tuple[float, float]] = []
    best, least = 0.0, 1.0
    for p, r in zip(reversed(precision), reversed(recall), strict=True):
        if r < least and (not steps or p > steps[-1][1]):
            steps.append((least, best))
        best, least = max(best, p), min(least, r)
    if not steps:  # the first proposal finds the only event; the reference fails there
        return best
    lower = [r for r, _ in steps[1:]] + [0.0]
    return sum(p * (r - below) for (r, p), below in zip(steps, lower, strict=True))
