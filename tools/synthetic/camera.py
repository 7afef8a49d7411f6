"""Cameras: where they stand, how they follow, and how points fall into the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAR_M, FAR_M = 0.1, 80.0


@dataclass(frozen=True, eq=False)
class Views:
    """T views of one moving camera.

    Attributes
    ----------
    world_to_camera : (T, 3, 4), camera axes x right, y down, z forward, metres.
    intrinsics : (T, 3, 3), pixels.
    """

    world_to_camera: np.ndarray
    intrinsics: np.ndarray
    width: int
    height: int

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World points (T, N, 3) in camera axes."""
        turned = np.einsum("tij,tnj->tni", self.world_to_camera[:, :, :3], points)
        return turned + self.world_to_camera[:, None, :, 3]

    def project(self, points: np.ndarray) -> np.ndarray:
        """World points (T, N, 3) in pixels (T, N, 2)."""
        seen = np.einsum("tij,tnj->tni", self.intrinsics, self.to_camera(points))
        return seen[..., :2] / np.maximum(seen[..., 2:], 1e-6)

    def clip_matrices(self) -> np.ndarray:
        """(T, 4, 4) from the world to OpenGL's clip space."""
        count = len(self.intrinsics)
        k = self.intrinsics
        clip = np.zeros((count, 4, 4))
        clip[:, 0, 0] = 2 * k[:, 0, 0] / self.width
        clip[:, 0, 2] = 2 * k[:, 0, 2] / self.width - 1
        clip[:, 1, 1] = -2 * k[:, 1, 1] / self.height
        clip[:, 1, 2] = 1 - 2 * k[:, 1, 2] / self.height
        clip[:, 2, 2] = (FAR_M + NEAR_M) / (FAR_M - NEAR_M)
        clip[:, 2, 3] = -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M)
        clip[:, 3, 2] = 1.0
        rigid = np.zeros((count, 4, 4))
        rigid[:, :3] = self.world_to_camera
        rigid[:, 3, 3] = 1.0
        return clip @ rigid


def look_at(eyes: np.ndarray, targets: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """(T, 3, 4) of cameras at ``eyes`` (T, 3) towards ``targets`` (T, 3), turned by ``roll`` (T,) radians."""
    forward = targets - eyes
    forward = forward / np.linalg.norm(forward, axis=1, keepdims=True)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right = right / np.linalg.norm(right, axis=1, keepdims=True)
    down = np.cross(forward, right)
    c, s = np.cos(roll)[:, None], np.sin(roll)[:, None]
    rotation = np.stack([c * right + s * down, c * down - s * right, forward], axis=1)
    return np.concatenate([rotation, -np.einsum("tij,tj->ti", rotation, eyes)[..., None]], axis=2)


def intrinsics(focal: np.ndarray, width: int, height: int) -> np.ndarray:
    """(T, 3, 3) from the focal length in pixels (T,)."""
    k = np.zeros((len(focal), 3, 3))
    k[:, 0, 0] = k[:, 1, 1] = focal
    k[:, 0, 2], k[:, 1, 2], k[:, 2, 2] = width / 2, height / 2, 1.0
    return k
