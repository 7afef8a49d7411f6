"""Small clips and skeletons whose class shows: how a square moves, how a body does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vpd.baselines.clips import Clip, clips_of
from vpd.baselines.skeletons import Skeleton
from vpd.crops import make_crops, write_crops
from vpd.flow import make_flow
from vpd.library.artefact import Recipe
from vpd.settings.crop import CropSettings
from vpd.types import Track
from vpd.video import Frame

SIDE = 64
"""Of the crops made here."""
FRAMES = 12
FPS = 25.0


def picture(label: str, t: float, rng: np.random.Generator) -> np.ndarray:
    """A bright square on noise that moves right ("a"), left ("b"), or stays and grows ("c")."""
    out = rng.integers(0, 60, (SIDE, SIDE, 3), dtype=np.uint8)
    x = {"a": 8 + 40 * t, "b": 48 - 40 * t, "c": 28}[label]
    half = 5 if label != "c" else 4 + int(16 * t)
    y = SIDE // 2
    out[max(0, y - half) : y + half, max(0, int(x) - half) : int(x) + half] = (220, 180, 40)
    return out


def made_clips(folder: Path, count: int, seed: int = 0) -> tuple[list[Clip], np.ndarray]:
    """``count`` clips of each of three classes, each a file of crops of its own video."""
    rng = np.random.default_rng(seed)
    clips, labels = [], []
    for i in range(count):
        for label in "abc":
            video = f"{label}{seed}_{i}"
            frames = [Frame(t, t / FPS, picture(label, t / FRAMES, rng)) for t in range(FRAMES)]
            n = len(frames)
            track = Track(
                1,
                np.arange(n),
                np.arange(n) / FPS,
                np.tile(np.array([0, 0, SIDE, SIDE], np.float32), (n, 1)),
                np.ones(n),
                np.full(n, "user"),
            )
            path = folder / f"{video}.arrow"
            settings = CropSettings(size=SIDE, padding=0)
            batches = make_crops(frames, [track], make_flow("dis", "cpu"), settings)
            write_crops(path, batches, Recipe("crop", 1))
            clips.append(clips_of(video, path, 0.0, 1.0)[1])
            labels.append(label)
    return clips, np.array(labels)


STANDING = np.array(
    [
        (0, 0), (-2, -2), (2, -2), (-4, 0), (4, 0), (-10, 10), (10, 10), (-14, 25), (14, 25), (-15, 40),
        (15, 40), (-7, 45), (7, 45), (-7, 70), (7, 70), (-7, 95), (7, 95),
    ],
    np.float32,
)  # fmt: skip
"""COCO-17 joints of somebody who stands, pixels about the nose."""


def made_skeleton(label: str, video: str, rng: np.random.Generator, frames: int = 20) -> Skeleton:
    """One person who raises both hands ("a"), squats ("b"), or walks ("c")."""
    t = np.linspace(0, 1, frames)[:, None]
    points = np.tile(STANDING, (frames, 1, 1)) + rng.normal(0, 0.5, (frames, 17, 2))
    if label == "c":
        points[..., 0] += 120 * t
    elif label == "a":
        points[:, 9:11, 1] -= 70 * t
    else:
        points[:, :13, 1] += 40 * t
    points = points + rng.uniform(150, 250, 2)
    scores = rng.uniform(0.5, 1, (frames, 17, 1))
    keypoints = np.concatenate([points, scores], 2)[None].astype(np.float32)
    return Skeleton(video, (1,), np.arange(frames) / FPS, keypoints, 640, 480)


def made_skeletons(count: int, seed: int = 0) -> tuple[list[Skeleton], np.ndarray]:
    """``count`` skeletons of each of three classes."""
    rng = np.random.default_rng(seed)
    labels = np.array([label for _ in range(count) for label in "abc"])
    return [made_skeleton(label, f"v{seed}_{i}", rng) for i, label in enumerate(labels)], labels
