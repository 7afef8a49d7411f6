"""Ridge regression on an action's features at fixed moments and on their statistics over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy.special import softmax

from vpd.errors import InputError
from vpd.recognition.estimator import SequenceClassifier
from vpd.sequences.sides import ClassSides, Sides, sides_by_class
from vpd.types import REGULAR, Array, FeatureSequence

MIRROR_WEIGHTS: dict[ClassSides, float] = {"same": 1.0, "unsure": 0.3, "differ": 0.0}
"""Weights of a mirrored example in the regression, and of the mirrored query in the answer."""
SHARPNESS = (2.0, 4.0, 8.0, 16.0, 32.0)
"""Factors on the regression's outputs, before the softmax, that are tried."""
USUAL_SHARPNESS = 6.0
"""The factor with one example a class, where nothing can be held out."""
LEAST_PROBABILITY = 1e-3
"""Added to a held-out probability before its logarithm."""


def moments(sequence: FeatureSequence, count: int) -> Array:
    """(2, count * d) features at ``count`` moments, evenly spaced over the valid frames, in both
    orientations.
    """
    values = sequence.values[sequence.valid].astype(np.float64)
    at = np.linspace(0, len(values) - 1, count)
    before = np.floor(at).astype(int)
    after = np.minimum(before + 1, len(values) - 1)
    share = (at - before)[:, None, None]
    mixed = (1 - share) * values[before] + share * values[after]
    flat: Array = mixed.transpose(1, 0, 2).reshape(2, -1)
    return flat


def statistics(sequence: FeatureSequence) -> Array:
    """(2, 4 d) mean, standard deviation, maximum and minimum over the valid frames, in both orientations."""
    values = sequence.values[sequence.valid].astype(np.float64)
    parts = [values.mean(axis=0), values.std(axis=0), values.max(axis=0), values.min(axis=0)]
    joined: Array = np.concatenate(parts, axis=1)
    return joined


def spread(block: Array) -> float:
    """Root mean squared distance of the rows (N, n) from their mean."""
    spread = float(np.sqrt(((block - block.mean(axis=0)) ** 2).sum(axis=1).mean()))
    return spread if spread > 0 else 1.0


