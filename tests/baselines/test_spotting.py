"""E2E-Spot finds the moments of made events."""

from __future__ import annotations

import numpy as np
import pytest

from tests.baselines.made import SIDE
from vpd.baselines.clips import clips_of
from vpd.baselines.settings import ClipView, Training
from vpd.baselines.spotting import SpottingDetector
from vpd.crops import make_crops, write_crops
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.settings.crop import CropSettings
from vpd.types import Segment, Track
from vpd.video import Frame

FPS, FRAMES = 25, 48
FLASHES = {"left": (8, 34), "right": (20,)}


def stream(folder, video):
    """Noise in which the left or the right half flashes for three frames."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 60, (FRAMES, SIDE, SIDE, 3), dtype=np.uint8)
    for label, frames in FLASHES.items():
        for frame in frames:
            half = slice(0, SIDE // 2) if label == "left" else slice(SIDE // 2, SIDE)
            pictures[frame - 1 : frame + 2, :, half] = 230
    frames = np.arange(FRAMES)
    boxes = np.tile(np.array([0, 0, SIDE, SIDE], np.float32), (FRAMES, 1))
    track = Track(1, frames, frames / FPS, boxes, np.ones(FRAMES), np.full(FRAMES, "user"))
    made = make_crops(
        (Frame(int(t), t / FPS, p) for t, p in zip(frames, pictures, strict=True)),
        [track],
        None,
        CropSettings(size=SIDE, padding=0, flow="none"),
    )
    path = folder / f"{video}.arrow"
    write_crops(path, made, Recipe("crop", 1))
    return clips_of(video, path, 0, 10)[1]


def test_flashes_are_spotted(tmp_path):
    clip = stream(tmp_path, "v")
    truth = [
        Segment("v", (f - 1.5) / FPS, (f + 1.5) / FPS, label=label)
        for label, frames in FLASHES.items()
        for f in frames
    ]
    view = ClipView(frames=8, stride=1, side=32, scales=(1.0,))
    training = Training("adamw", 2e-3, batch=4, epochs=4)
    model = SpottingDetector(view=view, training=training, windows=4, device="cpu")
    model.fit([clip], [*truth, Segment("w", 0, 1, label="elsewhere")])
    assert (model.outside_, model.classes_.tolist()) == (1, ["left", "right"])
    assert model.losses_[-1] < model.losses_[0]
    scores = model.frame_scores(clip)
    assert scores.shape == (FRAMES, 3)
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-5)
    found = model.detect([clip], least=0.0)
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    for label in FLASHES:
        times = sorted(d.start_s for d in found if d.label == label)
        assert np.diff(times).min() >= model.apart_s - 1e-6


def test_a_stream_without_a_segment_is_said(tmp_path):
    clip = stream(tmp_path, "v")
    with pytest.raises(InputError, match="of 1 segment none lies in a stream"):
        SpottingDetector(device="cpu").fit([clip], [Segment("other", 0, 1, label="left")])
    with pytest.raises(InputError, match="stride"):
        SpottingDetector(view=ClipView(), device="cpu").fit([clip], [Segment("v", 0, 1, label="left")])
