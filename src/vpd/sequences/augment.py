"""Augmentation in time: other speeds, cut ends, held frames, all by which frames are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.types import Array


@dataclass(frozen=True)
class TimeWarp:
    """Random changes of time.

    Attributes
    ----------
    speed : played faster or slower by a factor drawn log-uniformly in 1 / (1 + speed) .. 1 + speed.
    crop : up to this share of the frames is cut, at both ends together.
    hold : probability that a frame repeats the one before it.
    """

    speed: float = 0.0
    crop: float = 0.0
    hold: float = 0.0

    def positions(self, lengths: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Frames (B, T) to read of sequences of ``lengths``, and how many of each row count (B,).

        Every position lies in 0 .. length - 1 and they never run backwards.
        """
        count = len(lengths)
        limit = np.log1p(self.speed)
        factor = np.exp(rng.uniform(-limit, limit, count))
        left = lengths * (1 - rng.uniform(0, self.crop, count))
        first = rng.uniform(0, 1, count) * (lengths - left)
        new = np.maximum(1, np.rint(left / factor)).astype(np.int64)
        steps = np.arange(int(new.max()))
        positions = first[:, None] + (steps + 0.5) * (left / new)[:, None]
        rows = np.clip(positions.astype(np.int64), 0, lengths[:, None] - 1)
        if self.hold:
            kept = rng.uniform(size=rows.shape) >= self.hold
            kept[:, 0] = True
            last_kept = np.maximum.accumulate(np.where(kept, steps, 0), axis=1)
            rows = np.take_along_axis(rows, last_kept, axis=1)
        return rows, new
