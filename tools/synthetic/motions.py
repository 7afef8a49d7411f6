"""Motions of the DeepMimic humanoid, read from the package ``pybullet_data`` and sampled at any time.

A motion is a root position and the rotations of 13 links relative to their parents. Axes are those of the
rest of this tool: metres, z up, the figure at rest faces -y, its left is +x.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

LINKS = (
    "root", "chest", "neck",
    "right_hip", "right_knee", "right_ankle", "right_shoulder", "right_elbow",
    "left_hip", "left_knee", "left_ankle", "left_shoulder", "left_elbow",
)  # fmt: skip
"""Links in the order of the file; each rotation is relative to the link's parent."""

PARENTS = (-1, 0, 1, 0, 3, 4, 1, 6, 0, 8, 9, 1, 11)
MIRROR = (0, 1, 2, 8, 9, 10, 11, 12, 3, 4, 5, 6, 7)
"""Index of the link on the other side of the body."""

HINGES = {"right_knee", "right_elbow", "left_knee", "left_elbow"}
TO_WORLD = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From the axes of the file (x forward, y up, z right) to ours."""


@dataclass(frozen=True, eq=False)
class Motion:
    """T key poses.

    Attributes
    ----------
    times_s : (T,) from 0.
    roots : (T, 3) position of the pelvis in metres of the DeepMimic figure (standing: about 0.85 up).
    quats : (T, 13, 4) x, y, z, w; neighbours in time lie on the same half sphere.
    """

    name: str
    times_s: np.ndarray
    roots: np.ndarray
    quats: np.ndarray

    @property
    def duration_s(self) -> float:
        return float(self.times_s[-1])

    def at(self, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Roots (N, 3) and quaternions (N, 13, 4) at any times, held beyond both ends.

        Between two neighbours the straight line stands for the arc: they are at most 1/16 s apart.
        """
        right = np.clip(np.searchsorted(self.times_s, times_s), 1, len(self.times_s) - 1)
        left = right - 1
        span = self.times_s[right] - self.times_s[left]
        weight = np.clip((times_s - self.times_s[left]) / span, 0.0, 1.0)
        roots = self.roots[left] + weight[:, None] * (self.roots[right] - self.roots[left])
        w = weight[:, None, None]
        return roots, normalised((1 - w) * self.quats[left] + w * self.quats[right])

    def mirrored(self) -> Motion:
        """The same motion of the other side of the body."""
        quats = self.quats[:, MIRROR] * np.array([1.0, -1.0, -1.0, 1.0])
        return Motion(self.name, self.times_s, self.roots * np.array([-1.0, 1.0, 1.0]), quats)


def normalised(quats: np.ndarray) -> np.ndarray:
    """Quaternions of length one."""
    return quats / np.linalg.norm(quats, axis=-1, keepdims=True)


def continuous(quats: np.ndarray) -> np.ndarray:
    """The same rotations with signs chosen so that neighbours along the first axis are close."""
    flips = np.where((quats[1:] * quats[:-1]).sum(axis=-1) < 0, -1.0, 1.0)
    signs = np.concatenate([np.ones_like(flips[:1]), np.cumprod(flips, axis=0)])
    return quats * signs[..., None]


def folder() -> Path:
    """Where ``pybullet_data`` keeps the motions."""
    import pybullet_data

    return Path(pybullet_data.getDataPath()) / "data" / "motions"


@lru_cache
def load(name: str) -> Motion:
    """The motion ``humanoid3d_<name>.txt``."""
    frames = np.array(json.loads((folder() / f"humanoid3d_{name}.txt").read_text())["Frames"])
    column = 4
    rotations = []
    for link in LINKS:
        if link in HINGES:
            local = Rotation.from_rotvec(frames[:, column, None] * np.array([0.0, 0.0, 1.0]))
            column += 1
        else:
            local = Rotation.from_quat(frames[:, [column + 1, column + 2, column + 3, column]])
            column += 4
        axes = Rotation.from_matrix(TO_WORLD)
        rotations.append((axes * local * axes.inv()).as_quat())
    times_s = np.concatenate([[0.0], np.cumsum(frames[:-1, 0])])
    return Motion(name, times_s, frames[:, 1:4] @ TO_WORLD.T, continuous(np.stack(rotations, axis=1)))


def standing() -> Motion:
    """A figure at ease: arms a little out and bent, knees soft."""
    quats = np.tile([0.0, 0.0, 0.0, 1.0], (2, len(LINKS), 1))
    for link, rotvec in {
        "right_shoulder": (0.10, 0.18, 0.0), "left_shoulder": (0.10, -0.18, 0.0),
        "right_elbow": (-0.35, 0.0, 0.0), "left_elbow": (-0.35, 0.0, 0.0),
        "right_hip": (-0.10, 0.08, -0.1), "left_hip": (-0.10, -0.08, 0.1),
        "right_knee": (0.18, 0.0, 0.0), "left_knee": (0.18, 0.0, 0.0),
        "right_ankle": (-0.08, 0.0, 0.0), "left_ankle": (-0.08, 0.0, 0.0),
    }.items():  # fmt: skip
        quats[:, LINKS.index(link)] = Rotation.from_rotvec(rotvec).as_quat()
    return Motion("idle", np.array([0.0, 60.0]), np.tile([0.0, 0.0, 0.84], (2, 1)), quats)
