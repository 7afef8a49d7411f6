"""MoveNet SinglePose Thunder: one person in a square of 256 pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from vpd.models import model_path
from vpd.models.session import open_session, session_device
from vpd.pose.movenet_decoding import decode_heads
from vpd.types import Array

SIDE = 256
PADDING = 1.2
"""Ratio of the crop's side to the longer side of a detected box (measured: docs/experiments/pose.md)."""
JOINT_PADDING = 1.35
"""Ratio of the crop's side to the longer side of the joints' box (the model's description)."""
OUTPUTS = ["heatmap", "center_weighted", "regress", "offset"]


class MoveNet:
    """MoveNet Thunder (v4) in float32. ``threads`` is the number of CPU threads; 0 means all."""

    name = "movenet_thunder"
    size = (SIDE, SIDE)
    padding = PADDING
    joint_padding = JOINT_PADDING

    def __init__(self, threads: int = 0) -> None:
        self.session: Any = open_session(model_path(self.name), threads)
        self.device = session_device(self.session)

    def keypoints(self, crops: Array) -> Array:
        """Poses of crops (N, 256, 256, 3) uint8 RGB: (N, 17, 3) x, y in crop pixels, score in 0..1."""
        heads = self.session.run(OUTPUTS, {"image": crops.astype(np.float32)})
        yx = decode(*heads)
        pose: Array = np.stack([yx[..., 1] * SIDE, yx[..., 0] * SIDE, yx[..., 2]], axis=-1)
        return pose


def decode(heatmap: Array, center_weighted: Array, regress: Array, offset: Array) -> Array:
    """Joints (N, 17, 3) float32 y, x in 0..1 and score, from the network's heads (`decode_heads`)."""
    ticks = np.arange(heatmap.shape[-1], dtype=np.float32)
    x, y, score, *_ = decode_heads(heatmap, center_weighted, regress, offset, ticks, _take)
    return np.stack([y, x, score], axis=-1).astype(np.float32)


def _take(values: Array, cells: Array) -> Array:
    taken: Array = np.take_along_axis(values, cells[:, :, None, None], 3)[..., 0]
    return taken
