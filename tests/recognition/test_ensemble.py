"""The ensemble weighs its members by what they say of examples that they have not seen."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from tests.recognition.made import actions
from vpd.errors import InputError
from vpd.recognition.ensemble import WeightedEnsemble, held_out_proba, mixture_weights
from vpd.recognition.estimator import SequenceClassifier
from vpd.recognition.linear import LinearClassifier
from vpd.recognition.neighbours import DTWNeighbours
from vpd.sequences.transforms import Smooth


class Stubborn(SequenceClassifier):
    """Always sure of the first class."""

    def fit(self, X, y):
        self._start_fit(X, y)
        return self

    def predict_proba(self, X):
        return np.eye(len(self.classes_))[np.zeros(len(X), int)]


class Remembering(SequenceClassifier):
    """Sure of the class of what it was fitted to, and of the last class of anything else."""

    def fit(self, X, y):
        targets = self._start_fit(X, y)
        self.known = {x.video: t for x, t in zip(X, targets, strict=True)}
        return self

    def predict_proba(self, X):
        return np.eye(len(self.classes_))[[self.known.get(x.video, -1) for x in X]]


def near():
    return DTWNeighbours(k=None, balanced=True, pattern="symmetric2")


def ensemble(**options):
    return WeightedEnsemble([("near", near()), ("stubborn", Stubborn())], **options)


def test_a_useless_member_weighs_little():
    X, y = actions(24)
    model = ensemble().fit(X, y)
    assert model.weights_[0] > 0.75
    test, truth = actions(30, seed=1)
    assert (model.predict(test) == truth).mean() > 0.8


def test_joints_have_a_prior_of_their_own():
    X, y = actions(3)  # mirroring negates channels: a reflection, as of joints
    turned = [replace(x, values=x.values * np.array([1, 2])[:, None]) for x in X]
    for examples, expected in ((X, [0.1, 0.9]), (turned, [0.5, 0.5])):
        assert ensemble(joints_prior=(1, 9)).fit(examples, y).weights_ == pytest.approx(expected)
    # One embedding among the examples is enough to tell that they are no joints.
    assert ensemble(joints_prior=(1, 9)).fit([*X[:2], turned[2]], y).weights_ == pytest.approx([0.5, 0.5])


def test_probabilities_are_the_weighted_mean():
    X, y = actions(24)
    test, _ = actions(6, seed=1)
    model = ensemble().fit(X, y)
    each = [member.fit(X, y).predict_proba(test) for member in (near(), Stubborn())]
    np.testing.assert_allclose(model.predict_proba(test), np.tensordot(model.weights_, each, 1))


def test_with_one_example_a_class_weights_are_the_prior():
    X, y = actions(3)
    np.testing.assert_allclose(ensemble().fit(X, y).weights_, [0.5, 0.5])
    np.testing.assert_allclose(ensemble(prior=(3.0, 1.0)).fit(X, y).weights_, [0.75, 0.25])


def test_the_prior_counts_as_examples():
    X, y = actions(24)
    weights = [ensemble(prior=(p, p)).fit(X, y).weights_[0] for p in (0.1, 4.0, 1000.0)]
    assert weights[0] > weights[1] > weights[2]
    assert weights[2] == pytest.approx(0.5, abs=0.02)


def test_an_example_is_held_out_of_the_member_that_judges_it():
    X, y = actions(12)
    held = held_out_proba(Remembering(), X, y)
    np.testing.assert_array_equal(held, np.eye(3)[np.full(12, 2)])


def test_leaving_out_by_votes_is_fitting_without():
    X, y = actions(12)
    held = held_out_proba(near(), X, y)
    rest = [i for i in range(12) if i != 5]
    alone = near().fit([X[i] for i in rest], y[rest]).predict_proba([X[5]])
    # The scale is the median distance to the others either way.
    np.testing.assert_allclose(held[5], alone[0], atol=1e-6)


def test_pipelines_prepare_what_is_held_out():
    X, y = actions(12)
    smoothed = Smooth(0.1).transform(X)
    np.testing.assert_allclose(
        held_out_proba(make_pipeline(Smooth(0.1), LinearClassifier()), X, y),
        held_out_proba(LinearClassifier(), smoothed, y),
    )


def test_mixture_weights_are_the_likeliest():
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(0.01, 1, (2, 200))
    found = mixture_weights(probabilities, np.full(2, 1e-6))
    grid = np.linspace(0, 1, 1001)
    likelihood = np.log(grid[:, None] * probabilities[0] + (1 - grid[:, None]) * probabilities[1]).sum(axis=1)
    assert found[0] == pytest.approx(grid[likelihood.argmax()], abs=0.02)
    assert found.sum() == pytest.approx(1)


def test_parameters_of_members_are_set_on_a_clone_alone():
    model = ensemble()
    copy = clone(model).set_params(near__width=0.5, folds=2)
    assert (copy.get_params()["near__width"], copy.folds) == (0.5, 2)
    assert (model.get_params()["near__width"], model.folds) == (0.03, 5)


@pytest.mark.parametrize("prior", [(1.0,), (1.0, 0.0)])
def test_a_prior_that_fits_no_member_is_refused(prior):
    with pytest.raises(InputError, match="does not fit 2 members"):
        ensemble(prior=prior).fit(*actions(3))
