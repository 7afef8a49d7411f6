"""Detect without training: the labelled examples are queries of subsequence warping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from vpd.compiling import compiled
from vpd.detection.base import FrameDetector
from vpd.detection.scoring import Scored
from vpd.detection.timeline import Timeline
from vpd.dtw.subsequence import Queries, stack_queries, subsequence_scores
from vpd.sequences.sides import Sides
from vpd.types import MIRRORED, REGULAR, Array

HIT_TIOU = 0.5
"""A span is right when its tIoU with a segment reaches this."""
FEWEST_TICKS = 2
"""Examples with fewer valid ticks are not used as queries."""


@compiled()
def _spread(similar: Array, ticks: Array) -> tuple[Array, Array]:
    """For every tick, the largest similarity among the spans that cover it, and the last tick of that span.

    Span t ends with tick t and is ``ticks[t]`` long.
    """
    out, last = np.zeros_like(similar), np.arange(len(similar))
    for end in range(len(similar)):
        for tick in range(max(0, end + 1 - ticks[end]), end + 1):
            if similar[end] > out[tick]:
                out[tick], last[tick] = similar[end], end
    return out, last


def _examples(part: Timeline, classes: Array, wanted: int, views: Sequence[int]) -> list[Array]:
    """The valid ticks (n, d) of every segment of class ``wanted``, in each orientation of ``views``."""
    inside = np.r_[False, classes == wanted, False]
    found = []
    for start, stop in np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2):
        kept = part.valid[start:stop]
        if kept.sum() >= FEWEST_TICKS:
            values = part.values[start:stop][kept]
            found += [values[:, view] for view in views]
    return found


class SearchDetector(FrameDetector):
    """Detect by subsequence warping: each labelled example is a query, and the nearest one counts.

    A logistic curve, fitted on held-out parts of the training videos, turns distances into probabilities.
    Where every class has a single example nothing can be fitted; then the probability falls linearly to 0 at
    the farthest distance. A fit takes a second, that of networks a minute.

    Parameters
    ----------
    rate_hz, folds, class_agnostic, decoding, points_s, seed, sides, joints
        See `vpd.detection.base.FrameDetector`.

    Attributes
    ----------
    shared_ : dict of bool
        For each class whether at least two folds hold examples of it. The held-out scores of a class that is
        not shared come from mirrored copies of its own examples and are too high.

    Examples
    --------
    >>> SearchDetector(folds=2).get_params()["folds"]
    2
    """

    def __init__(
        self,
        rate_hz: float = 25.0,
        folds: int = 5,
        class_agnostic: bool = False,
        decoding: str = "chosen",
        points_s: float = 0.0,
        seed: int = 0,
        sides: Sides = "same",
        joints: int = 0,
    ) -> None:
        self.rate_hz = rate_hz
        self.folds = folds
        self.class_agnostic = class_agnostic
        self.decoding = decoding
        self.points_s = points_s
        self.seed = seed
        self.sides = sides
        self.joints = joints

    @property
    def judged_on(self) -> str:
        """Describe the data that ``trial_`` was measured on."""
        if all(self.shared_):
            return super().judged_on
        return "the labelled videos, where single examples of a class were found by their mirror images"

    def _queries(
        self, labelled: Sequence[tuple[Timeline, Array]], mirrored_alone: bool = False
    ) -> list[Queries | None]:
        """The examples of each class in the parts with their targets; None where there is none.

        They are taken in both orientations; only as they are where the sides of their class differ; only
        mirrored with ``mirrored_alone``.
        """
        stacked: list[Queries | None] = []
        for k, name in enumerate(self.classes_):
            views = (REGULAR,) if self.sides_[name] == "differ" else (REGULAR, MIRRORED)
            views = (MIRRORED,) if mirrored_alone else views
            examples = [e for part, classes in labelled for e in _examples(part, classes, k + 1, views)]
            stacked.append(stack_queries(examples) if examples else None)
        return stacked

    def _distances(self, queries: list[Queries | None], part: Timeline) -> tuple[Array, Array]:
        """For every tick and class, the distance of the best span that ends there, and its length in ticks:
        (T, C) each.
        """
        distances = np.full((len(part), len(queries)), np.inf, np.float32)
        ticks = np.ones((len(part), len(queries)), np.int64)
        stream = np.ascontiguousarray(part.values[:, REGULAR])
        for k, one in enumerate(queries):
            if one is not None:
                distances[:, k], which = subsequence_scores(one, stream, part.valid)
                ticks[:, k] = np.diff(one.edges)[which]
        return distances, ticks

    def _scored(self, distances: Array, ticks: Array) -> Scored:
        """Probabilities by the nearest example whose span covers a tick, with the edges of that span."""
        similar = self.curve_.predict_proba(self._bounded(distances).reshape(-1, 1))[:, 1]
        similar = np.where(np.isfinite(distances), similar.reshape(distances.shape), 0)
        spread = [_spread(s, n) for s, n in zip(similar.T, ticks.T, strict=True)]
        covering = np.stack([s for s, _ in spread], axis=1)
        best = covering.max(axis=1, keepdims=True)
        shares = covering / np.maximum(covering.sum(axis=1, keepdims=True), 1e-9)
        probabilities = np.concatenate([1 - best, shares * best], axis=1).astype(np.float32)
        rows, nearest = np.arange(len(ticks)), covering.argmax(axis=1)
        stop = np.stack([last for _, last in spread], axis=1)[rows, nearest] + 1
        start = stop - ticks[stop - 1, nearest]
        edges = np.stack([rows - start, stop - rows], axis=1) / (self.lengths_.mean_s * self.rate_hz)
        return Scored(probabilities, edges.astype(np.float32))

    def _bounded(self, distances: Array) -> Array:
        bounded: Array = np.minimum(distances, self.farthest_)
        return bounded

    def _learn(self, parts: list[Timeline], targets: list[Array], fold: list[int]) -> list[Scored]:
        labelled = list(zip(parts, targets, strict=True))
        others, own = {}, {}
        for out in set(fold):
            others[out] = self._queries([pair for pair, f in zip(labelled, fold, strict=True) if f != out])
            # Where nothing of a class is left, its own examples are all there is to choose a decoding by;
            # mirrored, as else they would be found at no distance where they lie.
            inside = [pair for pair, f in zip(labelled, fold, strict=True) if f == out]
            own[out] = self._queries(inside, mirrored_alone=True)
        held = []
        for part, out in zip(parts, fold, strict=True):
            queries = [left or stand_in for left, stand_in in zip(others[out], own[out], strict=True)]
            held.append(self._distances(queries, part))
        distances = np.concatenate([d for d, _ in held])
        self.farthest_ = float(np.max(distances, initial=1.0, where=np.isfinite(distances)))
        right = np.concatenate([_right(y, n) for y, (_, n) in zip(targets, held, strict=True)])
        # A class with all its examples in one fold does not weigh: all that they find in others is wrong.
        self.shared_ = [all(of_class) for of_class in zip(*others.values(), strict=True)]
        weighs = np.isfinite(distances) & np.array(self.shared_)
        self.curve_ = LogisticRegression(C=1e3)
        # One span of each kind besides, so that the curve exists where examples are all right or all wrong.
        self.curve_.fit(
            np.r_[distances[weighs], 0, self.farthest_].reshape(-1, 1), np.r_[right[weighs], True, False]
        )
        self.queries_ = self._queries(labelled)
        return [self._scored(d, n) for d, n in held]

    def _score(self, timelines: list[Timeline]) -> list[Scored]:
        return [self._scored(*self._distances(self.queries_, t)) for t in timelines]


def _right(classes: Array, ticks: Array) -> Array:
    """(T, C) bool, whether the span ending at a tick overlaps a segment of the class by ``HIT_TIOU``."""
    out = np.zeros(ticks.shape, bool)
    ends = np.arange(1, len(classes) + 1)
    for k in range(ticks.shape[1]):
        inside = np.r_[False, classes == k + 1, False]
        starts = ends - ticks[:, k]
        for first, last in np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2):
            shared = np.clip(np.minimum(ends, last) - np.maximum(starts, first), 0, None)
            out[:, k] |= shared >= HIT_TIOU * (ticks[:, k] + last - first - shared)
    return out
