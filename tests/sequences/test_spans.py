"""Cutting and resampling keep time exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpd.sequences import cut, resample
from vpd.types import FeatureSequence


def line(times, valid=None):
    """A sequence whose one feature is the time itself."""
    times = np.asarray(times, float)
    values = np.repeat(times[:, None, None], 2, axis=1)
    valid = np.ones(len(times), bool) if valid is None else valid
    return FeatureSequence("v", 0, np.arange(len(times)), times, values, valid, np.ones(len(times)))


def test_cut_is_half_open():
    span = cut(line([0.0, 0.1, 0.2, 0.3]), 0.1, 0.3)
    np.testing.assert_allclose(span.times_s, [0.1, 0.2])


@given(
    gaps=st.lists(st.floats(0.005, 0.2), min_size=1, max_size=40),
    rate=st.floats(1, 120),
)
def test_resampling_a_line_gives_the_line(gaps, rate):
    times = np.cumsum([0.3, *gaps])
    out = resample(line(times), rate)
    np.testing.assert_allclose(out.values[:, 0, 0], out.times_s, atol=1e-5)
    np.testing.assert_allclose(np.diff(out.times_s), 1 / rate, rtol=1e-6)
    assert out.times_s[-1] <= times[-1] + 1e-6
    assert (np.diff(out.frames) > 0).all()


def test_resampled_ticks_beside_a_gap_are_invalid():
    valid = np.array([True, False, True, True])
    out = resample(line([0, 1, 2, 3], valid), 2)
    assert out.valid.tolist() == [True, False, False, False, True, True, True]


def test_rate_must_be_positive():
    from vpd.errors import InputError

    with pytest.raises(InputError, match="not positive"):
        resample(line([0, 1]), 0)
