"""Ridge regression on how often, and how strongly, random short patterns occur in an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from vpd.recognition.linear import LinearClassifier, moments
from vpd.sequences.sides import Sides
from vpd.types import REGULAR, Array, FeatureSequence

LENGTH = 9
"""Moments that a pattern spans."""
DILATIONS = (1, 2, 4)
"""Moments from one to the next of a pattern. Each has as many patterns."""
MOST_CHANNELS = 9
"""Channels that a pattern may read, at most: as often one as two to three, four to nine."""
AT_ONCE = 32


def random_patterns(count: int, channels: int, rng: np.random.Generator) -> Array:
    """(LENGTH * channels, count) float32 weights of patterns, of sum 0 in each channel that one reads."""
    weights = np.zeros((LENGTH, channels, count), np.float32)
    for pattern in range(count):
        read = min(channels, int(MOST_CHANNELS ** rng.uniform()))
        chosen = rng.choice(channels, read, replace=False)
        drawn = rng.normal(size=(LENGTH, read))
        weights[:, chosen, pattern] = drawn - drawn.mean(axis=0)
    return weights.reshape(-1, count)


def surroundings(series: Array, dilation: int) -> Array:
    """(N, T, LENGTH * d) the ``LENGTH`` moments around each of series (N, T, d); ends are repeated."""
    moments_, reach = series.shape[1], LENGTH // 2 * dilation
    padded = np.pad(series, ((0, 0), (reach, reach), (0, 0)), mode="edge")
    return np.concatenate([padded[:, n * dilation : n * dilation + moments_] for n in range(LENGTH)], axis=2)


class KernelClassifier(LinearClassifier):
    """Ridge regression as in `LinearClassifier`, on other descriptions of an action.

    Random patterns of nine moments and a few channels slide over the features. An action is described by the
    share of moments at which each pattern's response exceeds a threshold, and by its greatest response. So
    it counts what occurs, and hardly when. The thresholds are responses drawn from the examples.

    Parameters
    ----------
    patterns : random patterns of each dilation (`DILATIONS`).
    count : moments of an action, evenly spaced.
    ridge, sides : as in `LinearClassifier`.
    seed : of the patterns and thresholds.

    References
    ----------
    Dempster et al., ROCKET, Data Mining and Knowledge Discovery 2020.
    """

    def __init__(
        self, patterns: int = 512, count: int = 48, ridge: float = 0.5, sides: Sides = "same", seed: int = 0
    ) -> None:
        super().__init__(count, ridge, sides)
        self.patterns = patterns
        self.seed = seed

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Draw patterns and thresholds, and solve the regression."""
        self._start_fit(X, y)
        rng = np.random.default_rng(self.seed)
        series = self._series(X)[:, REGULAR]
        self.weights_ = [random_patterns(self.patterns, series.shape[-1], rng) for _ in DILATIONS]
        self.thresholds_ = []
        for dilation, weights in zip(DILATIONS, self.weights_, strict=True):
            examples = series[rng.integers(0, len(series), self.patterns)]
            at = rng.integers(0, self.count, self.patterns)
            drawn = surroundings(examples, dilation)[np.arange(self.patterns), at]
            self.thresholds_.append(np.einsum("pw,wp->p", drawn, weights))
        super().fit(X, y)
        return self

    def _series(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, 2, count, d) float32 features at evenly spaced moments, in both orientations."""
        series = np.stack([moments(s, self.count) for s in X]).astype(np.float32)
        return series.reshape(len(X), 2, self.count, -1)

    def _blocks(self, X: Sequence[FeatureSequence]) -> tuple[Array, Array]:
        found = [self._responses(self._series(X[n : n + AT_ONCE])) for n in range(0, len(X), AT_ONCE)]
        shares, greatest = zip(*found, strict=True)
        return np.concatenate(shares), np.concatenate(greatest)

    def _responses(self, series: Array) -> tuple[Array, Array]:
        """(N, 2, n) shares of moments above the thresholds, and greatest responses."""
        flat = series.reshape(-1, *series.shape[2:])
        shares, greatest = [], []
        for dilation, weights, thresholds in zip(DILATIONS, self.weights_, self.thresholds_, strict=True):
            responses = surroundings(flat, dilation) @ weights
            shares.append((responses > thresholds).mean(axis=1))
            greatest.append(responses.max(axis=1).astype(np.float64))
        both = (*series.shape[:2], -1)
        return np.concatenate(shares, axis=1).reshape(both), np.concatenate(greatest, axis=1).reshape(both)
