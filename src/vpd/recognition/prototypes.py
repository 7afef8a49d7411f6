"""Prototypes: one average sequence a class, by DTW barycentre averaging (Petitjean et al. 2011)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from vpd.dtw import dtw_path, many_to_many, pack
from vpd.recognition.estimator import SequenceClassifier, orientations
from vpd.types import Array, FeatureSequence

PATTERN = "symmetric2"
"""Feasible for any two lengths, as an average over sequences of all lengths needs."""


def barycentre(views: Sequence[tuple[Array, Array]], rounds: int) -> Array:
    """The average (T, d) of sequences under DTW, each in the orientation that fits it better.

    Starts from the sequence with the least sum of distances to the others; every round aligns all to the
    average and replaces each of its frames by the mean of those aligned to it.
    """
    both = [side for view in views for side in view]
    distances = many_to_many([view[0] for view in views], pack(both), PATTERN)
    start = distances.reshape(len(views), -1, 2).min(axis=2).sum(axis=1).argmin()
    average = views[start][0].astype(np.float64)
    for _ in range(rounds):
        fits = many_to_many([average], pack(both), PATTERN)[0].reshape(-1, 2).argmin(axis=1)
        total, count = np.zeros_like(average), np.zeros(len(average))
        for view, side in zip(views, fits, strict=True):
            path = dtw_path(average, view[side], PATTERN)
            np.add.at(total, path.query, view[side][path.reference])
            np.add.at(count, path.query, 1)
        average = total / count[:, None]
    settled: Array = average.astype(np.float32)
    return settled


class DTWPrototypes(SequenceClassifier):
    """The label of the best aligned class average; a query counts in the better of its orientations.

    Parameters
    ----------
    rounds : of barycentre averaging; it has settled after a few.
    """

    def __init__(self, rounds: int = 5) -> None:
        self.rounds = rounds

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Average each class."""
        targets = self._start_fit(X, y)
        views = [orientations(s) for s in X]
        self.prototypes_ = [
            barycentre([views[i] for i in np.flatnonzero(targets == c)], self.rounds)
            for c in range(len(self.classes_))
        ]
        self.packed_ = pack(self.prototypes_)
        own = self._distances(X)[np.arange(len(X)), targets]
        # The spread of the examples around their own prototypes is the unit in which others are further off.
        self.scale_ = float(own.mean()) or 1.0
        return self

    def _distances(self, X: Sequence[FeatureSequence]) -> Array:
        both = [side for s in X for side in orientations(s)]
        nearest: Array = many_to_many(both, self.packed_, PATTERN).reshape(len(X), 2, -1).min(axis=1)
        return nearest.astype(np.float64)

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C), a soft minimum of the distances to the prototypes."""
        self._start_predict(X)
        distances = self._distances(X)
        weights = np.exp(-10 * (distances - distances.min(axis=1, keepdims=True)) / self.scale_)
        shares: Array = weights / weights.sum(axis=1, keepdims=True)
        return shares
