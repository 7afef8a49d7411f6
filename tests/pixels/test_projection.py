"""The map from descriptions to features keeps what like movements share, and drops the scene."""

from dataclasses import replace

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.pixels.projection import Projection, both_hands, fit_projection, pairs_across
from vpd.types import FeatureSequence

FRAMES, HAND = 20, 40


def windows(rng, scenes=4, kinds=3):
    """Windows of each kind of movement in each scene: movement, descriptions, kind, scene.

    A description has a part of the action, seen by one hand, and one of the scene, ten times as large.
    """
    courses = [np.cumsum(rng.normal(size=(FRAMES, 2, 3)), axis=0) for _ in range(kinds)]
    seen = rng.normal(size=(3, HAND))
    places = rng.normal(size=(scenes, HAND))
    found = []
    for scene in range(scenes):
        for kind, course in enumerate(courses):
            moved = course + 0.05 * rng.normal(size=course.shape)
            light = 1 + 0.2 * rng.normal(size=(FRAMES, 1))
            right = course[:, 0] @ seen + 10 * light * places[scene]
            left = 10 * light * places[scene] + 0.5 * rng.normal(size=(FRAMES, HAND))
            number = np.arange(FRAMES)
            sequence = FeatureSequence(
                f"{scene}{kind}", 0, number, number / 15, moved.astype(np.float32),
                np.ones(FRAMES, bool), np.ones(FRAMES),
            )  # fmt: skip
            look = both_hands(np.stack([left, right], 1).astype(np.float32))
            found.append((sequence, look, kind, scene))
    return found


def nearest(values):
    means = np.stack([value[:, 0].ravel() for value in values])
    apart = np.linalg.norm(means[:, None] - means[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return apart.argmin(axis=1)


def test_the_nearest_window_is_of_the_same_action_and_no_longer_of_the_same_scene():
    movement, looks, kinds, scenes = zip(*windows(np.random.default_rng(0)), strict=True)
    kinds, scenes = np.array(kinds), np.array(scenes)
    before = nearest(looks)
    assert (scenes[before] == scenes).all()
    found = fit_projection(movement, looks)
    after = nearest([found(look) for look in looks])
    assert (kinds[after] == kinds).mean() > 0.9


def test_pairs_are_of_other_scenes_and_like_movement():
    movement, looks, kinds, scenes = zip(*windows(np.random.default_rng(1)), strict=True)
    pairs = pairs_across(movement, looks)
    assert all(scenes[one] != scenes[other] for one, other, _ in pairs)
    first = {}
    for one, other, _ in pairs:
        first.setdefault(one, other)
    assert np.mean([kinds[one] == kinds[other] for one, other in first.items()]) > 0.6


def test_mirroring_a_window_mirrors_its_features():
    movement, looks, _, _ = zip(*windows(np.random.default_rng(2)), strict=True)
    found = fit_projection(movement, looks)
    turned = [replace(s, values=s.values[:, ::-1].copy()) for s in movement]
    assert any(turn for _, _, turn in pairs_across([*movement[:6], *turned[6:]], looks))
    hands = np.random.default_rng(3).normal(size=(5, 2, HAND)).astype(np.float32)
    exchanged = found(both_hands(hands[:, ::-1]))
    assert np.allclose(found(both_hands(hands)), exchanged[:, ::-1], atol=1e-5)


def test_a_map_is_linear():
    mean, axes = np.ones(4, np.float32), np.eye(4, 2, dtype=np.float32)
    assert Projection(mean, axes)(np.array([[3.0, 2, 1, 0]])).tolist() == [[2.0, 1.0]]


def test_too_few_windows_are_an_error():
    movement, looks, _, _ = zip(*windows(np.random.default_rng(0), scenes=2), strict=True)
    with pytest.raises(InputError, match="6 windows of movement are too few"):
        fit_projection(movement, looks)
