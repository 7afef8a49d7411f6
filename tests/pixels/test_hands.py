"""Patches lie around the wrists, and the network describes each by itself."""

import numpy as np
import pyarrow as pa

from vpd.crops import CropFile, write_crops
from vpd.crops.encoding import pack_rgb
from vpd.crops.file import SCHEMA
from vpd.library.artefact import Recipe
from vpd.pixels.hands import SIDE, WRISTS, hand_patches, torso_lengths
from vpd.pixels.network import SIZE, D, describe
from vpd.pose.skeleton import HIPS, SHOULDERS
from vpd.types import PoseSequence

CROP, SCALE, CORNER = 64, 2, (100, 50)
TORSO = 20.0
"""Length of the torso in pixels of the picture."""
PLACES = ((20, 30), (44, 40))
"""Left and right wrist in pixels of the crop."""


def crops_and_poses(folder, frames=3):
    """Black crops, half as large as their squares, with a red square at the left wrist and a blue one at the
    right.
    """
    picture = np.zeros((CROP, CROP, 3), np.uint8)
    poses = np.zeros((frames, 17, 3), np.float32)
    poses[:, SHOULDERS, 1], poses[:, HIPS, 1] = 60.0, 60.0 + TORSO
    for hand, (x, y) in enumerate(PLACES):
        picture[y - 2 : y + 3, x - 2 : x + 3, 2 * hand] = 255
        poses[:, WRISTS[hand], :2] = CORNER[0] + SCALE * (x + 0.5), CORNER[1] + SCALE * (y + 0.5)
    rows = {
        "frame": np.arange(frames),
        "time_s": np.arange(frames) / 25,
        "athlete": np.zeros(frames),
        "has_previous": np.zeros(frames, bool),
        "x": np.full(frames, CORNER[0]),
        "y": np.full(frames, CORNER[1]),
        "side": np.full(frames, SCALE * CROP),
        "rgb": [pack_rgb(picture, 100)] * frames,
        "flow": [None] * frames,
    }
    columns = [pa.array(rows[f.name]).cast(f.type) for f in SCHEMA]
    path = folder / "crops.arrow"
    write_crops(path, [pa.RecordBatch.from_arrays(columns, schema=SCHEMA)], Recipe("crop", 1))
    return CropFile(path), PoseSequence(0, np.arange(frames), poses)


def test_patches_are_around_the_wrists_and_as_large_as_the_torso_says(tmp_path):
    crops, poses = crops_and_poses(tmp_path)
    assert np.allclose(torso_lengths(poses), TORSO)
    size = 32
    patches = hand_patches(crops, np.array([0, 2]), poses, size)
    assert patches.shape == (2, 2, size, size, 3)
    for hand in (0, 1):
        bright = patches[0, hand, :, :, 2 * hand] > 128
        y, x = np.argwhere(bright).mean(axis=0)
        assert abs(x - size / 2) < 1.5
        assert abs(y - size / 2) < 1.5
        # Five pixels of the crop, in a patch of SIDE torsos, of half as many pixels in the crop.
        expected = (5 * size / (SIDE * TORSO / SCALE)) ** 2
        assert 0.6 < bright.sum() / expected < 1.5


def test_a_picture_is_described_by_itself():
    pictures = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    together = describe(pictures)
    assert together.shape == (3, D)
    assert np.isfinite(together).all()
    assert np.allclose(together[1], describe(pictures[1:2])[0], atol=1e-3)
    assert not np.allclose(together[0], together[1], atol=0.1)
    assert describe(pictures[:0]).shape == (0, D)
