"""Average precision at temporal IoU, interpolated as ActivityNet's evaluation does.

Detections of a class are taken in order of falling score. Each finds the segment of its video with the
largest temporal IoU that no higher-scoring one has found, if that IoU reaches the threshold. All others are
false. The precision at a recall is the best precision at that recall or any larger one. Average precision is
the area below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vpd.metrics.matching import match, nearness, ranked
from vpd.types import Array, Detection, Segment

PAPER_TIOUS = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Thresholds of the paper's Table 4."""
MEAN_TIOUS = tuple(round(0.1 * i, 1) for i in range(1, 10))
"""The mean over these thresholds is the single figure of a detector."""


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision and recall after each detection, in order of falling score: (N,) each, with the scores."""

    precision: Array
    recall: Array
    scores: Array

    @property
    def average_precision(self) -> float:
        """Area below the interpolated curve, in 0..1; NaN where there is nothing to find."""
        return interpolated_average_precision(self.precision, self.recall)


def interpolated_average_precision(precision: Array, recall: Array) -> float:
    """Area below precision over recall, each precision raised to the best at any larger recall.

    Both (N,), in order of rank. NaN recalls mean that there was nothing to find, and give NaN.
    """
    if np.isnan(recall).any():
        return float("nan")
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best).sum())


def curve(found: Array, n_truth: int, scores: Array) -> PrecisionRecall:
    """The curve of a ranked list. ``found`` (N,) says of each detection, highest score first, whether it is
    right.
    """
    hits = np.cumsum(found)
    precision = hits / np.arange(1, len(found) + 1)
    recall = hits / n_truth if n_truth else np.full(len(found), np.nan)
    return PrecisionRecall(precision, recall, scores)


def precision_recall(
    truth: Sequence[Segment], detections: Sequence[Detection], tiou: float
) -> PrecisionRecall:
    """The curve at one temporal IoU, without regard to labels."""
    order = ranked(detections)
    found = match(nearness(truth, order), len(truth), tiou) >= 0
    return curve(found, len(truth), np.array([d.score for d in order]))


def average_precision(
    truth: Sequence[Segment], detections: Sequence[Detection], tious: Sequence[float] = PAPER_TIOUS
) -> Array:
    """Average precision of detections at each temporal IoU, without regard to labels, by ActivityNet's rule.

    Parameters
    ----------
    truth : sequence of Segment
        What there is to find.
    detections : sequence of Detection
        With scores in 0..1.
    tious : sequence of float
        Thresholds in 0..1; by default those of the paper's Table 4.

    Returns
    -------
    array (K,)
        In 0..1; NaN where truth is empty.

    References
    ----------
    Heilbron et al., ActivityNet: A Large-Scale Video Benchmark for Human Activity Understanding, CVPR 2015.

    Examples
    --------
    >>> from vpd.types import Detection, Segment
    >>> truth = [Segment("a", 1, 2)]
    >>> found = [Detection("a", 1.1, 2, score=0.9), Detection("a", 5, 6, score=0.4)]
    >>> average_precision(truth, found, (0.5, 0.95)).tolist()
    [1.0, 0.0]
    """
    if not truth:
        return np.full(len(tious), np.nan)
    order = ranked(detections)
    near = nearness(truth, order)
    scores = np.array([d.score for d in order])
    return np.array(
        [curve(match(near, len(truth), tiou) >= 0, len(truth), scores).average_precision for tiou in tious]
    )


@dataclass(frozen=True, eq=False)
class DetectionScore:
    """Average precision by class: ``values`` (C, K) for C ``labels`` and K ``thresholds``, in 0..1."""

    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    values: Array

    @property
    def mean(self) -> Array:
        """Mean average precision (K,) at each threshold; each class has the same weight."""
        mean: Array = self.values.mean(axis=0)
        return mean

    @property
    def overall(self) -> float:
        """Mean over classes and thresholds."""
        return float(self.values.mean())


def unlabelled(segments: Sequence[Segment]) -> list[Segment]:
    """The same segments as one class without a name."""
    return [replace(segment, label="") for segment in segments]


def mean_average_precision(
    truth: Sequence[Segment], detections: Sequence[Detection], tious: Sequence[float] = MEAN_TIOUS
) -> DetectionScore:
    """Average precision of every class that occurs in the truth; detections of other classes are not counted.

    Only detections of a segment's own label find it. For a figure without classes give ``unlabelled`` truth
    and detections, or call `average_precision`.

    Parameters
    ----------
    truth : sequence of Segment
        What there is to find, with labels.
    detections : sequence of Detection
        With labels, and scores in 0..1.
    tious : sequence of float
        Thresholds in 0..1; by default 0.1, 0.2 ... 0.9.

    Returns
    -------
    DetectionScore
        ``values`` (C, K) in 0..1 for ``labels`` and ``thresholds``; ``mean`` (K,) over classes.

    Examples
    --------
    >>> from vpd.types import Detection, Segment
    >>> truth = [Segment("v", 1, 2, label="a"), Segment("v", 4, 5, label="b")]
    >>> score = mean_average_precision(truth, [Detection("v", 1, 2, label="a", score=0.9)], (0.5,))
    >>> score.labels, score.mean.tolist()
    (('a', 'b'), [0.5])
    """
    return by_class(average_precision, truth, detections, tious)


def by_class(
    measure: Callable[[Sequence[Segment], Sequence[Detection], Sequence[float]], Array],
    truth: Sequence[Segment],
    detections: Sequence[Detection],
    thresholds: Sequence[float],
) -> DetectionScore:
    """``measure`` (K,) at the thresholds, for each class of ``truth`` with the detections of that class."""
    labels = sorted({segment.label or "" for segment in truth})
    values = [
        measure(
            [t for t in truth if (t.label or "") == label],
            [d for d in detections if (d.label or "") == label],
            thresholds,
        )
        for label in labels
    ]
    return DetectionScore(tuple(labels), tuple(thresholds), np.array(values).reshape(-1, len(thresholds)))
