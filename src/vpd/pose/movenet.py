"""MoveNet SinglePose Thunder: one person in a square of 256 pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from vpd.models import model_path
from vpd.models.session import open_session, session_device
from vpd.types import Array

SIDE = 256
PADDING = 1.2
"""Side of the crop over the longer side of a detected box (measured: docs/experiments/pose.md)."""
JOINT_PADDING = 1.35
"""Side of the crop over the longer side of the joints' box (the model's description)."""
NEARNESS = np.float32(1.8)
"""Cells added to a distance before dividing by it: the published decoding's constant."""
OUTPUTS = ["heatmap", "center_weighted", "regress", "offset"]


class MoveNet:
    """MoveNet Thunder (v4) in float32. ``threads`` of the CPU; 0 for all."""

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
    """Joints (N, 17, 3) float32 y, x in 0..1 and score, from the network's heads.

    heatmap (N, 17, S, S), center_weighted (N, 1, S, S), regress and offset (N, 34, S, S) with y, x of joint j
    in the channels 2j, 2j + 1. A joint is the cell of greatest heatmap over distance from where the person's
    centre points to, plus its offset.
    """
    n, joints, s, _ = heatmap.shape
    item, joint = np.arange(n), np.arange(joints)
    centre = center_weighted.reshape(n, -1).argmax(axis=1)
    cy, cx = centre // s, centre % s
    ahead = regress[item, :, cy, cx].reshape(n, joints, 2)
    cells = np.arange(s, dtype=np.float32)
    dy = (cells - (cy[:, None] + ahead[..., 0])[..., None]) ** 2
    dx = (cells - (cx[:, None] + ahead[..., 1])[..., None]) ** 2
    away = dy[..., :, None] + dx[..., None, :]
    np.sqrt(away, out=away)
    away += NEARNESS
    np.divide(heatmap, away, out=away)
    best = away.reshape(n, joints, -1).argmax(axis=2)
    y, x = best // s, best % s
    shift = offset.reshape(n, joints, 2, s, s)[item[:, None], joint, :, y, x]
    score = heatmap[item[:, None], joint, y, x]
    found: Array = np.stack([(y + shift[..., 0]) / s, (x + shift[..., 1]) / s, score], axis=-1)
    return found.astype(np.float32)
