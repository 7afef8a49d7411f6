"""BiGRUClassifier learns, repeats itself, and follows the paper's recipe."""

import numpy as np
import pytest
import torch

from tests.recognition.made import actions, sequence
from vpd.errors import InputError
from vpd.recognition.bigru import BiGRUClassifier, learning_rate

SMALL = {"hidden": 16, "epochs": 60}


def test_it_learns_what_separates_classes():
    X, y = actions(24)
    test, truth = actions(30, seed=1)
    model = BiGRUClassifier(**SMALL).fit(X, y)
    assert (model.predict(test) == truth).mean() > 0.8
    np.testing.assert_allclose(model.predict_proba(test).sum(axis=1), 1)


def test_a_seed_repeats_itself_and_leaves_the_global_generator_alone():
    X, y = actions(12)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two, other = (BiGRUClassifier(**SMALL, seed=s).fit(X, y).predict_proba(X) for s in (3, 3, 4))
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.fixture
def products_on_one_core():
    """A product that is itself shared by cores may round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("products_on_one_core")
def test_two_threads_give_what_one_gives():
    X, y = actions(12)
    one, two = (BiGRUClassifier(**SMALL, threads=n).fit(X, y).predict_proba(X) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_probabilities_do_not_depend_on_the_orientation():
    X, y = actions(12)
    model = BiGRUClassifier(**SMALL).fit(X, y)
    turned = [sequence(x.values[:, 1], np.where(np.arange(6) % 2, 1, -1)) for x in X]
    np.testing.assert_allclose(model.predict_proba(X), model.predict_proba(turned), atol=1e-5)


def test_validation_keeps_the_best_epoch():
    X, y = actions(9, noise=1.5)
    held, truth = actions(30, seed=2)
    last = BiGRUClassifier(**SMALL).fit(X, y)
    best = BiGRUClassifier(**SMALL).fit(X, y, held, truth)
    assert (best.predict(held) == truth).mean() >= (last.predict(held) == truth).mean()


def test_the_learning_rate_restarts_ten_times():
    rates = np.array([learning_rate(1e-3, e, 500) for e in range(500)])
    assert (np.flatnonzero(rates == 1e-3) == np.arange(0, 500, 50)).all()
    assert rates[49] < 2e-6


@pytest.mark.parametrize(("batch", "epochs"), [(6, 10), (2, 5), (1, 5)])
def test_few_examples_are_seen_more_often(batch, epochs):
    X, y = actions(6)
    model = BiGRUClassifier(hidden=4, epochs=5, batch=batch, least_steps=20).fit(X, y)
    assert len(model.losses_) == epochs


def test_features_that_diverge_are_an_error():
    X, y = actions(6)
    X = [sequence(np.full_like(x.values[:, 0], 3e38)) for x in X]
    with pytest.raises(InputError):
        BiGRUClassifier(**SMALL).fit(X, y)
