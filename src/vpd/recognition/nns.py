"""Nearest neighbour search as the reference implementation runs it (paper, section 4.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from vpd.dtw import many_to_many, pack
from vpd.recognition.estimator import SequenceClassifier, orientations
from vpd.sequences.sides import Sides, mirror_costs
from vpd.types import Array, FeatureSequence

PATTERN, FALLBACK = "symmetricP2", "symmetric2"


class NearestNeighbourSearch(SequenceClassifier):
    """The label of the training example with the least DTW distance.

    Both orientations of the query are compared with both of each example, and the least distance counts. The
    step pattern is symmetricP2. A query that it cannot align with any example is compared with all examples
    by symmetric2. So no ranking mixes the two, whose scales differ.

    Parameters
    ----------
    sides : str or dict of str
        Whether mirrored examples count, see `vpd.sequences.sides.Sides`; the paper's are all "same".

    Attributes
    ----------
    classes_ : array (C,)
        The labels, sorted.

    References
    ----------
    Hong et al., ICCV 2021, section 4.1.1; github.com/jhong93/vpd, recognize.py, KnnModel.

    Examples
    --------
    >>> segments = library.labels()
    >>> sequences, labels = library.sequences(segments), [s.label for s in segments]
    >>> NearestNeighbourSearch().fit(sequences[6:], labels[6:]).predict(sequences[:2]).tolist()
    ['cartwheel', 'roll']
    """

    def __init__(self, sides: Sides = "same") -> None:
        self.sides = sides

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Pack both orientations of the training examples for warping."""
        self.targets_ = self._start_fit(X, y)
        self._settle_sides(X, self.classes_[self.targets_])
        self.packed_ = pack([view for s in X for view in orientations(s)])
        return self

    def distances(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, M) float32 distances to the training examples; infinite where they cannot be aligned."""
        self._start_predict(X)
        found = self.distances_by(PATTERN, X)
        lost = np.flatnonzero(np.isinf(found).all(axis=1))
        if len(lost):
            found[lost] = self.distances_by(FALLBACK, [X[i] for i in lost.tolist()])
        return found

    def distances_by(self, pattern: str, X: Sequence[FeatureSequence]) -> Array:
        """(N, M) float32 distances by one step pattern; infinite where it has no path."""
        views = [view for s in X for view in orientations(s)]
        pairs = many_to_many(views, self.packed_, pattern).reshape(len(X), 2, len(self.targets_), 2)
        # Of two that look the same way, and of one and the mirror image of the other.
        alike = np.minimum(pairs[:, 0, :, 0], pairs[:, 1, :, 1])
        apart = np.minimum(pairs[:, 0, :, 1], pairs[:, 1, :, 0])
        costs = mirror_costs(self.sides_, self.classes_)[self.targets_].astype(np.float32)
        dearer = np.where(np.isinf(costs), np.inf, apart * (1 + np.where(np.isinf(costs), 0, costs)))
        nearest: Array = np.minimum(alike, dearer).astype(np.float32)
        return nearest

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C): 1 for the class of the nearest example."""
        shares = np.zeros((len(X), len(self.classes_)))
        shares[np.arange(len(X)), self.targets_[self.distances(X).argmin(axis=1)]] = 1
        return shares
