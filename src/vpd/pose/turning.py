"""Find athletes upside down: uncertain poses are also estimated in the turned picture, and the likeliest
course is chosen.

Estimators learn from people who stand. In a picture turned until the athlete stands they work as usual
(docs/experiments/pose.md). Scores alone are bad at choosing the right turn. That a body moves little from one
frame to the next is a good criterion, so the poses of a track are chosen together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vpd.crops.geometry import cut_window
from vpd.pose.estimator import PoseEstimator, crop_window, in_picture
from vpd.pose.skeleton import BODY13, mean_score
from vpd.types import Array

QUARTERS = (1, 2, 3)
"""Turns that are tried, in quarters counterclockwise."""
DISTRUST = 0.1
"""Margin of score that a turned pose needs, because estimators did not learn from turned pictures."""
STIFFNESS = 7.0
"""Cost, in units of score, of a mean movement of the joints by the box's longer side between two frames."""
FARTHEST = 0.3
"""Largest movement of a joint, as a share of the box's longer side. Larger ones count as this."""
APART = 2
"""Frames farther apart than this are not compared."""


def turned_poses(pictures: Sequence[Array], boxes: Array, estimator: PoseEstimator) -> Array:
    """Poses (N, turns, 17, 3) in pixels of the ``boxes`` (N, 4), estimated in each turned picture."""
    found = []
    for quarters in QUARTERS:
        size = estimator.size if quarters % 2 == 0 else estimator.size[::-1]
        windows = np.stack([crop_window(box, size, estimator.padding) for box in boxes])
        crops = [
            np.ascontiguousarray(np.rot90(cut_window(rgb, window, size), quarters))
            for rgb, window in zip(pictures, windows, strict=True)
        ]
        poses = turned_back(estimator.keypoints(np.stack(crops)), quarters, size)
        found.append(in_picture(poses, windows, size))
    return np.stack(found, axis=1)


def turned_back(poses: Array, quarters: int, size: tuple[int, int]) -> Array:
    """Transform poses (N, 17, 3) in crops turned by `numpy.rot90` back to the original crops of ``size``."""
    width, height = size
    x, y = poses[..., 0], poses[..., 1]
    back = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[quarters % 4]
    return np.stack([*back, poses[..., 2]], axis=-1)


def choose(poses: Array, others: Mapping[int, Array], frames: Array, boxes: Array) -> Array:
    """The likeliest course (T, 17, 3) of a track's poses (T, 17, 3). In some rows ``others`` (turns, 17, 3)
    are further candidates.

    It has the least cost (Viterbi). A pose costs 1 minus its score, and a movement its size relative to the
    longer sides of the ``boxes`` (T, 4).
    """
    if not others:
        return poses
    candidates = [
        np.concatenate([pose[None], others[t]]) if t in others else pose[None] for t, pose in enumerate(poses)
    ]
    sides = boxes[:, 2:].max(axis=1)
    total = _unlikely(candidates[0])
    steps: list[Array] = []
    for t in range(1, len(poses)):
        if frames[t] - frames[t - 1] > APART:
            moved = np.zeros((len(candidates[t]), len(total)))
        else:
            moved = _movement(candidates[t], candidates[t - 1], max(float(sides[t]), 1.0))
        reached = total + STIFFNESS * moved
        steps.append(reached.argmin(axis=1))
        total = reached.min(axis=1) + _unlikely(candidates[t])
    chosen = [int(total.argmin())]
    for step in reversed(steps):
        chosen.append(int(step[chosen[-1]]))
    return np.stack([of[i] for of, i in zip(candidates, reversed(chosen), strict=True)])


def _unlikely(candidates: Array) -> Array:
    cost: Array = 1 - mean_score(candidates)
    cost[1:] += DISTRUST
    return cost


def _movement(now: Array, before: Array, side: float) -> Array:
    """Mean movement (N, M) of the body's joints between candidates, in sides of the box."""
    a, b = now[:, None, BODY13, :2], before[None, :, BODY13, :2]
    apart: Array = np.minimum(np.linalg.norm(a - b, axis=3) / side, FARTHEST).mean(axis=2)
    return apart
