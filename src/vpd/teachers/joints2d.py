"""The teacher of 2D-VPD: 13 joints, centred at the hips, scaled by the torso (paper 3.1, supplement)."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from vpd.pose.skeleton import BODY13, HIPS, MIRROR13, SHOULDERS, mean_score
from vpd.types import Array, FeatureSequence, PoseSequence

D = 26
"""Size of a feature: x and y of 13 joints."""
TORSO = [*SHOULDERS, *HIPS]


def normalise(keypoints: Array) -> Array:
    """Normalise poses (T, 17, 3) in pixels to (T, 13, 2) float32: mid-hip at 0, largest torso distance 0.5.

    Each pose is divided by twice the largest of the six distances between shoulders and hips. A distance of
    zero counts as 1.
    """
    points = np.asarray(keypoints, np.float64)[:, :, :2]
    centred = points - points[:, HIPS].mean(axis=1, keepdims=True)
    largest = torso_lengths(keypoints)
    largest = np.where(largest == 0, 1.0, largest)
    normalised: Array = (centred[:, BODY13] / (2 * largest[:, None, None])).astype(np.float32)
    return normalised


def torso_lengths(keypoints: Array) -> Array:
    """(T,) largest of the six distances between shoulders and hips of poses (T, 17, 3), in pixels."""
    points = np.asarray(keypoints, np.float64)[:, :, :2]
    pairs = [np.linalg.norm(points[:, a] - points[:, b], axis=1) for a, b in combinations(TORSO, 2)]
    largest: Array = np.max(pairs, axis=0)
    return largest


def mirror(normalised: Array) -> Array:
    """Normalised poses (T, 13, 2) of the mirrored picture: left and right exchanged, x negated."""
    return (normalised[:, MIRROR13] * np.array([-1, 1], np.float32)).astype(np.float32)


def features(poses: PoseSequence, times_s: Array, video: str = "") -> FeatureSequence:
    """Normalised joints of both orientations, d = 26, one row a pose.

    ``times_s`` holds the time of every frame of the video. A pose with a joint that is not finite, or without
    any score, has no feature.
    """
    scores = mean_score(np.asarray(poses.keypoints, np.float32))
    valid = np.isfinite(poses.keypoints[:, BODY13]).all(axis=(1, 2)) & (scores > 0)
    points = normalise(np.where(valid[:, None, None], poses.keypoints, 0))
    values = np.stack([points, mirror(points)], axis=1).reshape(-1, 2, D)
    return FeatureSequence(
        video=video,
        athlete=poses.athlete,
        frames=poses.frames,
        times_s=np.asarray(times_s, np.float64)[poses.frames],
        values=values,
        valid=valid,
        scores=np.where(valid, scores, 0),
    )
