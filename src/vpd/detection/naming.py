"""Name the classes of found intervals, by the network's scores and by the most similar examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from vpd.detection.frame_scores import FrameScores, class_shares
from vpd.detection.timeline import Timeline
from vpd.dtw import FALLBACK, Packed, many_to_many, pack
from vpd.sequences.spans import drop_invalid, take_rows
from vpd.sequences.transforms import Smooth
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

SMOOTH_S = 0.033
"""Standard deviation of the smoothing in seconds, as before recognition (docs/experiments/recognition.md)."""
LEAST_SHARE = 1e-3
"""Least score of a class within an interval. It keeps the logarithm finite."""
RIDGE = 1e-3
"""Regularisation of the two weights. Few segments would be separated by any weights."""

UNFITTED = 10.0
"""Weight of the distance divided by the typical one, where it cannot be fitted
(docs/experiments/detection.md).
"""
ITSELF = 1e-6
"""A distance below this is that of a segment to itself."""


def as_sequence(timeline: Timeline) -> FeatureSequence:
    """The ticks of a timeline as the frames of a sequence."""
    return FeatureSequence(
        timeline.video,
        timeline.athlete,
        timeline.frames,
        timeline.times_s,
        timeline.values,
        timeline.valid,
        np.ones(len(timeline), np.float32),
    )


def smoothed(sequences: Sequence[FeatureSequence]) -> list[FeatureSequence]:
    """The sequences averaged over `SMOOTH_S`."""
    cleaned: list[FeatureSequence] = Smooth(SMOOTH_S).transform(sequences)
    return cleaned


def segment_spans(classes: Array) -> tuple[Array, Array]:
    """First tick and one past the last (N, 2) of every run of one class, and the index of the class (N,)."""
    inside = np.r_[0, np.maximum(classes, 0), 0]
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts = edges[inside[edges + 1] > 0]
    stops = edges[np.searchsorted(edges, starts, side="right")] if len(starts) else starts
    return np.stack([starts, stops], axis=1), classes[starts] - 1


def labelled_sequences(
    parts: Sequence[Timeline], targets: Sequence[Array]
) -> tuple[list[FeatureSequence], list[int]]:
    """The smoothed features of every labelled segment with valid features, and the index of its class."""
    found: list[FeatureSequence] = []
    classes: list[int] = []
    for sequence, own in zip(smoothed([as_sequence(part) for part in parts]), targets, strict=True):
        for (start, stop), k in zip(*segment_spans(own), strict=True):
            if sequence.valid[start:stop].any():
                found.append(drop_invalid(take_rows(sequence, slice(int(start), int(stop)))))
                classes.append(int(k))
    return found, classes


class PackedExamples:
    """Labelled segments as they are and mirrored, packed for warping, with the class of each.

    ``costs`` (C,) are the shares by which the distance to mirrored examples of a class is increased; infinite
    where they do not count.
    """

    def __init__(self, parts: Sequence[Timeline], targets: Sequence[Array], costs: Array) -> None:
        sequences, classes = labelled_sequences(parts, targets)
        views = [s.values[:, side] for s in sequences for side in (REGULAR, MIRRORED)]
        factors = [factor for k in classes for factor in (1.0, 1 + costs[k])]
        # An example at no distance, mirrored, would count as much as one that counts.
        counts = np.isfinite(factors)
        self.classes = np.repeat(np.array(classes, np.int64), 2)[counts]
        self.factors = np.array(factors)[counts]
        views = [view for view, counted in zip(views, counts, strict=True) if counted]
        self.packed: Packed | None = pack(views) if views else None

    def distances(self, timeline: Timeline, spans: Array, classes: int) -> Array:
        """DTW distance (N, ``classes``) from spans (N, 2) of ticks to the nearest example of each class.

        A class without examples has the distance of the farthest class. Spans without features have the same
        distance to all.
        """
        near = np.full((len(spans), classes), np.inf)
        there = [i for i, (start, stop) in enumerate(spans) if timeline.valid[start:stop].any()]
        if self.packed is not None and there:
            (sequence,) = smoothed([as_sequence(timeline)])
            queries = [
                sequence.values[start:stop, REGULAR][sequence.valid[start:stop]]
                for start, stop in spans[there]
            ]
            to_views = many_to_many(queries, self.packed, FALLBACK) * self.factors
            for k in np.unique(self.classes):
                near[there, k] = to_views[:, self.classes == k].min(axis=1)
        known = np.isfinite(near)
        farthest = np.max(near, axis=1, keepdims=True, initial=0.0, where=known)
        filled: Array = np.where(known, near, farthest)
        return filled


class Naming:
    """Name the most probable class: log-linear in the shares of the scores and in the distances to the
    examples.

    Both weights are fitted on the segments of held-out videos. Where no class has an example left, the
    default stays. ``weights_`` are those of the logarithm of the share, and of the distance.

    ``mirror_costs`` : see `PackedExamples`.
    """

    def __init__(self, mirror_costs: Array) -> None:
        self.mirror_costs = mirror_costs

    def fit(self, held_out: Sequence[FrameScores], targets: Sequence[Array], fold: Sequence[int]) -> Self:
        """Fit both weights on held-out scores of parts with known classes, then keep all examples."""
        parts = [scores.timeline for scores in held_out]
        self.examples_ = PackedExamples(parts, targets, self.mirror_costs)
        self.weights_ = (1.0, 0.0)
        if len(set(fold)) == 1:
            # Nothing was held out: every segment would be its own nearest example.
            return self
        shares, distances, truth = [], [], []
        for f in sorted(set(fold)):
            out = [i for i, g in enumerate(fold) if g == f]
            kept = [i for i, g in enumerate(fold) if g != f]
            examples = PackedExamples([parts[i] for i in kept], [targets[i] for i in kept], self.mirror_costs)
            for i in out:
                spans, classes = segment_spans(targets[i])
                # A class of which nothing was left to learn says nothing of either: both must be wrong.
                known = np.isin(classes, examples.classes)
                spans, classes = spans[known], classes[known]
                shares.append(class_shares(held_out[i], spans))
                distances.append(examples.distances(parts[i], spans, shares[-1].shape[1]))
                truth.append(classes)
        if any(len(classes) for classes in truth):
            self.weights_ = fitted_weights(
                np.concatenate(shares), np.concatenate(distances), np.concatenate(truth)
            )
        else:
            self.weights_ = (1.0, UNFITTED / self._typical_distance(parts, targets))
        return self

    def _typical_distance(self, parts: Sequence[Timeline], targets: Sequence[Array]) -> float:
        """Median distance of the labelled segments to the examples of other classes."""
        count = int(self.examples_.classes.max(initial=0)) + 1
        found = [
            self.examples_.distances(part, segment_spans(own)[0], count).ravel()
            for part, own in zip(parts, targets, strict=True)
        ]
        apart = np.concatenate(found)
        apart = apart[apart > ITSELF]
        return float(np.median(apart)) if len(apart) else 1.0

    def labels(self, scores: FrameScores, spans: Array) -> list[str]:
        """The class of each of spans (N, 2) of ticks."""
        evidence = self.weights_[0] * _log(class_shares(scores, spans))
        if self.weights_[1] and len(spans):
            distances = self.examples_.distances(scores.timeline, spans, evidence.shape[1])
            evidence = evidence - self.weights_[1] * distances
        return [scores.classes[k] for k in evidence.argmax(axis=1)]


def _log(shares: Array) -> Array:
    logs: Array = np.log(np.maximum(shares, LEAST_SHARE))
    return logs


def fitted_weights(shares: Array, distances: Array, truth: Array) -> tuple[float, float]:
    """The two weights, at least 0, with the least log loss. The problem is convex."""
    logs = _log(shares)
    rows = np.arange(len(truth))

    def loss(weights: Array) -> float:
        evidence = weights[0] * logs - weights[1] * distances
        likely = evidence[rows, truth] - logsumexp(evidence, axis=1)
        return float(-likely.mean() + RIDGE * ((weights[0] - 1) ** 2))

    best = minimize(loss, [1.0, 0.0], bounds=[(0, 10), (0, 100)], method="L-BFGS-B")
    return float(best.x[0]), float(best.x[1])
