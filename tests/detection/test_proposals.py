"""Intervals read off scores: the paper's rule by hand, and properties of the rest."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.detection.proposals import (
    Decoding,
    Lengths,
    clamp_lengths,
    lengths_of,
    merge_near,
    peaks,
    propose,
    runs_above,
    soft_suppression,
)
from vpd.metrics.matching import temporal_iou

TEN = Lengths(10.0, (10.0,))


def test_the_papers_rule_by_hand():
    # At rate 1: a run of 3 is dropped; runs one apart are joined; 6 + 1 + 5 = 12 lies within 6.7 .. 13.3.
    scores = np.zeros(60)
    scores[5:8] = 0.9
    scores[20:26] = 0.8
    scores[27:32] = 0.6
    scores[40:60] = 1.0
    paper = Decoding("runs", (0.5,), merge_gap=0.1, min_length=0.3, suppression=0.0)
    spans, values = propose(scores, 1.0, TEN, paper)
    np.testing.assert_allclose(spans, [[43.35, 56.65], [20, 32]])
    np.testing.assert_allclose(values, [1.0, (6 * 0.8 + 5 * 0.6) / 12])


def test_pieces():
    runs = runs_above(np.array([1, 1, 0, 1, 0, 0, 0, 1.0]), 0.5)
    assert runs.tolist() == [[0, 2], [3, 4], [7, 8]]
    assert merge_near(runs, 1).tolist() == [[0, 4], [7, 8]]
    assert clamp_lengths(np.array([[0.0, 10.0], [4.0, 5.0]]), 2, 6).tolist() == [[2, 8], [3.5, 5.5]]
    assert lengths_of(np.array([1.0, 1.0, 1.0])).quantiles_s == (1.0,)


def plain_soft_suppression(spans, values, sigma):
    values, todo = list(values), list(range(len(values)))
    while todo:
        best = max(todo, key=lambda i: values[i])
        todo.remove(best)
        for i in todo:
            overlap = temporal_iou(spans[best : best + 1], spans[i : i + 1])[0, 0]
            values[i] *= np.exp(-overlap * overlap / sigma)
    return np.array(values)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 25), seed=st.integers(0, 999), sigma=st.sampled_from([0.1, 0.3, 0.7]))
def test_soft_suppression_agrees_with_the_plain_rule(n, seed, sigma):
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0, 30, n)
    spans = np.stack([starts, starts + rng.uniform(1, 8, n)], axis=1)
    values = rng.uniform(0.1, 1, n)
    expected = plain_soft_suppression(spans, values, sigma)
    mine = soft_suppression(spans, values, sigma)
    # Below the least score the order of suppression no longer matters.
    np.testing.assert_allclose(mine[expected > 0.01], expected[expected > 0.01], rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 999),
    kind=st.sampled_from(["runs", "boxes", "votes"]),
    smoothing=st.sampled_from([0.0, 0.2]),
    n=st.integers(0, 120),
)
def test_proposals_are_within_limits_and_in_order(seed, kind, smoothing, n):
    rng = np.random.default_rng(seed)
    scores, edges = rng.random(n), rng.normal(5, 10, (n, 2))
    decoding = Decoding(kind=kind, smoothing=smoothing)
    spans, values = propose(scores, 2.0, Lengths(5.0, (4.0, 6.0)), decoding, edges)
    assert (np.diff(values) <= 0).all()
    assert ((values > 0) & (values <= 1)).all()
    assert ((spans[:, 0] >= 0) & (spans[:, 1] <= n) & (spans[:, 1] > spans[:, 0])).all()
    assert (spans[:, 1] - spans[:, 0] <= 1.33 * 10 + 1e-9).all()


@pytest.mark.parametrize("kind", ["runs", "boxes", "votes"])
@pytest.mark.parametrize("length", [5, 125])
def test_a_clea_segment_is_found_exactly(kind, length):
    scores = np.zeros(1000)
    scores[400 : 400 + length] = 0.9
    edges = np.stack([np.arange(1000) - 400, 400 + length - np.arange(1000)], axis=1)
    spans, _ = propose(scores, 25.0, Lengths(length / 25, (length / 25,)), Decoding(kind=kind), edges)
    np.testing.assert_allclose(spans[0], [400, 400 + length], atol=0.6)


def test_votes_tell_lengths_apart_and_touching_segments():
    # Three segments without a gap, of 20, 40 and 60 ticks: no threshold parts them, their edges do.
    bounds = [100, 120, 160, 220]
    scores, edges = np.zeros(300), np.zeros((300, 2))
    scores[100:220] = 0.8
    for start, stop in pairwise(bounds):
        ticks = np.arange(start, stop)
        edges[start:stop] = np.stack([ticks - start, stop - ticks], axis=1)
    decoding = Decoding("votes", shortest=0.2, longest=5.0)
    spans, values = propose(scores, 25.0, Lengths(1.6, (0.8, 1.6, 2.4)), decoding, edges)
    found = spans[:3][np.argsort(spans[:3, 0])]
    np.testing.assert_allclose(found, list(pairwise(bounds)), atol=2)
    assert values[:3].min() > 0.5
    assert (values[3:] < 0.3).all()


def test_votes_without_edges_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="need edges"):
        propose(np.ones(9), 25.0, TEN, Decoding("votes"))


def test_peaks_keep_their_distance():
    scores = np.zeros(50)
    scores[[10, 12, 30]] = 0.9, 0.5, 0.7
    ticks, values = peaks(scores, 4, 0)
    assert ticks.tolist() == [10, 30]
    assert values.tolist() == [0.9, 0.7]
