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


def series_of(sequences: Sequence[FeatureSequence], count: int) -> Array:
    """(N, 2, count, d) float32 features at evenly spaced moments, in both orientations, less the first ones.

    Patterns do not see what is added to a channel. Without it, what stands still gives exactly 0, and not the
    noise of rounding, which would be scaled up.
    """
    series = np.stack([moments(s, count) for s in sequences]).astype(np.float32)
    series = series.reshape(len(sequences), 2, count, -1)
    from_first: Array = series - series[:, :, :1]
    return from_first


class Patterns:
    """Random patterns, each with a threshold that is one of its responses within ``series`` (N, count, d).

    Parameters
    ----------
    patterns : of each dilation (`DILATIONS`).
    """

    def __init__(self, series: Array, patterns: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.weights = [random_patterns(patterns, series.shape[-1], rng) for _ in DILATIONS]
        self.thresholds = []
        for dilation, weights in zip(DILATIONS, self.weights, strict=True):
            examples = series[rng.integers(0, len(series), patterns)]
            at = rng.integers(0, series.shape[1], patterns)
            drawn = surroundings(examples, dilation)[np.arange(patterns), at]
            self.thresholds.append(np.einsum("pw,wp->p", drawn, weights))

    def describe(self, sequences: Sequence[FeatureSequence], count: int) -> tuple[Array, Array]:
        """(N, 2, n) shares of moments above the thresholds, and greatest responses, of ``count`` moments."""
        parts = range(0, len(sequences), AT_ONCE)
        found = [self._responses(series_of(sequences[n : n + AT_ONCE], count)) for n in parts]
        shares, greatest = zip(*found, strict=True)
        return np.concatenate(shares), np.concatenate(greatest)

    def _responses(self, series: Array) -> tuple[Array, Array]:
        flat = series.reshape(-1, *series.shape[2:])
        shares, greatest = [], []
        for dilation, weights, thresholds in zip(DILATIONS, self.weights, self.thresholds, strict=True):
            responses = surroundings(flat, dilation) @ weights
            shares.append((responses > thresholds).mean(axis=1))
            greatest.append(responses.max(axis=1).astype(np.float64))
        both = (*series.shape[:2], -1)
        return np.concatenate(shares, axis=1).reshape(both), np.concatenate(greatest, axis=1).reshape(both)


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
        self.patterns_ = Patterns(series_of(X, self.count)[:, REGULAR], self.patterns, self.seed)
        super().fit(X, y)
        return self

    def _blocks(self, X: Sequence[FeatureSequence]) -> tuple[Array, Array]:
        return self.patterns_.describe(X, self.count)
