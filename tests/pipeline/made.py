"""Tiny libraries for tests: short videos with given boxes, and a student of no account."""

import json
from pathlib import Path

import numpy as np

from vpd.library.artefact import write_text
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.pipeline import distill
from vpd.pipeline.register import add_videos, make_library
from vpd.types import FeatureSequence
from vpd.video import write_video

FRAMES = 6


def make_video(path: Path, seed: int = 0, frames: int = FRAMES) -> Path:
    """A few frames of coloured blocks."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 255, (frames, 6, 8, 3), dtype=np.uint8)
    write_video((np.kron(block, np.ones((16, 16, 1), np.uint8)) for block in blocks), 25, path)
    return path


def made_library(folder: Path, names: list[str], settings: str = "") -> Layout:
    """A library of such videos, each with a box a frame so that nothing has to be detected."""
    videos = [make_video(folder / "videos" / f"{name}.mp4", i) for i, name in enumerate(names)]
    layout = make_library(folder / "lib")
    add_videos(layout, videos)
    for name in names:
        write_boxes(layout, name)
    if settings:
        layout.settings.write_text(settings)
    return layout


def write_boxes(layout: Layout, video: str, x: int = 20) -> None:
    rows = "\n".join(f"{frame},{x},10,40,70" for frame in range(FRAMES))
    write_text(f"frame,x,y,w,h\n{rows}\n", layout.boxes(video))


def fake_distill(sources, videos, progress):
    """Writes what a training would, at once."""
    folder = distill.folder(sources)
    folder.mkdir(parents=True, exist_ok=True)
    recipe = distill.recipe(sources, videos)
    (folder / distill.WEIGHTS).write_bytes(recipe.key.encode())
    record = json.loads(next(iter(recipe.to_metadata().values())))
    write_text(json.dumps({"key": recipe.key, "recipe": record}), folder / distill.CONFIG)


def fake_embed(work, wanted):
    """Features of zeros."""
    values = np.zeros((FRAMES, 2, 4), np.float32)
    frames = np.arange(FRAMES)
    sequence = FeatureSequence(
        work.video, 0, frames, frames / 25, values, np.ones(FRAMES, bool), np.ones(FRAMES)
    )
    write_features(wanted[0].path, [sequence], 4, wanted[0].recipe)
