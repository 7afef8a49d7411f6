"""Sides are decided by what the examples show, and said by the user otherwise."""

import numpy as np
import pytest

from tests.recognition.made import actions, handed
from vpd.dtw import dtw_distance
from vpd.errors import InputError
from vpd.sequences.sides import (
    UNSURE_COST,
    decide,
    decide_sides,
    mirror_costs,
    mirror_distances,
    sides_by_class,
    spread_out,
)


def test_mirror_distances_average_the_two_pairings():
    X, _ = actions(3)
    alike, apart = mirror_distances(X)
    a, b = X[0].values, X[1].values

    def d(one, other):
        return dtw_distance(one, other, "symmetricP2_or_2")

    assert alike[0, 1] == pytest.approx((d(a[:, 0], b[:, 0]) + d(a[:, 1], b[:, 1])) / 2, rel=1e-4)
    assert apart[0, 1] == pytest.approx((d(a[:, 0], b[:, 1]) + d(a[:, 1], b[:, 0])) / 2, rel=1e-4)


def test_classes_that_are_mirror_images_differ():
    assert decide_sides(*handed(24)) == "differ"


def test_classes_shown_from_both_sides_are_the_same():
    X, y = actions(12, classes=6, noise=0.1)
    assert decide_sides(X, y) == "same"


def test_one_example_a_class_decides_nothing():
    assert decide_sides(*actions(3)) == "unsure"


def test_a_single_class_has_nothing_to_confuse():
    X, _ = actions(4, classes=1)
    assert decide_sides(X, ["a"] * 4) == "same"


@pytest.mark.parametrize(
    ("gain", "word"), [(4.1, "differ"), (3.9, "unsure"), (-1.9, "unsure"), (-2.1, "same")]
)
def test_a_decision_needs_its_odds(monkeypatch, gain, word):
    found = iter([np.array([0.0]), np.array([gain])])
    monkeypatch.setattr("vpd.sequences.sides.held_out_likelihood", lambda *_: next(found))
    assert decide(np.zeros((2, 2)), np.zeros((2, 2)), np.array([0, 1])) == word


def test_sides_by_class_are_said_or_decided():
    X, y = handed(24)
    classes = np.unique(y)
    assert set(sides_by_class("auto", classes, X, y).values()) == {"differ"}
    assert set(sides_by_class("same", classes, X, y).values()) == {"same"}
    some = sides_by_class({classes[0]: "differ"}, classes, X, y)
    assert [some[str(c)] for c in classes] == ["differ", *["same"] * 5]
    np.testing.assert_array_equal(mirror_costs(some, classes), [np.inf, 0, 0, 0, 0, 0])
    assert mirror_costs({"a": "unsure"}, ["a"]) == [UNSURE_COST]


def test_unknown_words_and_classes_are_errors():
    X, y = actions(3)
    with pytest.raises(InputError, match="sides are 'left'"):
        sides_by_class("left", np.unique(y), X, y)
    with pytest.raises(InputError, match="sides are given for smash"):
        sides_by_class({"smash": "same"}, np.unique(y), X, y)
    with pytest.raises(InputError, match="sides are 'auto'"):
        sides_by_class({"class 0": "auto"}, np.unique(y), X, y)


def test_many_examples_are_thinned_evenly():
    targets = np.array([0] * 50 + [1] * 3 + [2] * 50)
    kept = spread_out(targets, 23)
    assert np.bincount(targets[kept]).tolist() == [10, 3, 10]
