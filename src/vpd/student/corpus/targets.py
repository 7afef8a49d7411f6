"""What one head is taught of one athlete: its teacher's values, and how far they are trusted."""

from __future__ import annotations

import numpy as np

from vpd.errors import InputError
from vpd.pose.skeleton import BODY13, MIRROR13
from vpd.settings.distill import HeadSettings
from vpd.types import Array, FeatureSequence, PoseSequence


def find(frames: Array, wanted: Array) -> tuple[Array, Array]:
    """Positions of ``wanted`` in the increasing ``frames``, and which are really there."""
    if not len(frames):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    position = np.minimum(np.searchsorted(frames, wanted), len(frames) - 1)
    return position, frames[position] == wanted


def agreement(stray: Array, half: float) -> Array:
    """Weights 0..1 of joints that stray (...,): half at ``half`` sides of the crop, 1 where not known."""
    weights: Array = np.where(np.isnan(stray), 1, 1 / (1 + np.square(stray / half)))
    return weights.astype(np.float32)


def _confidence(
    head: HeadSettings,
    features: FeatureSequence,
    poses: PoseSequence | None,
    frames: Array,
    stray: Array | None,
) -> Array:
    """How far the head trusts each component of its teacher's features, shaped as their values."""
    by_joint = np.ones((len(features.frames), len(BODY13)), np.float32)
    if head.weighting == "frame":
        by_joint *= features.scores[:, None]
    elif head.weighting == "joint" and poses is not None:
        row, found = find(poses.frames, features.frames)
        by_joint = np.where(found[:, None], poses.keypoints[row][:, BODY13, 2], 0)
    if head.consistency and stray is not None:
        row, found = find(frames, features.frames)
        by_joint = by_joint * agreement(
            np.where(found[:, None], stray[row][:, BODY13], np.nan), head.consistency
        )
    if head.weighting == "joint":
        return np.stack([by_joint, by_joint[:, MIRROR13]], axis=1).repeat(2, axis=2)
    return np.broadcast_to(by_joint.mean(axis=1)[:, None, None], features.values.shape)


def head_targets(
    head: HeadSettings,
    min_score: float,
    features: FeatureSequence,
    poses: PoseSequence | None,
    frames: Array,
    stray: Array | None = None,
) -> tuple[Array, Array]:
    """Values and weights (T, 2, D) of one athlete's ``frames`` (T,), as the head wants them of its teacher.

    ``stray`` (T, 17) says how far their joints stray from the flow (`strays`), None where nothing does.
    """
    here, there = find(features.frames, frames)
    good = there & features.valid[here] & (features.scores[here] >= min_score)
    confidence = _confidence(head, features, poses, frames, stray)
    values, weights = [features.values[here]], [np.where(good[:, None, None], confidence[here], 0)]
    for offset in head.motion:
        other, found = find(features.frames, frames + offset)
        moved = good & found & features.valid[other]
        sign = np.float32(np.sign(offset))
        values.append(sign * (features.values[other] - features.values[here]))
        lower = np.minimum(confidence[here], confidence[other])
        weights.append(np.where(moved[:, None, None], lower, 0))
    if head.motion:
        moves = np.any([w.any(axis=(1, 2)) for w in weights[1:]], axis=0)
        weights[0] = weights[0] * moves[:, None, None]
    return np.concatenate(values, axis=2), np.concatenate(weights, axis=2).astype(np.float32)


def fill_gaps(
    head: HeadSettings, values: Array, weights: Array, before: FeatureSequence, frames: Array
) -> None:
    """Where the teacher has no target, take what an earlier student (``before``) says as the pose, in place.

    Raises InputError where that student's feature is not the teacher's.
    """
    size, d = values.shape[2] // (1 + len(head.motion)), before.values.shape[2]
    if size != d:
        raise InputError(
            f"{head.fill} has {d} numbers a frame and cannot stand for {head.teacher}, which has {size}. "
            "Set fill in [[distill.heads]] to a student of that teacher alone, without a decoder."
        )
    here, there = find(before.frames, frames)
    gaps = there & before.valid[here] & ~weights.any(axis=(1, 2))
    values[gaps, :, :d] = before.values[here[gaps]]
    weights[gaps, :, :d] = 1
