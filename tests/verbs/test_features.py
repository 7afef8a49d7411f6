"""Which features are taken where none are named."""

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.types import FeatureSequence
from vpd.verbs.features import AUTO, choose_features, open_features


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
    ("names", "settings", "chosen"),
    [
        ({"joints2d": 1, "vipe": 1, "vipe-window": 1, "vpd": 1}, "", "vipe-window"),
        ({"joints2d": 1, "vipe": 1, "vpd": 1}, "", "vpd"),
        ({"joints2d": 1, "vipe-window": 1, "vpd": 2}, "", "vpd"),
        ({"joints2d": 1, "vipe": 1}, "", "vipe"),
        ({"joints2d": 1}, "", "joints2d"),
        ({"joints2d": 2, "vipe": 1}, "", "vipe"),
        ({"vipe": 1, "vpd": 1}, '[distill]\nbackbone = "resnet18"\n', "vpd"),
        ({"joints2d": 1, "mine": 1}, '[distill]\nname = "mine"\n', "mine"),
        ({"joints2d": 2, "vipe-window": 2, "mine": 1}, '[distill]\nname = "mine"\n', "mine"),
        ({"vipe": 1, "vipe-window": 1, "vpd": 1}, "[distill]\nimages = 9\n", "vipe-window"),
    ],
)
def test_default_features(tmp_path, names, settings, chosen):
    layout = library(tmp_path, names, settings)
    assert choose_features(layout).name == choose_features(layout, recognition=True).name == chosen


def test_a_library_without_features_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="vpd run"):
        choose_features(library(tmp_path, {}))


@pytest.mark.parametrize(
    ("names", "settings", "why"),
    [
        ({"vipe": 2}, "", "the only ones there are"),
        ({"vipe-window": 1, "vipe": 2}, "", "they cover the most videos, 2"),
        ({"joints2d": 2, "vipe": 1}, "", "the only ones but joints2d"),
        ({"vipe": 2, "vipe-window": 2}, "", "first of those that cover 2 videos"),
        ({"vipe": 2, "mine": 2}, '[distill]\nname = "mine"\n', "vpd.toml names this student"),
        ({"vipe": 2, "mine": 1}, '[distill]\nname = "mine"\n', "though only 1 of 2 videos have its features"),
        ({"vipe": 2}, '[distill]\nname = "mine"\n', "the student mine, which has no features yet: `vpd run`"),
    ],
)
def test_a_choice_says_why(tmp_path, names, settings, why):
    chosen = choose_features(library(tmp_path, names, settings))
    assert why in chosen.why
    assert chosen.name in chosen.sentence
    assert why in chosen.sentence


def test_named_features_need_no_reason(tmp_path):
    layout = library(tmp_path, {"vipe": 1, "joints2d": 1}, '[recognise]\nfeatures = "joints2d"\n')
    assert choose_features(layout, "vipe").sentence == ""
    assert choose_features(layout).name == "vipe"
    chosen = choose_features(layout, recognition=True)
    assert (chosen.name, "[recognise]" in chosen.why) == ("joints2d", True)
    with pytest.raises(InputError, match="no features 'absent'"):
        choose_features(layout, "absent")


def test_all_features_may_be_asked_for_in_settings(tmp_path):
    layout = library(tmp_path, {"vipe": 1, "joints2d": 1}, '[recognise]\nfeatures = "auto"\n')
    assert choose_features(layout, recognition=True).name == AUTO
    assert choose_features(layout).name == "vipe"
    store, sizes = open_features(layout, AUTO)
    assert (store.name, sizes) == ("vipe + joints2d", (4, 4))
