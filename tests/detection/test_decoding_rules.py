"""Small rules of detection, each by hand or by the plain definition."""

import itertools

import numpy as np
import pytest

from vpd.detection.base import is_covered
from vpd.detection.combined import WEIGHTS
from vpd.detection.frame_scores import FrameScores, detect_points
from vpd.detection.proposals import MANY_THRESHOLDS, Decoding, Lengths, lengths_of, propose
from vpd.detection.timeline import Timeline
from vpd.detection.trained import PAPER
from vpd.detection.training import Schedule
from vpd.types import Segment


def timeline(athlete, times_s):
    n = len(times_s)
    return Timeline("v", athlete, times_s, np.arange(n), np.zeros((n, 2, 1), np.float32), np.ones(n, bool))


def test_thresholds_and_shares_are_probabilities_in_order():
    for values in (MANY_THRESHOLDS, WEIGHTS):
        assert list(values) == sorted(set(values))
        assert min(values) >= 0
        assert max(values) <= 1
    assert MANY_THRESHOLDS[0] > 0
    assert (WEIGHTS[0], WEIGHTS[-1]) == (0, 1)


def test_the_papers_training_is_that_of_its_supplement():
    assert PAPER["rate_hz"] * PAPER["window_s"] == 250
    assert (PAPER["epochs"], PAPER["windows"], PAPER["batch"]) == (200, 5000, 100)
    assert (PAPER["learning_rate"], PAPER["patience"]) == (1e-3, 50)


def test_windows_come_in_both_orientations_unless_the_schedule_says_otherwise():
    assert Schedule(250, 16, 1, 1e-3).mirror


def test_quantiles_of_the_lengths_stand_for_all_and_like_ones_come_once():
    found = lengths_of(np.array([1.0, 2, 3, 4, 5]))
    assert found.mean_s == 3
    np.testing.assert_allclose(found.quantiles_s, [1.4, 2.2, 3.0, 3.8, 4.6])
    np.testing.assert_allclose(lengths_of(np.array([1.0, 1, 1.05, 4, 4])).quantiles_s, [1.0, 2.84, 4.0], 0.5)


def mean_between(scores, start, stop):
    """Mean over fractional ticks, with 0 outside, tick by tick."""
    held = sum(score * max(0.0, min(stop, i + 1) - max(start, i)) for i, score in enumerate(scores))
    return held / (stop - start)


@pytest.mark.parametrize("length", [7, 10, 12])
def test_boxes_are_the_peaks_of_the_plain_definition(length):
    scores = np.random.default_rng(length).random(60)
    found = {}
    for i in range(60):
        begin = i + 0.5 - length / 2
        end = begin + length
        beside = mean_between(scores, begin - length / 2, begin) + mean_between(scores, end, end + length / 2)
        found[begin] = mean_between(scores, begin, end) * (1 - beside / 2)
    reach = max(3, length // 2 + (length // 2 + 1) % 2) // 2
    values = list(found.values())
    peaks = {
        begin: value
        for i, (begin, value) in enumerate(found.items())
        if value >= max(values[max(0, i - reach) : i + reach + 1])
    }
    spans, values = propose(
        scores, 1.0, Lengths(float(length), (float(length),)), Decoding("boxes", suppression=0.0)
    )
    assert {round(max(begin, 0.0), 6): pytest.approx(peaks[begin], abs=1e-6) for begin in peaks} == {
        round(float(span[0]), 6): value for span, value in zip(spans, values, strict=True)
    }


@pytest.mark.parametrize("begin_s", [0.0, -0.02, -30.0])
def test_points_lie_apart_by_the_radius_and_none_before_the_video(begin_s):
    scores = np.zeros(60)
    scores[[0, 20, 28, 31]] = [0.9, 0.8, 0.7, 0.6]
    shown = FrameScores(
        timeline(0, begin_s + np.arange(60) / 25),
        np.stack([1 - scores, scores], axis=1).astype(np.float32),
        ("a",),
    )
    found = detect_points([shown], 25.0, 0.2, Decoding(merge_gap=1.0, smoothing=0.0))
    kept = [d for d in found if d.score > 0.5]
    assert [round((d.end_s - begin_s) * 25) - 1 for d in kept] == [0, 20, 28]
    assert kept[0].start_s == begin_s
    for a, b in itertools.combinations(kept, 2):
        assert abs(a.start_s - b.start_s) >= 0.2


def test_a_segment_is_covered_by_its_own_athletes_ticks():
    parts = [timeline(0, np.arange(10) / 10)]
    assert is_covered(Segment("v", 0.2, 0.4, 0), parts)
    assert not is_covered(Segment("v", 0.2, 0.4, 1), parts)
    assert not is_covered(Segment("v", 2.0, 3.0, 0), parts)
    assert not is_covered(Segment("w", 0.2, 0.4, 0), parts)
