"""Timelines keep time exact and never hide what is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpd.detection.timeline import BRIDGED_S, to_timeline, to_timelines
from vpd.errors import InputError
from vpd.types import FeatureSequence


def line(times, valid=None):
    """A sequence whose one feature is the time itself."""
    times = np.asarray(times, float)
    valid = np.ones(len(times), bool) if valid is None else np.asarray(valid)
    values = np.repeat(times[:, None, None], 2, axis=1)
    return FeatureSequence("v", 0, np.arange(len(times)), times, values, valid, np.ones(len(times)))


@given(gaps=st.lists(st.floats(0.005, 0.5), min_size=1, max_size=40), rate=st.floats(5, 100))
def test_valid_ticks_lie_on_the_line(gaps, rate):
    times = np.cumsum([0.3, *gaps])
    timeline = to_timeline(line(times), rate)
    np.testing.assert_allclose(np.diff(timeline.times_s), 1 / rate, rtol=1e-6)
    shown = timeline.valid
    np.testing.assert_allclose(timeline.values[shown, 0, 0], timeline.times_s[shown], atol=1e-5)
    assert (timeline.values[~shown] == 0).all()
    assert (np.diff(timeline.frames) >= 0).all()


def test_short_gaps_are_bridged_and_long_ones_marked():
    times = np.r_[np.arange(0, 1, 0.04), np.arange(1.1, 2, 0.04), np.arange(3, 4, 0.04)]
    timeline = to_timeline(line(times), 25)
    inside = (timeline.times_s > 2.03) & (timeline.times_s < 2.97)
    assert BRIDGED_S < 1
    assert not timeline.valid[inside].any()
    assert timeline.valid[timeline.times_s < 1.9].all()


def test_invalid_frames_are_gaps():
    times = np.arange(0, 4, 0.04)
    timeline = to_timeline(line(times, (times < 1) | (times >= 2)), 25)
    assert not timeline.valid[(timeline.times_s > 1.01) & (timeline.times_s < 1.95)].any()


@pytest.mark.parametrize("n", [0, 1])
def test_almost_nothing(n):
    assert len(to_timeline(line(np.arange(n)), 25)) == n


def test_a_sequence_without_features_is_all_missing():
    timeline = to_timeline(line([0, 0.1, 0.2], [False] * 3), 10)
    assert len(timeline) == 3
    assert not timeline.valid.any()


def test_one_valid_frame():
    timeline = to_timeline(line([0, 0.1, 0.2], [False, True, False]), 10)
    assert timeline.valid.tolist() == [False, True, False]


def test_refusals():
    with pytest.raises(InputError, match="not positive"):
        to_timeline(line([0, 1]), 0)
    other = FeatureSequence("w", 0, np.arange(2), np.arange(2.0), np.zeros((2, 2, 3)), [True] * 2, [1, 1])
    with pytest.raises(InputError, match="sizes"):
        to_timelines([line([0, 1]), other], 25)
