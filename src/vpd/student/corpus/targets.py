"""Targets of one head for one athlete: its teacher's values, and which of them are known."""

from __future__ import annotations

import numpy as np

from vpd.settings.distill import HeadSettings
from vpd.types import Array, FeatureSequence


def find(frames: Array, wanted: Array) -> tuple[Array, Array]:
    """Positions of ``wanted`` in the increasing ``frames``, and whether each is present."""
    if not len(frames):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    position = np.minimum(np.searchsorted(frames, wanted), len(frames) - 1)
    return position, frames[position] == wanted


def head_targets(
    head: HeadSettings, min_score: float, features: FeatureSequence, frames: Array
) -> tuple[Array, Array]:
    """Values and weights (T, 2, D) of the targets that the head wants for one athlete's ``frames`` (T,).

    A weight is 1, or 0 where the teacher has no target: no feature, a score below ``min_score``, or no pose
    in the frame from which a motion is measured. Where no motion is known, the pose is no target either.
    """
    here, there = find(features.frames, frames)
    good = there & features.valid[here] & (features.scores[here] >= min_score)
    values, known = [features.values[here]], [good]
    for offset in head.motion:
        other, found = find(features.frames, frames + offset)
        sign = np.float32(np.sign(offset))
        values.append(sign * (features.values[other] - features.values[here]))
        known.append(good & found & features.valid[other])
    if head.motion:
        known[0] = good & np.any(known[1:], axis=0)
    weights = [np.broadcast_to(k[:, None, None], v.shape) for k, v in zip(known, values, strict=True)]
    return np.concatenate(values, axis=2), np.concatenate(weights, axis=2).astype(np.float32)
