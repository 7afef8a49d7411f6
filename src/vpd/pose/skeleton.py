"""The COCO-17 skeleton as data: names, left and right, bones, and the 13 joints that features use."""

from __future__ import annotations

import numpy as np

from vpd.types import COCO17 as COCO17
from vpd.types import Array

BODY13 = np.array([0, *range(5, 17)])
"""Indices of the joints kept for features: nose and the 12 body joints (paper, supplement)."""
SHOULDERS = [COCO17.index(name) for name in ("left_shoulder", "right_shoulder")]
HIPS = [COCO17.index(name) for name in ("left_hip", "right_hip")]


def mirror_order(names: tuple[str, ...]) -> Array:
    """For each joint the index of its mirror image: left and right exchanged."""
    swapped = [name.replace("left", "\0").replace("right", "left").replace("\0", "right") for name in names]
    return np.array([names.index(name) for name in swapped])


def mean_score(poses: Array) -> Array:
    """Mean score (...,) of the 13 joints of poses (..., 17, 3) (the paper's mean estimated joint score)."""
    score: Array = poses[..., BODY13, 2].mean(axis=-1)
    return score


MIRROR17 = mirror_order(COCO17)
MIRROR13 = mirror_order(tuple(COCO17[i] for i in BODY13))

BONES = (
    ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"), ("left_hip", "right_hip"), ("left_hip", "left_knee"),
    ("left_knee", "left_ankle"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
    ("nose", "left_shoulder"), ("nose", "right_shoulder"),
)  # fmt: skip
"""Bones to draw and to measure, by joint names."""
BONES17 = tuple((COCO17.index(a), COCO17.index(b)) for a, b in BONES)
BONES13 = tuple((list(BODY13).index(COCO17.index(a)), list(BODY13).index(COCO17.index(b))) for a, b in BONES)
