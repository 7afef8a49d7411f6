"""Cut the squares around an athlete's wrists out of the crops."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import median_filter

from vpd.crops import CropFile
from vpd.crops.geometry import to_crop
from vpd.pose.skeleton import COCO17, HIPS, SHOULDERS
from vpd.types import Array, PoseSequence

WRISTS = [COCO17.index(name) for name in ("left_wrist", "right_wrist")]
SIDE = 1.6
"""Side of a patch in lengths of the torso: an implement that the hand holds is seen in part or as a whole."""
TORSO_FRAMES = 61
"""The torso's length is the median over so many frames, as that of one frame depends on the view."""
LEAST_SIDE = 4.0
"""Smallest side of a patch in pixels of the crop."""


def torso_lengths(poses: PoseSequence) -> Array:
    """(T,) lengths of the torso in pixels of the picture, from mid-shoulder to mid-hip, running medians."""
    points = poses.keypoints[..., :2].astype(np.float64)
    torso = points[:, SHOULDERS].mean(axis=1) - points[:, HIPS].mean(axis=1)
    lengths: Array = median_filter(np.linalg.norm(torso, axis=1), TORSO_FRAMES, mode="nearest")
    return lengths


def hand_patches(crops: CropFile, rows: Array, poses: PoseSequence, size: int) -> Array:
    """(N, 2, size, size, 3) uint8, upright squares around the left and the right wrist.

    Parameters
    ----------
    rows : (N,) of the file of crops, of one athlete, each in a frame with a pose.
    poses : of the same athlete.
    size : of a patch in pixels. What lies outside the crop repeats its edge.
    """
    at = np.searchsorted(poses.frames, crops.frames[rows])
    squares = crops.squares[rows]
    centres = to_crop(poses.keypoints[at][:, WRISTS, :2], squares) * crops.size
    sides = np.maximum(SIDE * torso_lengths(poses)[at] / squares[:, 2] * crops.size, LEAST_SIDE)
    pictures = crops.rgb(rows)
    patches = np.empty((len(rows), len(WRISTS), size, size, 3), np.uint8)
    for i, (picture, side) in enumerate(zip(pictures, sides, strict=True)):
        for hand, (x, y) in enumerate(centres[i]):
            step = side / size
            corner = np.array([[step, 0, x - side / 2], [0, step, y - side / 2]])
            patches[i, hand] = cv2.warpAffine(
                picture,
                corner,
                (size, size),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
    return patches
