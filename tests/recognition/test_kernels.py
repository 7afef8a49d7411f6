"""Random patterns describe what occurs in an action, wherever it occurs, in either orientation."""

import numpy as np
import pytest

from tests.recognition.made import actions, handed, sequence
from vpd.recognition.kernels import (
    LENGTH,
    KernelClassifier,
    Patterns,
    random_patterns,
    series_of,
    surroundings,
)

FLIP = np.ones(3)


def bump(at, channel, height, video):
    values = np.zeros((60, 3))
    values[:, channel] = height * np.exp(-(((np.arange(60) - at) / 3) ** 2))
    return sequence(values, FLIP, video)


def test_patterns_do_not_see_what_is_added_to_a_channel():
    weights = random_patterns(40, 5, np.random.default_rng(0)).reshape(LENGTH, 5, 40)
    np.testing.assert_allclose(weights.sum(axis=0), 0, atol=1e-5)
    read = (weights != 0).any(axis=0).sum(axis=0)
    assert (read.min(), read.max()) == (1, 5)


def test_a_moment_and_those_around_it_stand_in_a_row():
    series = np.arange(12.0, dtype=np.float32).reshape(1, 12, 1)
    found = surroundings(series, 2)
    assert found.shape == (1, 12, LENGTH)
    assert found[0, 6].tolist() == [0, 0, 2, 4, 6, 8, 10, 11, 11]


def test_what_occurs_is_found_at_another_time():
    # Two channels move one after the other. Which one is the first tells the classes apart, at any time.
    def action(first, second, at, video):
        one, two = bump(at, first, 1, video), bump(at + 6, second, 1, video)
        return sequence(one.values[:, 0] + two.values[:, 0], FLIP, video)

    X = [action(0, 1, at, f"a{at}") for at in (10, 14)] + [action(1, 0, at, f"b{at}") for at in (10, 14)]
    late = [action(0, 1, 40, "late_a"), action(1, 0, 40, "late_b")]
    model = KernelClassifier(patterns=64).fit(X, ["a", "a", "b", "b"])
    assert model.predict(late).tolist() == ["a", "b"]


@pytest.mark.parametrize("sides", ["same", "differ"])
def test_a_mirrored_example_counts_as_sides_say(sides):
    X, y = handed(12)
    model = KernelClassifier(patterns=64, sides=sides).fit(X, y)
    mirrored = [type(x)(**{**vars(x), "values": x.values[:, ::-1]}) for x in X]
    alike = np.abs(model.predict_proba(X) - model.predict_proba(mirrored)).max() < 1e-9
    assert alike == (sides == "same")


def test_it_repeats_itself_by_its_seed():
    X, y = actions(15, noise=0.2)
    first, again = (KernelClassifier(patterns=32).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    other = KernelClassifier(patterns=32, seed=1).fit(X, y)
    assert not np.array_equal(first.predict_proba(X), other.predict_proba(X))
    assert first.held_out_.shape == (15, 3)


def test_what_stands_still_gives_no_noise():
    X = [sequence(np.full((30, 3), value), FLIP, str(value)) for value in (0.1, 1e3 / 3)]
    found = Patterns(series_of(X, 48)[:, 0], 16).describe(X, 48)
    assert not np.concatenate(found, axis=2).any()
