"""Inputs of the networks for each tick: features, whether they are valid, and their change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.detection.timeline import Timeline
from vpd.types import Array

MOTION_S = (0.08, 0.32)
"""Displacements are taken over these times in seconds, centred on the tick: that of a blow, and of a
swing.
"""


def displacements(values: Array, valid: Array, half: int) -> Array:
    """(T, m, d) change of values (T, m, d) from ``half`` ticks before to ``half`` ticks after; 0 where either
    is missing.
    """
    before = np.clip(np.arange(len(values)) - half, 0, None)
    after = np.clip(np.arange(len(values)) + half, None, len(values) - 1)
    known = valid[before] & valid[after]
    change: Array = (values[after] - values[before]) * known[:, None, None]
    return change


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and standard deviation (d,) of the features in the training videos, and of each motion.

    Attributes
    ----------
    halves : half the time of each motion in ticks.
    motions : the standard deviations (d,) of the displacements over each.
    """

    mean: Array
    deviation: Array
    halves: tuple[int, ...]
    motions: tuple[Array, ...]

    @property
    def moving(self) -> int:
        """Number of last channels that are displacements."""
        return len(self.halves) * len(self.mean)

    def inputs(self, timeline: Timeline) -> Array:
        """(T, 2, n) float32: standardised features, 0 where missing; whether they are valid;
        displacements.
        """
        there = timeline.valid[:, None, None]
        scaled = np.where(there, (timeline.values - self.mean) / self.deviation, 0)
        known = np.broadcast_to(there, (*scaled.shape[:2], 1))
        pairs = zip(self.halves, self.motions, strict=True)
        motions = [
            displacements(timeline.values, timeline.valid, half) / deviation for half, deviation in pairs
        ]
        inputs: Array = np.concatenate([scaled, known, *motions], axis=-1).astype(np.float32)
        return inputs


def _deviation(values: Array) -> Array:
    """Standard deviation (d,) of each feature; 1 for a feature that never changes."""
    deviation = values.std(axis=0)
    return np.where(deviation > 0, deviation, 1).astype(np.float32)


def scaling(timelines: Sequence[Timeline], rate_hz: float, motion: bool) -> Scaling:
    """The scaling from all valid ticks in both orientations; with ``motion`` also that of displacements."""
    d = timelines[0].values.shape[2]
    halves = tuple(max(1, round(span * rate_hz / 2)) for span in MOTION_S) if motion else ()
    if not any(t.valid.any() for t in timelines):
        ones = np.ones(d, np.float32)
        return Scaling(np.zeros(d, np.float32), ones, halves, (ones,) * len(halves))
    values = np.concatenate([t.values[t.valid].reshape(-1, d) for t in timelines])
    changes = [
        np.concatenate([displacements(t.values, t.valid, half)[t.valid].reshape(-1, d) for t in timelines])
        for half in halves
    ]
    return Scaling(values.mean(axis=0), _deviation(values), halves, tuple(_deviation(c) for c in changes))
