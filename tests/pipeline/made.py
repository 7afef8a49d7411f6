"""Tiny libraries for tests: short videos with given boxes, and a student of no account."""

import json
from pathlib import Path

import numpy as np
from torch import nn

from vpd.library.artefact import write_text
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.library.sealed_files import write_json
from vpd.pipeline import distill
from vpd.pipeline.register import add_videos, make_library
from vpd.student.network.backbones import BACKBONES
from vpd.types import FeatureSequence
from vpd.video import write_video

FRAMES = 6

BASE = """
[teach]
teachers = ["joints2d"]
[distill]
backbone = "averages"
heads = [{ teacher = "joints2d" }]
images = 64
epoch_images = 32
trainer = "trainer.toml"
min_score = 0.0
device = "cpu"
"""
TRAINER = """
batch = 8
validation_images = 8
"""
"""A training of eight steps; every pose counts, as nobody is in these pictures."""


def averages(spec, d, weights):
    """An encoder that sees the mean of each ninth of the crop."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * spec.channels, d))


BACKBONES["averages"] = averages


def make_video(path: Path, seed: int = 0, frames: int = FRAMES) -> Path:
    """A few frames of coloured blocks."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 255, (frames, 6, 8, 3), dtype=np.uint8)
    write_video((np.kron(block, np.ones((16, 16, 1), np.uint8)) for block in blocks), 25, path)
    return path


def made_library(folder: Path, names: list[str], settings: str = "", frames: int = FRAMES) -> Layout:
    """A library of such videos, each with a box a frame so that nothing has to be detected."""
    videos = [make_video(folder / "videos" / f"{name}.mp4", i, frames) for i, name in enumerate(names)]
    layout = make_library(folder / "lib")
    add_videos(layout, videos)
    for name in names:
        write_boxes(layout, name, frames=frames)
    set_settings(layout, settings)
    return layout


def made_posed_library(folder: Path, names: list[str], settings: str = "") -> Layout:
    """The same with given poses, so that nothing has to be estimated either."""
    layout = made_library(folder, names, settings)
    for seed, name in enumerate(names):
        write_given_poses(layout, name, seed)
    return layout


def set_settings(layout: Layout, settings: str = "") -> None:
    """Write vpd.toml and its trainer's file: what makes tests quick, and ``settings``."""
    layout.settings.write_text(BASE + settings)
    (layout.root / "trainer.toml").write_text(TRAINER)


def write_boxes(layout: Layout, video: str, x: int = 20, frames: int = FRAMES) -> None:
    rows = "\n".join(f"{frame},{x},10,40,70" for frame in range(frames))
    write_text(f"frame,x,y,w,h\n{rows}\n", layout.boxes(video))


def fake_distill(sources, videos, progress):
    """Writes what a training would, at once."""
    folder = distill.folder(sources)
    folder.mkdir(parents=True, exist_ok=True)
    recipe = distill.recipe(sources, videos)
    (folder / distill.WEIGHTS).write_bytes(recipe.key.encode())
    record = json.loads(next(iter(recipe.to_metadata().values())))
    write_json(folder / distill.CONFIG, {"key": recipe.key, "recipe": record})


def fake_embed(work, wanted):
    """Features of zeros."""
    values = np.zeros((FRAMES, 2, 4), np.float32)
    frames = np.arange(FRAMES)
    sequence = FeatureSequence(
        work.video, 0, frames, frames / 25, values, np.ones(FRAMES, bool), np.ones(FRAMES)
    )
    write_features(wanted[0].path, [sequence], 4, wanted[0].recipe)


def write_given_poses(layout: Layout, video: str, seed: int = 0, frames: int = FRAMES) -> np.ndarray:
    """Poses inside the box of `write_boxes`, as COCO results; returns them (frames, 17, 3)."""
    rng = np.random.default_rng(seed)
    poses = np.concatenate(
        [rng.uniform((22, 12), (58, 78), (frames, 17, 2)), rng.uniform(0.6, 1, (frames, 17, 1))], axis=2
    ).astype(np.float32)
    results = [{"frame": frame, "keypoints": pose.ravel().tolist()} for frame, pose in enumerate(poses)]
    write_text(json.dumps(results), layout.given_poses(video))
    return poses
