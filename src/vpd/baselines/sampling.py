"""Choose the frames of a clip for a network: segments as in TSN, or frames at a stride."""

from __future__ import annotations

import numpy as np

from vpd.types import Array


def random_segments(frames: int, segments: int, length: int, rng: np.random.Generator) -> Array:
    """(segments,) first frames for training (TSN, section 3.1): a random one in each equal part.

    Each is followed by ``length`` frames, five for flow. Where there are fewer frames than segments need,
    they are drawn in order with repeats. Where there are fewer frames than segments, all are the first frame.
    """
    room = frames - length + 1
    part = room // segments
    if part > 0:
        return np.arange(segments) * part + rng.integers(part, size=segments)
    if frames > segments and room > 0:
        return np.sort(rng.integers(room, size=segments))
    return np.zeros(segments, np.int64)


def middle_segments(frames: int, segments: int, length: int) -> Array:
    """(segments,) first frames for testing: the middle of each part; 0 where there are too few frames."""
    if frames <= segments + length - 1:
        return np.zeros(segments, np.int64)
    tick = (frames - length + 1) / segments
    return np.array([int(tick / 2 + tick * i) for i in range(segments)], np.int64)


def strided(frames: int, count: int, stride: int, rng: np.random.Generator | None) -> Array:
    """(count,) frames ``stride`` apart from a random start, or in the middle without ``rng``.

    The last frame is repeated where the clip is too short.
    """
    span = (count - 1) * stride + 1
    room = max(0, frames - span)
    start = room // 2 if rng is None else int(rng.integers(room + 1))
    return np.minimum(start + stride * np.arange(count), frames - 1)


def stacks(first: Array, length: int, frames: int) -> Array:
    """(segments, length): the frames of each stack. The last frame is repeated at the clip's end."""
    each: Array = np.minimum(first[:, None] + np.arange(length), frames - 1)
    return each
