"""Prototypes: one average sequence a class, by DTW barycentre averaging (Petitjean et al. 2011)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from vpd.dtw import dtw_path, many_to_many, pack
from vpd.recognition.estimator import SequenceClassifier, orientations
from vpd.recognition.neighbours import DTWNeighbours
from vpd.sequences.sides import Sides
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

PATTERN = "symmetric2"
"""A step pattern with a path between any two lengths. An average over all lengths needs it."""


def barycentre(views: Sequence[tuple[Array, Array]], rounds: int, turn: bool = True) -> Array:
    """The average (T, 2, d) of sequences (regular, mirrored) under DTW. With ``turn`` each is used in the
    orientation that fits better.

    The start is the sequence with the least sum of distances to the others. Every round aligns all to the
    average, and replaces each of its frames, as it is and mirrored, by the mean of those aligned to it.
    """
    packed = pack([side for view in views for side in view])
    distances = many_to_many([view[REGULAR] for view in views], packed, PATTERN)
    apart = distances.reshape(len(views), -1, 2)
    start = views[(apart.min(axis=2) if turn else apart[:, :, REGULAR]).sum(axis=1).argmin()]
    average = np.stack(start, axis=1).astype(np.float64)
    for _ in range(rounds):
        regular, mirrored = many_to_many(
            [average[:, REGULAR], average[:, MIRRORED]], packed, PATTERN
        ).reshape(2, -1, 2)
        turned = (regular + mirrored[:, ::-1]).argmin(axis=1) * turn
        total, count = np.zeros_like(average), np.zeros((len(average), 1, 1))
        for view, side in zip(views, turned, strict=True):
            path = dtw_path(average[:, REGULAR], view[side], PATTERN)
            aligned = np.stack([view[side], view[1 - side]], axis=1)
            np.add.at(total, path.query, aligned[path.reference])
            np.add.at(count, path.query, 1)
        average = total / count
    settled: Array = average.astype(np.float32)
    return settled


class DTWPrototypes(SequenceClassifier):
    """The label of the nearest class average, by `DTWNeighbours`. The mirrored query is aligned too.

    Parameters
    ----------
    rounds : of barycentre averaging; it has settled after a few.
    width : an average counts exp(-(d - nearest d) / (width * median d)).
    sides : whether examples are turned before they are averaged and mirrored averages count, see
        `vpd.sequences.sides.Sides`.
    """

    def __init__(self, rounds: int = 5, width: float = 0.06, sides: Sides = "same") -> None:
        self.rounds = rounds
        self.width = width
        self.sides = sides

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Average each class."""
        targets = self._start_fit(X, y)
        self._settle_sides(X, self.classes_[targets])
        views = [orientations(s) for s in X]
        averages = []
        for label, name in enumerate(self.classes_):
            turn = self.sides_[str(name)] != "differ"
            values = barycentre([views[i] for i in np.flatnonzero(targets == label)], self.rounds, turn)
            ones, frames = np.ones(len(values)), np.arange(len(values))
            averages.append(FeatureSequence(str(name), 0, frames, frames, values, ones > 0, ones))
        nearest = DTWNeighbours(
            k=None, width=self.width, pattern=PATTERN, mirror_query=True, sides=self.sides_
        )
        self.averages_ = nearest.fit(averages, self.classes_)
        return self

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C) probabilities: a soft minimum of the distances to the averages."""
        self._start_predict(X)
        return self.averages_.predict_proba(X)
