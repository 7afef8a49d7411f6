"""Preprocess sequences for a recogniser, as scikit-learn transformers from lists of sequences to lists of
sequences.

Each treats both orientations alike, so that a mirrored sequence stays the mirror image of its sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.base import BaseEstimator, TransformerMixin

from vpd.sequences.spans import resample
from vpd.types import FeatureSequence

Sequences = Sequence[FeatureSequence]


class SequenceTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Base class: it learns nothing and transforms one sequence at a time."""

    def fit(self, X: Sequences, y: Any = None) -> Self:
        """Do nothing; return the transformer."""
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
    """Gaussian mean along time over the valid frames, with a standard deviation of ``sigma_s`` seconds."""

    def __init__(self, sigma_s: float = 0.07) -> None:
        self.sigma_s = sigma_s

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        if s.valid.sum() < 2:
            return s
        step = float(np.median(np.diff(s.times_s)))
        filled = np.where(s.valid[:, None, None], s.values, 0)
        total = gaussian_filter1d(filled, self.sigma_s / step, axis=0, mode="constant")
        mass = gaussian_filter1d(s.valid.astype(np.float64), self.sigma_s / step, mode="constant")
        values = s.values.copy()
        values[s.valid] = total[s.valid] / mass[s.valid, None, None]
        return replace(s, values=values)


class Centre(SequenceTransformer):
    """Subtract ``share`` of each sequence's own mean over its valid frames, in each orientation."""

    def __init__(self, share: float = 0.25) -> None:
        self.share = share

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        if not s.valid.any():
            return s
        mean = s.values[s.valid].mean(axis=0)
        return replace(s, values=s.values - np.float32(self.share) * mean)


class Columns(SequenceTransformer):
    """The channels ``start`` to ``stop`` of every sequence."""

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop

    def _one(self, s: FeatureSequence) -> FeatureSequence:
        return replace(s, values=s.values[:, :, self.start : self.stop])