class LinearClassifier(SequenceClassifier):
    """Ridge regression of class membership. It needs no alignment in time and fits in milliseconds.

    An action is described by its features at fixed moments and by their statistics over time, both scaled to
    the same spread. Mirrored examples are more examples, and a query's answer is the mean of those to both
    its orientations, as far as ``sides`` allows. Classes have equal weight, whatever their number of
    examples. A softmax turns outputs into probabilities. Its sharpness has the highest likelihood when one
    example after the other is left out.

    Parameters
    ----------
    count : number of moments.
    ridge : penalty, in units of the mean squared distance of the examples from their mean.
    sides : whether mirrored examples count, see `vpd.sequences.sides.Sides`.
    """

    def __init__(self, count: int = 12, ridge: float = 0.5, sides: Sides = "same") -> None:
        self.count = count
        self.ridge = ridge
        self.sides = sides

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Solve the regression, on all examples and with each one left out."""
        if self.count < 1 or self.ridge <= 0:
            raise InputError(
                f"count is {self.count}, ridge {self.ridge}; they must be at least 1 and positive"
            )
        targets = self._start_fit(X, y)
        self._settle_sides(X, self.classes_[targets])
        return self._regress(self._blocks(X), targets)

    def fit_described(self, blocks: tuple[Array, Array], y: Sequence[str] | Array) -> Self:
        """The same where both parts (N, 2, n) of the examples' descriptions, and ``sides``, are known."""
        self.classes_, targets = np.unique(np.asarray(y), return_inverse=True)
        self.sides_ = sides_by_class(self.sides, self.classes_, (), ())
        return self._regress(blocks, targets)

    def _regress(self, blocks: tuple[Array, Array], targets: Array) -> Self:
        self.scales_ = (spread(blocks[0][:, REGULAR]), spread(blocks[1][:, REGULAR]))
        of_class = [MIRROR_WEIGHTS[self.sides_[str(name)]] for name in self.classes_]
        # A mirrored query is asked only if no class would be misled by it.
        self.query_weight_ = min(of_class)
        weights = np.stack([np.ones(len(targets)), np.array(of_class)[targets]], axis=1)
        rows, sides = np.nonzero(weights)
        weights = weights[rows, sides]
        self._solve(self._scaled(blocks)[rows, sides], targets[rows], weights)
        held_out = self._left_out(rows, sides, targets, weights)
        counted = np.bincount(targets)[targets] > 1
        self.sharpness_ = USUAL_SHARPNESS
        if counted.any():
            self.sharpness_ = max(SHARPNESS, key=lambda s: log_likelihood(s * held_out, targets, counted))
        self.held_out_ = softmax(self.sharpness_ * held_out, axis=1)
        return self

    def _blocks(self, X: Sequence[FeatureSequence]) -> tuple[Array, Array]:
        return np.stack([moments(s, self.count) for s in X]), np.stack([statistics(s) for s in X])

    def _scaled(self, blocks: tuple[Array, Array]) -> Array:
        """(N, 2, n) descriptions of both orientations."""
        scaled = [block / scale for block, scale in zip(blocks, self.scales_, strict=True)]
        return np.concatenate(scaled, axis=2)

    def _solve(self, rows: Array, targets: Array, weights: Array) -> None:
        """Weighted kernel ridge regression of the class indicators of ``rows`` (R, n)."""
        weights = weights / np.bincount(targets, weights)[targets]
        weights *= len(weights) / weights.sum()
        self.mean_ = weights @ rows / weights.sum()
        self.rows_ = rows - self.mean_
        self.roots_ = np.sqrt(weights)[:, None]
        kernel = (self.rows_ @ self.rows_.T) * self.roots_ * self.roots_.T
        penalty = self.ridge * max(float(np.trace(kernel)) / len(kernel), 1e-12)
        self.inverse_ = np.linalg.inv(kernel + penalty * np.eye(len(kernel)))
        self.wanted_ = np.eye(len(self.classes_))[targets] - 1 / len(self.classes_)
        self.dual_ = self.inverse_ @ (self.roots_ * self.wanted_)

    def _left_out(self, rows: Array, sides: Array, targets: Array, weights: Array) -> Array:
        """(N, C) outputs for each example by all others. Both its orientations are left out together.

        For the rows B of one example, the residual without them is inverse[B, B]^-1 dual[B].
        """
        out = np.zeros((len(targets), len(self.classes_)))
        for example in range(len(targets)):
            own = np.flatnonzero(rows == example)
            residual = np.linalg.solve(self.inverse_[np.ix_(own, own)], self.dual_[own]) / self.roots_[own]
            answer = self.wanted_[own] - residual
            shares = np.where(sides[own] == REGULAR, 1.0, self.query_weight_)
            out[example] = shares @ answer / shares.sum()
        return out

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C) probabilities in the order of ``classes_``."""
        self._start_predict(X)
        return self.described_proba(self._blocks(X))

    def described_proba(self, blocks: tuple[Array, Array]) -> Array:
        """The same where the descriptions are known."""
        described = self._scaled(blocks) - self.mean_
        outputs = (described @ self.rows_.T) @ (self.roots_ * self.dual_)
        shares = np.array([1.0, self.query_weight_])
        mean = np.tensordot(outputs, shares / shares.sum(), axes=(1, 0))
        probabilities: Array = softmax(self.sharpness_ * mean, axis=1)
        return probabilities

    def held_out_proba(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Array:
        """(N, C) probabilities of each example by the regression on all others."""
        held_out: Array = self.fit(X, y).held_out_
        return held_out


def log_likelihood(outputs: Array, targets: Array, counted: Array) -> float:
    """The summed log probability of the true classes (N,) of the ``counted`` rows of outputs (N, C)."""
    probabilities = softmax(outputs, axis=1)[np.arange(len(targets)), targets]
    return float(np.log(probabilities[counted] + LEAST_PROBABILITY).sum())
