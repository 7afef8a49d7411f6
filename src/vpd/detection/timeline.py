"""One athlete's features at a fixed rate, with missing ticks marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vpd.errors import InputError
from vpd.sequences.spans import tick_times
from vpd.types import Array, FeatureSequence

BRIDGED_S = 0.2
"""Gaps up to this length in seconds are interpolated: a few blurred frames of a swing. Longer ones are marked
as missing, so that a network sees shot cuts and lost athletes.
"""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Features of one athlete at a fixed rate.

    Attributes
    ----------
    times_s : (T,) float64, tick i at ``times_s[0] + i / rate_hz``.
    frames : (T,) int64, the video's frame nearest to each tick.
    values : (T, 2, d) float32, zero where not valid.
    valid : (T,) bool.
    motion : (T,) float32 of the fastest joint (`vpd.detection.motion`), or None where joints are not known.
    """

    video: str
    athlete: int
    times_s: Array
    frames: Array
    values: Array
    valid: Array
    motion: Array | None = None

    def __len__(self) -> int:
        return len(self.times_s)

    def part(self, start: int, stop: int) -> Timeline:
        """Ticks start <= i < stop."""
        rows = slice(start, stop)
        return replace(
            self,
            times_s=self.times_s[rows],
            frames=self.frames[rows],
            values=self.values[rows],
            valid=self.valid[rows],
            motion=None if self.motion is None else self.motion[rows],
        )


def to_timeline(sequence: FeatureSequence, rate_hz: float) -> Timeline:
    """Resample a sequence to ``rate_hz``, linearly between valid frames at most ``BRIDGED_S`` apart.

    Ticks are those of `vpd.sequences.spans.tick_times`, from the first frame, valid or not, to the last.
    Unlike `vpd.sequences.resample`, which is for single actions, it skips invalid frames within short gaps
    and does not fill long ones. Raises InputError where the rate is not positive.
    """
    ticks = tick_times(sequence.times_s, rate_hz)
    d = sequence.d
    if not len(sequence):
        none = np.empty((0, 2, d), np.float32)
        return Timeline(
            sequence.video, sequence.athlete, ticks, ticks.astype(np.int64), none, ticks.astype(bool)
        )
    times = sequence.times_s
    around = np.clip(np.searchsorted(times, ticks), 1, max(len(times) - 1, 1))
    before = np.maximum(around - 1, 0)
    around = np.minimum(around, len(times) - 1)
    nearest = np.where(np.abs(ticks - times[before]) <= np.abs(times[around] - ticks), before, around)
    frames = sequence.frames[nearest]
    kept = np.flatnonzero(sequence.valid)
    if not len(kept):
        zeros = np.zeros((len(ticks), 2, d), np.float32)
        return Timeline(sequence.video, sequence.athlete, ticks, frames, zeros, np.zeros(len(ticks), bool))
    known_s = times[kept]
    right = np.searchsorted(known_s, ticks - 1e-9)
    left = kept[np.clip(right - 1, 0, len(kept) - 1)]
    at = kept[np.clip(right, 0, len(kept) - 1)]
    left = np.where(right == 0, at, left)
    at = np.where(right == len(kept), left, at)
    span = times[at] - times[left]
    half = 0.5 / rate_hz
    valid = np.where(
        span > 0,
        (span <= BRIDGED_S) | (np.minimum(ticks - times[left], times[at] - ticks) <= 1e-6),
        np.abs(ticks - times[at]) <= half,
    )
    weight = np.where(span > 0, (ticks - times[left]) / np.where(span > 0, span, 1), 0).astype(np.float32)
    weight = weight[:, None, None]
    values = sequence.values[left] * (1 - weight) + sequence.values[at] * weight
    values[~valid] = 0
    return Timeline(sequence.video, sequence.athlete, ticks, frames, values, valid)


def to_timelines(sequences: Sequence[FeatureSequence], rate_hz: float) -> list[Timeline]:
    """Resample every sequence to one rate. Raises InputError where feature sizes differ."""
    sizes = sorted({s.d for s in sequences})
    if len(sizes) > 1:
        raise InputError(f"the sequences have features of sizes {sizes}; they must be of one kind")
    return [to_timeline(s, rate_hz) for s in sequences]
