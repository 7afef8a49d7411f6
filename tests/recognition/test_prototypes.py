"""Barycentres average what is warped, and the nearest names the class."""

import numpy as np

from tests.recognition.made import actions, sequence
from vpd.dtw import dtw_distance
from vpd.recognition.prototypes import DTWPrototypes, barycentre


def test_the_average_of_one_sequence_is_itself():
    values = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    np.testing.assert_allclose(
        barycentre([(values, -values)], 3), np.stack([values, -values], axis=1), atol=1e-6
    )


def test_mirrored_examples_are_turned_before_they_are_averaged():
    X, y = actions(30, classes=3, noise=0.5)
    views = [(x.values[:, 0], x.values[:, 1]) for x, label in zip(X, y, strict=True) if label == "class 0"]
    turned = [view[::-1] if i % 2 else view for i, view in enumerate(views)]
    centre, other = barycentre(views, 5), barycentre(turned, 5)
    assert min(np.abs(centre - other).max(), np.abs(centre - other[:, ::-1]).max()) < 1e-4


def test_the_average_is_closer_to_all_than_any_of_them():
    X, y = actions(30, classes=3, noise=0.5)
    views = [(x.values[:, 0], x.values[:, 1]) for x, label in zip(X, y, strict=True) if label == "class 0"]

    def total(centre):
        return sum(min(dtw_distance(centre, v, "symmetric2") for v in view) for view in views)

    assert total(barycentre(views, 5)[:, 0]) < min(total(view[0]) for view in views)


def test_prototypes_recognise():
    X, y = actions(24)
    test, truth = actions(30, seed=1)
    model = DTWPrototypes().fit(X, y)
    assert (model.predict(test) == truth).mean() > 0.8
    np.testing.assert_allclose(model.predict_proba(test).sum(axis=1), 1)


def test_where_sides_differ_nothing_is_turned():
    values = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    views = [(values, -values), (-values, values), (values, -values)]
    np.testing.assert_allclose(barycentre(views, 1)[:, 0], values, atol=1e-6)
    np.testing.assert_allclose(barycentre(views[1:] + views[:1], 0, turn=False)[:, 0], values, atol=1e-6)
    assert np.abs(barycentre(views, 1, turn=False)[:, 0]).max() < np.abs(values).max()
    X = [sequence(v, np.array([-1, -1, -1])) for v in (values, -values)]
    assert DTWPrototypes(sides="differ").fit(X, ["a", "b"]).predict(X).tolist() == ["a", "b"]
    np.testing.assert_allclose(DTWPrototypes(sides="same").fit(X, ["a", "b"]).predict_proba(X), 0.5)
