"""BiGRUClassifier learns, repeats itself, and follows the paper's recipe."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.recognition.made import actions, handed, sequence
from vpd.errors import InputError
from vpd.recognition.bigru import BiGRUClassifier, batches, learning_rate
from vpd.sequences.packing import FrameMatrix

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


def test_validation_keeps_the_latest_of_the_best_epochs(monkeypatch):
    X, y = actions(9)
    held, truth = actions(4, seed=2)
    states = []

    def predict(model, asked):
        """Right in the third and fifth of six epochs, and wrong in the others."""
        assert asked is held
        states.append({k: v.clone() for k, v in model.network_.state_dict().items()})
        return truth if len(states) in (3, 5) else np.full(len(truth), "nothing")

    monkeypatch.setattr(BiGRUClassifier, "predict", predict)
    model = BiGRUClassifier(hidden=4, epochs=6).fit(X, y, held, truth)
    kept = model.network_.state_dict()
    assert len(states) == 6
    assert all(torch.equal(kept[name], states[4][name]) for name in kept)
    assert not all(torch.equal(kept[name], states[5][name]) for name in kept)
    assert not model.network_.training


def test_where_sides_differ_mirrored_examples_and_queries_take_no_part():
    X, y = handed(24)
    model = BiGRUClassifier(**SMALL, sides="differ").fit(X, y)
    assert (model.predict(X) == y).mean() > 0.8
    spoiled = [replace(x, values=np.stack([x.values[:, 0], 0 * x.values[:, 1]], axis=1)) for x in X]
    again = BiGRUClassifier(**SMALL, sides="differ").fit(spoiled, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(spoiled))


def test_one_class_that_differs_leaves_out_its_mirrored_examples_alone(monkeypatch):
    X, y = actions(6)
    shown = []

    def matrix(arrays):
        shown.append(arrays)
        return FrameMatrix(arrays)

    monkeypatch.setattr("vpd.recognition.bigru.FrameMatrix", matrix)
    BiGRUClassifier(hidden=4, epochs=1, sides={"class 1": "differ"}).fit(X, y)
    views = [1 if label == "class 1" else 2 for label in y]
    expected = [x.values[:, o] for x, count in zip(X, views, strict=True) for o in range(count)]
    assert len(shown[0]) == len(expected) == 10
    for one, other in zip(shown[0], expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_learning_rate_restarts_ten_times():
    rates = np.array([learning_rate(1e-3, e, 500) for e in range(500)])
    assert (np.flatnonzero(rates == 1e-3) == np.arange(0, 500, 50)).all()
    assert rates[49] < 2e-6


def test_cycles_may_double_as_in_the_reference():
    """Its scheduler (util/torch/cyclic_scheduler.py, t_mult = 2) restarts at these epochs and ends high."""
    rates = np.array([learning_rate(1e-3, e, 500, 2) for e in range(501)])
    assert np.flatnonzero(rates == 1e-3).tolist() == [0, 50, 150, 350]
    assert rates[500] == pytest.approx(1e-3 * (1 + np.cos(0.375 * np.pi)) / 2)


@pytest.mark.parametrize(
    ("count", "equal", "reference"),
    [(56, [28, 28], [50, 6]), (101, [34, 34, 33], [50, 51]), (100, [50, 50], [50, 50]), (1, [1], [1])],
)
def test_batches_are_nearly_equal_or_full_ones_and_what_is_left(count, equal, reference):
    for as_reference, sizes in ((False, equal), (True, reference)):
        found = batches(np.arange(count), 50, as_reference)
        assert [len(one) for one in found] == sizes
        assert np.concatenate(found).tolist() == list(range(count))


def test_training_as_the_reference_is_another_and_repeats_itself():
    X, y = actions(12)
    given = {"hidden": 4, "epochs": 12, "batch": 5}
    ours, *theirs = (BiGRUClassifier(**given, as_reference=r).fit(X, y).losses_ for r in (False, True, True))
    assert theirs[0] == theirs[1] != ours


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
