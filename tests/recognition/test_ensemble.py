"""The ensemble keeps what helps in cross-validation inside its own examples."""

import numpy as np
from sklearn.base import clone

from tests.recognition.made import actions
from vpd.recognition.ensemble import ChosenEnsemble
from vpd.recognition.estimator import SequenceClassifier
from vpd.recognition.neighbours import DTWNeighbours


class Stubborn(SequenceClassifier):
    """Always sure of the first class."""

    def fit(self, X, y):
        self._start_fit(X, y)
        return self

    def predict_proba(self, X):
        return np.eye(len(self.classes_))[np.zeros(len(X), int)]


def ensemble(**options):
    members = [("near", DTWNeighbours(k=3, pattern="symmetric2")), ("stubborn", Stubborn())]
    return ChosenEnsemble(members, **options)


def test_a_useless_member_is_left_out():
    X, y = actions(24)
    model = ensemble().fit(X, y)
    assert model.chosen_ == ("near",)
    assert model.validated_["near",] > model.validated_["stubborn",]
    test, truth = actions(30, seed=1)
    assert (model.predict(test) == truth).mean() > 0.8


def test_with_one_example_a_class_all_members_are_used():
    X, y = actions(3)
    assert ensemble().fit(X, y).chosen_ == ("near", "stubborn")


def test_parameters_of_members_are_set_on_a_clone_alone():
    model = ensemble()
    copy = clone(model).set_params(near__k=1, folds=2)
    assert (copy.get_params()["near__k"], copy.folds) == (1, 2)
    assert (model.get_params()["near__k"], model.folds) == (3, 3)
