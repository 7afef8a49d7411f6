"""The motion of boxes: a constant-velocity Kalman filter over many boxes at once.

Centre, width and height move independently of each other. So the usual 8 x 8 filter of ByteTrack separates
into four filters of position and velocity, which are written out here.
"""

from __future__ import annotations

import numpy as np

from vpd.types import Array

# Noise as a share of the box's width or height, at one frame of 1/30 s (ByteTrack, BoT-SORT).
POSITION_NOISE = 1 / 20
VELOCITY_NOISE = 1 / 160


def _centred(boxes: Array) -> Array:
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.concatenate([boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]], axis=1)


class BoxFilter:
    """States of N boxes: ``position`` and ``velocity`` (N, 4) of cx, cy, w, h, and their covariances."""

    def __init__(self) -> None:
        self.position = np.empty((0, 4))
        self.velocity = np.empty((0, 4))
        self.pp, self.pv, self.vv = (np.empty((0, 4)) for _ in range(3))

    @property
    def boxes(self) -> Array:
        """(N, 4) float64 xywh of the present states."""
        size = np.maximum(self.position[:, 2:], 1e-3)
        joined: Array = np.concatenate([self.position[:, :2] - size / 2, size], axis=1)
        return joined

    def _scale(self) -> Array:
        return np.tile(np.maximum(self.position[:, 2:], 1e-3), 2)

    def add(self, boxes: Array) -> None:
        """Append ``boxes`` (M, 4) at rest."""
        new = _centred(boxes)
        scale = np.tile(new[:, 2:], 2)
        zero = np.zeros_like(new)
        self.position = np.concatenate([self.position, new])
        self.velocity = np.concatenate([self.velocity, zero])
        self.pp = np.concatenate([self.pp, (2 * POSITION_NOISE * scale) ** 2])
        self.pv = np.concatenate([self.pv, zero])
        self.vv = np.concatenate([self.vv, (10 * VELOCITY_NOISE * scale) ** 2])

    def keep(self, rows: Array) -> None:
        """Drop all boxes except ``rows``."""
        for name in ("position", "velocity", "pp", "pv", "vv"):
            setattr(self, name, getattr(self, name)[rows])

    def predict(self, steps: float) -> None:
        """Predict ``steps`` frames of 1/30 s ahead. The uncertainty grows."""
        scale = self._scale()
        self.position = self.position + steps * self.velocity
        self.pp = self.pp + 2 * steps * self.pv + steps**2 * self.vv + steps * (POSITION_NOISE * scale) ** 2
        self.pv = self.pv + steps * self.vv
        self.vv = self.vv + steps * (VELOCITY_NOISE * scale) ** 2

    def update(self, rows: Array, boxes: Array) -> None:
        """Correct the states ``rows`` by observed boxes (len(rows), 4)."""
        noise = (POSITION_NOISE * self._scale()[rows]) ** 2
        pp, pv, vv = self.pp[rows], self.pv[rows], self.vv[rows]
        gain_p, gain_v = pp / (pp + noise), pv / (pp + noise)
        error = _centred(boxes) - self.position[rows]
        self.position[rows] += gain_p * error
        self.velocity[rows] += gain_v * error
        self.pp[rows] = (1 - gain_p) * pp
        self.pv[rows] = (1 - gain_p) * pv
        self.vv[rows] = vv - gain_v * pv
