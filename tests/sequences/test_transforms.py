"""Transformers keep missing frames missing and mirrored sequences mirrored."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.recognition.made import actions, sequence
from vpd.sequences.transforms import Centre, Resample, Smooth

ALL = [Resample(), Smooth(), Centre()]


@pytest.mark.parametrize("transformer", ALL, ids=lambda t: type(t).__name__)
def test_values_of_missing_frames_change_nothing(transformer):
    X, _ = actions(4)
    gap = np.ones(len(X[0]), bool)
    gap[5] = False
    results = []
    for filler in (0.0, 1e3):
        values = X[0].values[:, 0].copy()
        values[5] = filler
        broken = sequence(values, np.where(np.arange(6) % 2, 1, -1), valid=gap)
        results.append(clone(transformer).fit_transform([broken, *X[1:]])[0])
    np.testing.assert_array_equal(results[0].valid, results[1].valid)
    assert not results[0].valid.all()
    for one in results:
        assert np.isfinite(one.values).all()
    np.testing.assert_allclose(
        results[0].values[results[0].valid], results[1].values[results[1].valid], rtol=1e-3, atol=1e-3
    )


def test_smoothing_is_the_weighted_mean_of_the_valid_frames_around():
    values = np.array([[0.0], [3.0], [100.0], [6.0]])
    valid = np.array([True, True, False, True])
    s = sequence(values, np.array([-1]), valid=valid, rate=10.0)
    (smooth,) = Smooth(0.1).transform([s])
    weights = np.exp(-0.5 * (np.arange(4)[:, None] - np.arange(4)) ** 2) * valid
    expected = (weights @ np.where(valid[:, None], values, 0)) / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(smooth.values[valid, 0], expected[valid], rtol=1e-4)
    np.testing.assert_allclose(smooth.values[valid, 1], -expected[valid], rtol=1e-4)


def test_centring_takes_off_a_share_of_the_mean_of_the_valid_frames():
    values = np.array([[1.0], [3.0], [100.0], [8.0]])
    valid = np.array([True, True, False, True])
    (centred,) = Centre(0.25).transform([sequence(values, np.array([-1]), valid=valid)])
    np.testing.assert_allclose(centred.values[valid, 0], values[valid] - 1.0)
    np.testing.assert_allclose(centred.values[valid, 1], -(values[valid] - 1.0))


def test_actions_of_athletes_who_stand_apart_come_nearer():
    """The same course of movement, from another place: half as far away as before with half of the mean."""
    course = np.sin(np.arange(12.0))[:, None]
    X = [sequence(course + place, np.array([-1])) for place in (0.0, 2.0)]
    apart = np.abs(np.subtract(*(s.values[:, 0] for s in X))).mean()
    nearer = np.abs(np.subtract(*(s.values[:, 0] for s in Centre(0.5).transform(X)))).mean()
    assert nearer == pytest.approx(apart / 2)
