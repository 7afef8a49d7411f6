"""The interface of pose estimators, and the cutting of their inputs."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from vpd.types import Array


class PoseEstimator(Protocol):
    """A top-down estimator: one person in each crop.

    Attributes
    ----------
    name : of the network, for records and mismatch checks.
    device : where it runs, for people.
    size : width and height of its crops in pixels.
    padding : the crop is this many times the person's box, after widening it to the crop's shape.
    joint_padding : the same for the box around the joints of a pose, which is tighter than the person's.
    """

    name: str
    device: str
    size: tuple[int, int]
    padding: float
    joint_padding: float

    def keypoints(self, crops: Array) -> Array:
        """Poses of ``crops`` (N, height, width, 3) uint8 RGB: (N, 17, 3) float32 x, y, score.

        x, y in pixels of the crop, score in 0..1.
        """
        ...


def crop_window(box: Array, size: tuple[int, int], padding: float) -> Array:
    """The window (4,) int64 x, y, w, h around ``box`` (4,) that has the shape of ``size``.

    The centre is that of the box, to half a pixel. Parts may lie outside the picture.
    """
    x, y, w, h = (float(v) for v in box)
    aspect = size[0] / size[1]
    high = max(h, w / aspect) * padding
    height = max(2, round(high))
    width = max(2, round(high * aspect))
    window: Array = np.array([round(x + w / 2 - width / 2), round(y + h / 2 - height / 2), width, height])
    return window


def in_picture(keypoints: Array, windows: Array, size: tuple[int, int]) -> Array:
    """Transform keypoints (N, 17, 3) in crops of ``size`` to the pictures that the ``windows`` (N, 4) were
    cut from.
    """
    moved = np.array(keypoints, np.float32)
    scale = windows[:, None, 2:] / np.array(size)
    moved[..., :2] = moved[..., :2] * scale + windows[:, None, :2]
    return moved
