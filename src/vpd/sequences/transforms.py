"""Steps before a recogniser, as scikit-learn transformers from lists of sequences to lists of sequences.

Each treats both orientations alike: what is fitted is fitted to both together, so that a mirrored sequence
stays the mirror of its sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.base import BaseEstimator, TransformerMixin

from vpd.errors import InputError
from vpd.sequences.spans import resample
from vpd.types import Array, FeatureSequence

Sequences = Sequence[FeatureSequence]

LEAST_WEIGHT = 1e-3
"""Of a frame in a weighted mean, so that frames of score 0 alone still have one."""


def _frames(X: Sequences) -> Array:
    """All valid frames in both orientations, (N, d) float64."""
    frames = np.concatenate([s.values[s.valid].reshape(-1, s.d) for s in X]).astype(np.float64)
    if not len(frames):
        raise InputError("there is no valid frame to fit to")
    return frames


class SequenceTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Base: nothing to fit, one sequence at a time."""

    def fit(self, X: Sequences, y: Any = None) -> Self:
        """Nothing is learned."""
        return self

    def transform(self, X: Sequences) -> list[FeatureSequence]:
        """The sequences, each transformed."""
        return [self._one(s) for s in X]

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        raise NotImplementedError

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Resample(SequenceTransformer):
    """Bring every sequence to ``rate_hz`` frames a second."""

    def __init__(self, rate_hz: float = 25.0) -> None:
        self.rate_hz = rate_hz

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        return resample(s, self.rate_hz)


class Smooth(SequenceTransformer):
    """Gaussian mean along time over the valid frames, each counting by its confidence.

    Parameters
    ----------
    sigma_s : standard deviation in seconds.
    by_score : a frame counts by its score to this power; 0 counts all alike.
    """

    def __init__(self, sigma_s: float = 0.07, by_score: float = 0.0) -> None:
        self.sigma_s = sigma_s
        self.by_score = by_score

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        if s.valid.sum() < 2:
            return s
        step = float(np.median(np.diff(s.times_s)))
        weights = np.where(s.valid, np.maximum(s.scores, LEAST_WEIGHT) ** self.by_score, 0)
        filled = np.where(s.valid[:, None, None], s.values, 0) * weights[:, None, None]
        total = gaussian_filter1d(filled, self.sigma_s / step, axis=0, mode="constant")
        mass = gaussian_filter1d(weights.astype(np.float64), self.sigma_s / step, mode="constant")
        values = s.values.copy()
        values[s.valid] = total[s.valid] / mass[s.valid, None, None]
        return replace(s, values=values)


class Motion(SequenceTransformer):
    """Append the change of the feature over ``span`` frames around, a frame, times ``weight``."""

    def __init__(self, weight: float = 4.0, span: int = 3) -> None:
        self.weight = weight
        self.span = span

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        values = s.values[s.valid]
        ahead = np.minimum(np.arange(len(values)) + self.span, len(values) - 1)
        back = np.maximum(np.arange(len(values)) - self.span, 0)
        change = (values[ahead] - values[back]) / np.maximum(ahead - back, 1)[:, None, None].astype(
            np.float32
        )
        out = np.zeros((len(s), 2, 2 * s.d), np.float32)
        out[s.valid] = np.concatenate([values, self.weight * change], axis=2)
        return replace(s, values=out)


class DropUnsure(SequenceTransformer):
    """Take frames of a score below ``least`` for missing, unless fewer than half were left."""

    def __init__(self, least: float = 0.3) -> None:
        self.least = least

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        sure = s.valid & (s.scores >= self.least)
        return replace(s, valid=sure) if 2 * sure.sum() >= s.valid.sum() else s


class Standardise(SequenceTransformer):
    """Mean 0 and standard deviation 1 of every channel over the training frames."""

    def fit(self, X: Sequences, y: Any = None) -> Self:
        """Learn mean and standard deviation; a channel that never changes is left as it is."""
        frames = _frames(X)
        self.mean_, spread = frames.mean(axis=0), frames.std(axis=0)
        self.scale_ = np.where(spread > 0, spread, 1)
        return self

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        return replace(s, values=(s.values - self.mean_) / self.scale_)


class Whiten(SequenceTransformer):
    """Decorrelate the channels: principal axes, each divided by its standard deviation to a power.

    ``power`` 0 turns only, 1 whitens fully; what is between damps the weak axes, which are mostly noise.
    """

    def __init__(self, power: float = 0.5) -> None:
        self.power = power

    def fit(self, X: Sequences, y: Any = None) -> Self:
        """Learn the principal axes of the training frames."""
        frames = _frames(X)
        self.mean_ = frames.mean(axis=0)
        variance, axes = np.linalg.eigh(np.cov(frames.T).reshape(frames.shape[1], -1))
        kept = variance > variance.max() * 1e-6
        self.axes_ = axes[:, kept] * variance[kept] ** (-self.power / 2)
        return self

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        return replace(s, values=(s.values - self.mean_) @ self.axes_)
