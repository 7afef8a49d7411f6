"""Cut a span out of a feature sequence, and resample it to a fixed rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vpd.errors import InputError
from vpd.types import Array, FeatureSequence

ARRAYS = ("frames", "times_s", "values", "valid", "scores")


def take_rows(sequence: FeatureSequence, rows: object) -> FeatureSequence:
    """The frames at ``rows``: a slice, a mask or increasing indices."""
    return replace(sequence, **{name: getattr(sequence, name)[rows] for name in ARRAYS})


def detached(sequence: FeatureSequence) -> FeatureSequence:
    """Copy the frames, so that they do not keep the whole video's features in memory."""
    return replace(sequence, **{name: getattr(sequence, name).copy() for name in ARRAYS})


def cut(sequence: FeatureSequence, start_s: float, end_s: float) -> FeatureSequence:
    """The frames of a sequence with start_s <= time < end_s.

    Parameters
    ----------
    sequence : FeatureSequence
        T frames.
    start_s, end_s : float
        Seconds of the video's clock.

    Returns
    -------
    FeatureSequence
        May be empty; a view of the same arrays.

    Examples
    --------
    >>> len(cut(sequence, 1.0, 2.0))
    20
    """
    first, last = np.searchsorted(sequence.times_s, [start_s, end_s], side="left")
    return take_rows(sequence, slice(int(first), int(last)))


def drop_invalid(sequence: FeatureSequence) -> FeatureSequence:
    """The frames that have a valid feature."""
    return sequence if sequence.valid.all() else take_rows(sequence, sequence.valid)


def seen_span(sequence: FeatureSequence) -> tuple[float, float, float]:
    """When the athlete is seen.

    Returns
    -------
    start_s, end_s, seen_s : float
        The first valid frame, the end of the last, and how long all valid frames last together, in seconds.
        A frame lasts as long as the median of the frames; a single one lasts no time. Zeros for none.
    """
    times = sequence.times_s[sequence.valid]
    if not len(times):
        return 0.0, 0.0, 0.0
    step = float(np.median(np.diff(sequence.times_s))) if len(sequence) > 1 else 0.0
    return float(times[0]), float(times[-1]) + step, step * len(times)


def tick_times(times_s: Array, rate_hz: float) -> Array:
    """The ticks at ``times_s[0] + i / rate_hz`` up to the last of the times (T,) in seconds; none for none.

    Raises InputError for a rate that is not positive.
    """
    if rate_hz <= 0:
        raise InputError(f"the rate {rate_hz} Hz is not positive")
    if not len(times_s):
        return np.empty(0)
    count = int(np.floor((times_s[-1] - times_s[0]) * rate_hz + 1e-6)) + 1
    ticks: Array = times_s[0] + np.arange(count) / rate_hz
    return ticks


def resample(sequence: FeatureSequence, rate_hz: float) -> FeatureSequence:
    """Resample a sequence to a rate, linearly between neighbouring frames.

    Ticks are those of `tick_times`. A tick is valid where both its neighbours are, at any distance:
    within an action, frames are missing only where the athlete is hidden. (Detection in uncut video limits
    the gap: `vpd.detection.timeline.to_timeline`.) The frame number of a tick is the nearest frame's, made
    increasing: where the rate is higher than the video's, ticks with the same nearest frame count on from it.

    Parameters
    ----------
    sequence : FeatureSequence
        T frames at any times.
    rate_hz : float
        Ticks a second, above 0.

    Returns
    -------
    FeatureSequence
        One row a tick; of fewer than two frames the sequence itself.

    Raises
    ------
    InputError
        For a rate that is not positive.

    Examples
    --------
    >>> resample(cut(sequence, 0.0, 1.0), 25).times_s[:3].round(2).tolist()
    [0.0, 0.04, 0.08]
    """
    times = sequence.times_s
    ticks = tick_times(times, rate_hz)
    if len(sequence) < 2:
        return sequence
    right = np.clip(np.searchsorted(times, ticks, side="left"), 1, len(times) - 1)
    left = right - 1
    weight = np.clip((ticks - times[left]) / (times[right] - times[left]), 0, 1).astype(np.float32)
    values = sequence.values[left] + weight[:, None, None] * (sequence.values[right] - sequence.values[left])
    valid = (sequence.valid[left] | (weight >= 1)) & (sequence.valid[right] | (weight <= 0))
    scores = sequence.scores[left] + weight * (sequence.scores[right] - sequence.scores[left])
    nearest = np.where(weight < 0.5, sequence.frames[left], sequence.frames[right])
    steps = np.arange(len(ticks))
    frames = np.maximum.accumulate(nearest - steps) + steps
    return replace(sequence, frames=frames, times_s=ticks, values=values, valid=valid, scores=scores)
