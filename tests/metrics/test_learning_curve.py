"""The forecast recovers a power law, and says whether more labels would help."""

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.metrics.learning_curve import advice, forecast

KS = [1, 2, 4, 8, 16]


def curve(a, b, c, spread=0.0):
    rng = np.random.default_rng(0)
    return {k: 1 - (a + b * k**-c) + spread * rng.normal(size=10) for k in KS}


def test_a_power_law_is_continued():
    got = forecast(curve(0.1, 0.6, 0.5), [32, 64], np.random.default_rng(0))
    assert got[0].accuracy == pytest.approx(1 - (0.1 + 0.6 * 32**-0.5), abs=0.005)
    assert got[1].accuracy == pytest.approx(1 - (0.1 + 0.6 * 64**-0.5), abs=0.008)


def test_the_interval_widens_with_the_spread_of_the_draws():
    tight, wide = (forecast(curve(0.1, 0.6, 0.5, s), [32], np.random.default_rng(0))[0] for s in (0.01, 0.08))
    assert wide.high - wide.low > tight.high - tight.low > 0


def test_advice_tells_a_steep_curve_from_a_flat_one():
    for law, word in (((0.0, 0.9, 0.4), "would help:"), ((0.3, 0.1, 2.0), "hardly")):
        accuracies = curve(*law)
        doubled = forecast(accuracies, [32], np.random.default_rng(0))[0]
        assert word in str(advice(float(accuracies[16].mean()), 16, doubled))


def test_two_points_are_not_a_curve():
    with pytest.raises(InputError, match="at least three"):
        forecast({1: [0.1], 2: [0.2]}, [4], np.random.default_rng(0))
