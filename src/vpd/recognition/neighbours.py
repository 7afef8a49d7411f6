"""Nearest neighbours by dynamic time warping (the paper's NNS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np

from vpd.dtw import many_to_many, pack
from vpd.errors import InputError
from vpd.recognition.estimator import SequenceClassifier, orientations
from vpd.sequences.sides import Sides, mirror_costs
from vpd.types import MIRRORED, Array, FeatureSequence


def vote_weights(distances: Array, width: float) -> Array:
    """(N, M) float64 votes exp(-(d - nearest d) / (width * median d)) by distances (N, M), row by row.

    Infinite distances have no vote, and do not count in the median.
    """
    far = distances.astype(np.float64)
    usual = np.nanmedian(np.where(np.isfinite(far), far, np.nan), axis=1, keepdims=True)
    gaps = far - far.min(axis=1, keepdims=True)
    votes: Array = np.exp(-gaps / np.where(usual > 0, width * usual, 1))
    return votes


def soft_votes(distances: Array, targets: Array, voters: Array, width: float) -> Array:
    """(N, C) shares of the votes of all examples (`vote_weights`).

    Parameters
    ----------
    distances : (N, M) to the examples; infinite where one does not vote.
    targets : (M,) class of each example.
    voters : (C,) or (N, C) examples of each class, by which its votes are divided.
    width : of a vote, in the median of the query's finite distances.
    """
    votes = vote_weights(distances, width)
    shares = votes @ np.eye(voters.shape[-1])[targets] / np.maximum(voters, 1)
    normalised: Array = shares / shares.sum(axis=1, keepdims=True)
    return normalised


class DTWNeighbours(SequenceClassifier):
    """The labels of the k nearest training examples by DTW, in both orientations of each.

    The distance of two examples is the least over the orientations of the training example, as in the paper's
    supplement. With ``mirror_query`` the mirrored query is aligned too: the two alignments of one pairing
    (both as they are, or one of them mirrored) are averaged, and the better pairing counts.

    Parameters
    ----------
    k : neighbours asked, at most the number of examples; None asks all.
    weights : "uniform", or "distance": a neighbour counts exp(-(d - nearest d) / (width * median d)), the
        median being that of the query's distances to all examples.
    width : see ``weights``.
    balanced : divide a class' votes by its number of training examples (for unequal classes and k > 1).
    pattern : step pattern of `vpd.dtw`; "symmetricP2_or_2" is the reference implementation's rule.
    distance : frame distance of `vpd.dtw`.
    mirror_query : also align the mirrored query, and average the two alignments of each pairing. Changes
        nothing for features whose distances do not change when both are mirrored, such as joints.
    sides : whether mirrored examples count, see `vpd.sequences.sides.Sides`.
    """

    def __init__(
        self,
        k: int | None = 1,
        weights: Literal["uniform", "distance"] = "distance",
        width: float = 0.03,
        balanced: bool = False,
        pattern: str = "symmetricP2",
        distance: str = "l2",
        mirror_query: bool = False,
        sides: Sides = "same",
    ) -> None:
        self.k = k
        self.weights = weights
        self.width = width
        self.balanced = balanced
        self.pattern = pattern
        self.distance = distance
        self.mirror_query = mirror_query
        self.sides = sides

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Pack both orientations of the training examples for warping."""
        if self.k is not None and self.k < 1:
            raise InputError(f"k is {self.k}; at least one neighbour must be asked")
        self.targets_ = self._start_fit(X, y)
        self._settle_sides(X, self.classes_[self.targets_])
        self.packed_ = pack([view for s in X for view in orientations(s)], self.distance)
        return self

    def distances(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, M) float32 distances to the training examples; infinite where they cannot be aligned."""
        self._start_predict(X)
        views = [orientations(s) for s in X]

        def to_views(side: int) -> Array:
            found = many_to_many([v[side] for v in views], self.packed_, self.pattern)
            return found.reshape(len(X), len(self.targets_), 2)

        pairings = to_views(0)
        if self.mirror_query:
            # The mirrored query with the mirrored example is the pairing of the two as they are.
            mirrored = to_views(1)
            pairings = (pairings + mirrored[..., ::-1]) / 2
        # By a product an example at no distance would count even where its mirrored copy must not.
        costs = mirror_costs(self.sides_, self.classes_)[self.targets_]
        counts = np.isfinite(costs)
        pairings[:, counts, MIRRORED] *= 1 + costs[counts].astype(np.float32)
        pairings[:, ~counts, MIRRORED] = np.inf
        nearest: Array = pairings.min(axis=-1)
        return nearest

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C) shares of the votes.

        Raises InputError where a query can be aligned with no training example.
        """
        return self._votes(self.distances(X), X, np.bincount(self.targets_))

    def held_out_proba(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Array:
        """Fit, and return the shares (N, C) of each example by the votes of all others."""
        distances = self.fit(X, y).distances(X)
        np.fill_diagonal(distances, np.inf)
        voters = np.bincount(self.targets_) - np.eye(len(self.classes_))[self.targets_]
        return self._votes(distances, X, np.maximum(voters, 1))

    def _votes(self, distances: Array, X: Sequence[FeatureSequence], voters: Array) -> Array:
        """(N, C) shares by distances (N, M) to the examples. Of each class the nearest ``voters`` vote."""
        for i in np.flatnonzero(np.isinf(distances).all(axis=1)).tolist():
            raise InputError(
                f"{self.pattern} aligns {X[i].video} ({len(X[i])} frames) with no training example: "
                "their lengths differ too much. Take pattern symmetric2."
            )
        if self.k is None and self.weights == "distance":
            counted = voters if self.balanced else np.ones(len(self.classes_))
            return soft_votes(distances, self.targets_, counted, self.width)
        k = min(self.k or len(self.targets_), len(self.targets_))
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
        gaps = np.take_along_axis(distances, nearest, axis=1).astype(np.float64)
        gaps -= gaps[:, :1]
        near = np.isfinite(gaps)
        if self.weights == "distance":
            usual = np.nanmedian(np.where(np.isfinite(distances), distances, np.nan), axis=1, keepdims=True)
            scale = np.where(usual > 0, self.width * usual, 1)
            votes = np.exp(-np.where(near, gaps, np.inf) / scale)
        else:
            # The nearer of two neighbours wins a tie.
            votes = near * (1 + 1e-6 * np.arange(k)[::-1])
        shares = np.zeros((len(X), len(self.classes_)))
        rows = np.repeat(np.arange(len(X)), k)
        np.add.at(shares, (rows, self.targets_[nearest].ravel()), votes.ravel())
        if self.balanced:
            shares /= voters
        normalised: Array = shares / shares.sum(axis=1, keepdims=True)
        return normalised
