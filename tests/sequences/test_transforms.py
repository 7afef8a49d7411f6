"""Transformers keep missing frames missing and mirrored sequences mirrored."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.recognition.made import actions, sequence
from vpd.sequences.transforms import Resample, Smooth

ALL = [Resample(), Smooth()]


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
