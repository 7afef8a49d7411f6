"""Candidates: bursts of motion between rests, never over a gap, of a sensible length."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.suggestion.candidates import LONGEST_S, SHORTEST_S, energy, find_candidates, overlapping, without
from vpd.types import FeatureSequence, Segment

RATE = 25.0


def moving(speeds: np.ndarray, times_s: np.ndarray | None = None) -> FeatureSequence:
    """Features that move along a line at the given speed (units a second) at each frame."""
    n = len(speeds)
    times = np.arange(n) / RATE if times_s is None else times_s
    way = np.cumsum(np.r_[0, speeds[1:] * np.diff(times)])
    values = np.zeros((n, 2, 3), np.float32)
    values[:, :, 0] = way[:, None]
    return FeatureSequence("v", 0, np.arange(n), times, values, np.ones(n, bool), np.ones(n))


def bursts(*middles_s: float, length_s: float = 20.0) -> np.ndarray:
    times = np.arange(int(length_s * RATE)) / RATE
    return 0.05 + sum(4 * np.exp(-(((times - m) / 0.25) ** 2)) for m in middles_s)


def test_energy_is_the_speed_of_the_features():
    found = energy(moving(np.full(100, 2.0)))
    np.testing.assert_allclose(found[10:-10], 2.0, rtol=1e-5)


def test_every_burst_is_a_candidate_around_it():
    found = find_candidates(moving(bursts(3.0, 9.0, 15.5)))
    assert len(found) == 3
    for candidate, middle in zip(found, (3.0, 9.0, 15.5), strict=True):
        assert candidate.start_s < middle - 0.2
        assert candidate.end_s > middle + 0.2
        assert candidate.duration_s < 2.0


def test_a_short_video_is_one_candidate():
    (found,) = find_candidates(moving(bursts(1.0, 2.0, length_s=3.0)))
    assert (found.start_s, round(found.end_s, 6)) == (0.0, 3.0)


def test_nothing_is_found_where_nobody_is_seen():
    sequence = moving(bursts(3.0))
    object.__setattr__(sequence, "valid", np.zeros(len(sequence), bool))
    assert find_candidates(sequence) == []


@given(
    st.lists(st.floats(0.5, 29.5), min_size=1, max_size=12),
    st.integers(5, 25),
    st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_candidates_are_of_a_sensible_length_and_cross_no_gap(middles, gap_at, seed):
    rng = np.random.default_rng(seed)
    speeds = bursts(*middles, length_s=30.0) + rng.uniform(0, 0.3, int(30 * RATE))
    times = np.arange(len(speeds)) / RATE
    times[times >= gap_at] += 2.0
    for c in find_candidates(moving(speeds, times)):
        assert SHORTEST_S <= c.duration_s <= LONGEST_S + 1e-6
        assert not (c.start_s < gap_at - 0.1 and c.end_s > gap_at + 0.1)


def test_known_moments_are_left_out():
    candidates = [Segment("v", 0, 2, 0), Segment("v", 4, 6, 0), Segment("w", 0, 2, 0)]
    known = [Segment("v", 0.5, 2.5, 0, "kick"), Segment("v", 4, 6, 1, "kick")]
    assert without(candidates, known) == candidates[1:]
    assert without(candidates, [Segment("v", 4, 6, None, "kick")]) == [candidates[0], candidates[2]]


def test_a_moment_that_holds_a_label_is_left_out_and_one_that_holds_a_seen_span_is_not():
    long, other = Segment("v", 0, 6, 0), Segment("v", 0, 6, 1)
    short = Segment("v", 2, 3, 0, "kick")
    assert without([long, other], [short]) == [other]
    assert without([long], [], [short]) == [long]
    assert without([long], [Segment("v", 5.6, 8, 0, "kick")]) == [long]  # most of it lies elsewhere


def test_moments_overlap_by_half_of_the_shorter_one():
    moments = [
        Segment("v", 0, 5, 0), Segment("v", 4, 6, 0), Segment("v", 4.5, 5, 1),
        Segment("w", 0, 5, 0), Segment("v", 4.2, 8, 0), Segment("v", 6, 7, 0),
    ]  # fmt: skip
    expected = {0: {1}, 1: {0, 4}, 4: {1, 5}, 5: {4}}
    assert overlapping(moments) == {i: frozenset(others) for i, others in expected.items()}
