"""Every recogniser of the table keeps scikit-learn's interface and recognises."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import (
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
)

from tests.recognition.made import actions
from vpd.errors import InputError
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.linear import LinearClassifier
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.prototypes import DTWPrototypes
from vpd.recognition.recognisers import RECOGNISERS, make_recogniser


def quick(name):
    """The recogniser, its networks small."""
    recogniser = make_recogniser(name)
    small = {"epochs": 40, "hidden": 16}
    names = [key for key in recogniser.get_params() if key.rpartition("__")[2] in small]
    return recogniser.set_params(**{key: small[key.rpartition("__")[2]] for key in names})


SLOW = {"bigru"}
NAMES = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in RECOGNISERS]


@pytest.mark.parametrize("name", NAMES)
def test_it_recognises_and_a_clone_does_the_same(name):
    X, y = actions(24)
    test, truth = actions(18, seed=1)
    model = quick(name).fit(X, y)
    probabilities = model.predict_proba(test)
    assert probabilities.shape == (18, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (model.predict(test) == truth).mean() > 0.7
    again = clone(quick(name)).fit(X, y).predict_proba(test)
    np.testing.assert_allclose(probabilities, again)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(InputError, match="there are together, auto"):
        make_recogniser("best")


@pytest.mark.parametrize("estimator", [BiGRUClassifier, DTWNeighbours, DTWPrototypes, LinearClassifier])
@pytest.mark.parametrize(
    "check",
    [
        check_get_params_invariance,
        check_no_attributes_set_in_init,
        check_parameters_default_constructible,
        check_set_params,
    ],
)
def test_estimator_checks_that_need_no_matrix(estimator, check):
    check(estimator.__name__, estimator())


def test_scikit_learn_cross_validates_lists_of_sequences():
    X, y = actions(18)
    assert cross_val_score(DTWNeighbours(pattern="symmetric2"), X, y, cv=3).mean() > 0.6


def test_blend_is_the_mean_of_neighbours_and_prototypes():
    X, y = actions(18)
    test, _ = actions(6, seed=1)
    both = [make_recogniser(name).fit(X, y).predict_proba(test) for name in ("dtw-soft", "dtw-barycenter")]
    np.testing.assert_allclose(
        make_recogniser("dtw-ensemble").fit(X, y).predict_proba(test), np.mean(both, axis=0)
    )


def test_features_side_by_side_are_weighed_and_the_preferred_counts_more():
    X, y = actions(3)
    noise = np.random.default_rng(0)
    joined = [replace(x, values=np.concatenate([x.values, noise.normal(size=x.values.shape)], 2)) for x in X]
    few = make_recogniser("linear", parts=(6, 6)).fit(joined, y)
    np.testing.assert_allclose(few.weights_, [0.8, 0.2])
    X, y = actions(24)
    joined = [replace(x, values=np.concatenate([noise.normal(size=x.values.shape), x.values], 2)) for x in X]
    many = make_recogniser("linear", parts=(6, 6)).fit(joined, y)
    assert many.weights_[1] > 0.6


def test_the_papers_recognisers_mirror_unless_sides_are_said_to_differ():
    assert make_recogniser("nns").get_params()["sides"] == "same"
    assert make_recogniser("nns", "differ").get_params()["sides"] == "differ"
    assert make_recogniser("bigru").get_params()["sides"] == "same"
    assert make_recogniser("dtw-nn").get_params()["dtwneighbours__sides"] == "auto"
