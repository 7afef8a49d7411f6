"""Every entry of the table says the truth about its teacher."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from vpd.errors import InputError, MismatchError
from vpd.pose.skeleton import MIRROR17
from vpd.teachers import TEACHERS, entry, ranked, teacher
from vpd.teachers.table import on_tensors
from vpd.teachers.vipe.model import shipped
from vpd.teachers.vipe_window import shipped as shipped_window
from vpd.types import PoseSequence

CONTEXT_S = tuple(s for s in shipped_window().card.offsets_s if s)


def made_poses(frames=30):
    """Keypoints (30, 17, 3) of somebody who moves smoothly, all sure."""
    rng = np.random.default_rng(0)
    joints = np.cumsum(rng.normal(0, 2, (frames, 17, 2)), 0) + rng.uniform(0, 200, (1, 17, 2))
    return np.concatenate([joints, np.full((frames, 17, 1), 0.9)], 2).astype(np.float32)


def features_of(name, keypoints, invert=False):
    frames = np.arange(len(keypoints))
    return teacher(name, invert)(PoseSequence(0, frames, keypoints), frames / 30, "v")


@pytest.mark.parametrize("name", TEACHERS)
@pytest.mark.parametrize("invert", [False, True])
def test_features_have_their_size_and_both_orientations(name, invert):
    keypoints = made_poses()
    found = features_of(name, keypoints, invert)
    assert found.values.shape == (30, 2, entry(name).size(invert))
    turned = keypoints[:, list(MIRROR17)] * np.array([-1, 1, 1], np.float32)
    np.testing.assert_allclose(features_of(name, turned, invert).values[:, 0], found.values[:, 1], atol=1e-3)
    assert np.abs(found.values[:, 0] - found.values[:, 1]).mean() > 0.02


@pytest.mark.parametrize("name", TEACHERS)
def test_features_stand_for_joints(name):
    known = entry(name)
    joints = known.joints(features_of(name, made_poses()).values[:, 0])
    assert joints.shape == (30, 13, {"2d": 2, "3d": 3}[known.drawing])


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("name", TEACHERS)
def test_on_tensors_says_what_the_teacher_says(name, invert):
    """Of frames far from the ends of the track, from their poses and those of their context."""
    known, keypoints = entry(name), made_poses()
    network = on_tensors(name, known.size(invert), CONTEXT_S)
    middle = np.arange(10, 20)
    rows = np.stack([middle + round(30 * s) for s in [*CONTEXT_S, 0.0]], 1)
    window = torch.from_numpy(keypoints[rows])
    with torch.inference_mode():
        found = network(window[..., :2], window[..., 2])[:, -1].numpy()
    np.testing.assert_allclose(found, features_of(name, keypoints, invert).values[middle, 0], atol=2e-3)


def test_names_and_ranks():
    assert ranked() == ["vipe-window", "vipe", "joints2d"]
    assert len({known.rank for known in TEACHERS.values()}) == len(TEACHERS)
    for call in (entry, teacher):
        with pytest.raises(InputError, match="joints2d"):
            call("openpose")


def test_teachers_take_the_poses_they_were_trained_for():
    assert entry("vipe").estimators == shipped().card.estimators
    assert entry("vipe-window").estimators == shipped_window().card.estimators
    for name, known in TEACHERS.items():
        known.require("movenet_thunder")
        if known.estimators:
            with pytest.raises(MismatchError, match=r"other\.onnx"):
                known.require("other.onnx")
        else:
            entry(name).require("other.onnx")


def test_the_table_is_read_without_torch():
    code = "import sys, vpd.teachers.table; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
