"""What the features of a teacher hang on besides the poses."""

from dataclasses import replace

import numpy as np

from tests.pipeline.made import made_library
from vpd.library.features import read_features
from vpd.library.poses import read_poses
from vpd.models import MODELS
from vpd.pipeline.run import run
from vpd.teachers.vipe import features, shipped


def test_inverted_poses_double_the_features_of_vipe_alone(tmp_path):
    layout = made_library(tmp_path, ["a"])
    run(layout, ["teach"], teachers=["vipe"])
    assert run(layout, ["teach"], teachers=["vipe"], invert=True).made == {"teach": 1}
    (found,) = read_features(layout.features("vipe", "a"))
    (joints,) = read_features(layout.features("joints2d", "a"))
    assert (found.d, joints.d) == (128, 26)
    (poses,) = read_poses(layout.poses("a"))
    np.testing.assert_array_equal(
        found.values, features(poses, np.arange(len(poses.frames)), shipped(), invert=True).values
    )
    settings = layout.settings.read_text().replace("[teach]\n", "[teach]\ninvert = true\n")
    layout.settings.write_text(settings)
    assert run(layout, ["teach"], teachers=["vipe"]).made == {}


def test_other_weights_of_the_embedding_make_its_features_again(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    run(layout, ["teach"], teachers=["vipe"])
    assert run(layout, ["teach"], teachers=["vipe"]).made == {}
    monkeypatch.setitem(MODELS, "vipe", replace(MODELS["vipe"], sha256="another"))
    assert run(layout, ["teach"], teachers=["vipe"]).made == {"teach": 1}
