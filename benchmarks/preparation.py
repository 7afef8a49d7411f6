"""Preparations of features that did not help; docs/experiments/recognition.md has the figures.

`recognition_gains.py` and `bigru_gains.py` measure them again; the package has none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from vpd.sequences.transforms import SequenceTransformer
from vpd.types import Array, FeatureSequence

Sequences = Sequence[FeatureSequence]


def _frames(X: Sequences) -> Array:
    """All valid frames in both orientations, (N, d) float64."""
    frames = np.concatenate([s.values[s.valid].reshape(-1, s.d) for s in X]).astype(np.float64)
    return frames


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
