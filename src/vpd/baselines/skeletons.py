"""The poses of a segment, of one or two persons, and their conversion to a graph network's input."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from vpd.pose.skeleton import MIRROR17
from vpd.types import Array

JOINTS = 17


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Poses of one segment.

    Attributes
    ----------
    video : id of the video.
    athletes : number of each person, the segment's own first.
    times_s : (T,) float64, every frame of the segment in which any of them has a pose.
    keypoints : (M, T, 17, 3) float32, x, y in pixels and score; all 0 where a person has no pose.
    width, height : of the picture, in pixels.
    """

    video: str
    athletes: tuple[int, ...]
    times_s: Array
    keypoints: Array
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.times_s)

    def at(self, frames: Array) -> Skeleton:
        """The skeletons at only these ``frames`` (a mask, or increasing indices)."""
        return replace(self, times_s=self.times_s[frames], keypoints=self.keypoints[:, frames])

    def digest(self) -> bytes:
        """A key of the skeletons for kept outcomes."""
        size = f"{self.width} {self.height}".encode()
        return hashlib.sha256(self.keypoints.tobytes() + self.times_s.tobytes() + size).digest()


def with_persons(skeleton: Skeleton, persons: int) -> Array:
    """(persons, T, 17, 3): the number of persons that a network takes; missing ones are 0."""
    points = skeleton.keypoints[:persons]
    missing = np.zeros((persons - len(points), *points.shape[1:]), np.float32)
    return np.concatenate([points, missing])


def in_picture(keypoints: Array, width: int, height: int) -> Array:
    """Poses (M, T, 17, 3) as ST-GCN's for Kinetics: x and y divided by the picture's size, minus 0.5; 0 if
    missing.
    """
    size = np.array([width, height, 1], np.float32)
    shift = np.array([0.5, 0.5, 0], np.float32)
    return _seen(keypoints, keypoints / size - shift)


def about_athlete(keypoints: Array) -> Array:
    """Poses (M, T, 17, 3) relative to the first person: centre 0, height of its mean box 1; 0 if missing.

    One shift and one scale apply to the whole segment, so that movement through the picture is kept.
    """
    seen = keypoints[0][..., 2] > 0
    frames = seen.any(1)
    if not frames.any():
        return np.zeros_like(keypoints)
    points = np.where(seen[..., None], keypoints[0][..., :2], np.nan)[frames]
    low, high = np.nanmin(points, 1), np.nanmax(points, 1)
    centre = ((low + high) / 2).mean(0)
    scale = max(float((high - low)[:, 1].mean()), 1.0)
    scaled = keypoints.copy()
    scaled[..., :2] = (keypoints[..., :2] - centre) / scale
    return _seen(keypoints, scaled)


def _seen(keypoints: Array, values: Array) -> Array:
    """``values`` and score where a joint has a score and is finite, else 0."""
    seen = (keypoints[..., 2:] > 0) & np.isfinite(keypoints).all(-1, keepdims=True)
    return np.where(seen, values, 0).astype(np.float32)


def bones(values: Array, parents: Array) -> Array:
    """(..., 17, 3): each joint minus its parent, the score too; the root's is 0 (MS-G3D, section 4.2)."""
    return values - values[..., parents, :]


def mirrored(values: Array) -> Array:
    """Mirror values (..., 17, 3) about 0: exchange left and right, and negate x."""
    return values[..., MIRROR17, :] * np.array([-1, 1, 1], np.float32)


def padded(values: Array, frames: int, rng: np.random.Generator | None) -> Array:
    """(M, frames, 17, 3): a short segment with zeros after its end, or a window of a long one.

    The window has a random position, or the middle one without ``rng``.
    """
    length = values.shape[1]
    if length >= frames:
        room = length - frames
        start = room // 2 if rng is None else int(rng.integers(room + 1))
        return values[:, start : start + frames]
    out = np.zeros((values.shape[0], frames, *values.shape[2:]), np.float32)
    out[:, :length] = values
    return out


def uniform(values: Array, frames: int, rng: np.random.Generator | None) -> Array:
    """(M, frames, 17, 3): one frame of each of ``frames`` equal parts (PYSKL): a random one, or the
    middle.
    """
    length = values.shape[1]
    edges = np.arange(frames + 1) * length / frames
    share = np.full(frames, 0.5) if rng is None else rng.random(frames)
    chosen = np.minimum((edges[:-1] + share * np.diff(edges)).astype(np.int64), length - 1)
    return values[:, chosen]


def random_move(values: Array, rng: np.random.Generator) -> Array:
    """Values (M, T, 17, 3) turned, scaled and shifted, changing from one random setting to another (ST-GCN's
    code).

    Angles are -10 to 10 degrees, scales 0.9 to 1.1, shifts -0.2 to 0.2, all linear in time. Missing joints
    stay 0.
    """
    frames = values.shape[1]
    share = np.linspace(0, 1, frames)

    def between(choices: list[float]) -> Array:
        first, last = rng.choice(choices, 2)
        path: Array = first + (last - first) * share
        return path

    angle = np.deg2rad(between([-10, -5, 0, 5, 10]))
    scale = between([0.9, 1.0, 1.1])
    shift = np.stack([between([-0.2, -0.1, 0, 0.1, 0.2]) for _ in range(2)], 1)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    moved = np.einsum("tab,mtvb->mtva", turn, values[..., :2]) + shift[None, :, None]
    out = values.copy()
    out[..., :2] = np.where(values[..., 2:] > 0, moved, values[..., :2])
    return out


COMPACT_MARGIN = 0.25
"""Margin around the box of all joints, as a share of its size (PoseConv3D, section 3.2)."""
CROP_AREA = (0.56, 1.0)
CROP_ASPECT = (3 / 4, 4 / 3)
"""Area, as a fraction, and aspect of the random crop in training (PoseConv3D)."""


def in_box(values: Array, rng: np.random.Generator | None) -> Array:
    """Poses (M, T, 17, 3) as fractions 0..1 of the square around all visible joints. Scores stay.

    In training the square is a random crop of it. Missing joints have score 0.
    """
    seen = (values[..., 2] > 0) & np.isfinite(values).all(-1)
    out = np.zeros_like(values)
    if not seen.any():
        return out
    points = values[..., :2][seen]
    low, high = points.min(0), points.max(0)
    side = np.full(2, max(float((high - low).max()), 1.0) * (1 + COMPACT_MARGIN))
    corner = (low + high - side) / 2
    if rng is not None:
        area, aspect = rng.uniform(*CROP_AREA), np.exp(rng.uniform(*np.log(CROP_ASPECT)))
        inner = np.minimum(np.sqrt(area * np.array([aspect, 1 / aspect])), 1) * side
        corner, side = corner + rng.random(2) * (side - inner), inner
    out[..., :2] = np.where(seen[..., None], (values[..., :2] - corner) / side, 0)
    out[..., 2] = np.where(seen, np.clip(values[..., 2], 0, 1), 0)
    return out
