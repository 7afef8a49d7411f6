"""Which features are taken where none are named."""

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.search import MANY, default_features
from vpd.types import FeatureSequence


def library(root, names, settings=""):
    """A library with each of the named features, of so many videos."""
    layout = Layout(root)
    layout.settings.write_text(settings)
    values, ones = np.zeros((3, 2, 4)), np.ones(3)
    for name, count in names.items():
        for i in range(count):
            sequence = FeatureSequence(f"v{i}", 0, np.arange(3), np.arange(3) / 25, values, ones > 0, ones)
            write_features(layout.features(name, f"v{i}"), [sequence], 4, Recipe("teach", 1))
    return layout


@pytest.mark.parametrize(
    ("names", "settings", "many", "few"),
    [
        ({"joints2d": 1, "vipe": 1, "vipe-window": 1, "vpd": 1}, "", "vpd", "vipe-window"),
        ({"joints2d": 1, "vipe": 1, "vpd": 1}, "", "vpd", "vpd"),
        ({"joints2d": 1, "vipe-window": 1, "vpd": 2}, "", "vpd", "vpd"),
        ({"joints2d": 1, "vipe": 1}, "", "vipe", "vipe"),
        ({"joints2d": 1}, "", "joints2d", "joints2d"),
        ({"vipe": 1, "vpd": 1}, '[distill]\nbackbone = "resnet18"\n', "vipe", "vipe"),
        ({"joints2d": 1, "mine": 1}, '[distill]\nname = "mine"\n', "mine", "mine"),
    ],
)
def test_features_of_most_videos_then_movement_or_with_many_examples_the_student(
    tmp_path, names, settings, many, few
):
    layout = library(tmp_path, names, settings)
    assert default_features(layout, MANY) == many
    assert default_features(layout, MANY - 1) == default_features(layout) == few


def test_a_library_without_features_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="vpd run"):
        default_features(library(tmp_path, {}))
