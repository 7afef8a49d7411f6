"""Strategies and queues: they ask about what is open, and each does what it is called for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.dtw import dtw_distance
from vpd.metrics.summary import wilson
from vpd.suggestion.kernel import distances, kernel
from vpd.suggestion.queue import (
    NEW,
    PROPOSAL,
    RANDOM,
    TYPICAL,
    UNSURE,
    accuracy,
    guesses,
    held_out,
    questions,
    trusted_distance,
    verify_page,
)
from vpd.suggestion.strategies import NOTHING, STRATEGIES, Pool, core_set, covers, max_herding
from vpd.types import MIRRORED, REGULAR, FeatureSequence


def pool_of(points: np.ndarray, labels: list[str]) -> Pool:
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    return Pool(distance, kernel(distance), np.array(labels, object))


def clusters(rng: np.random.Generator, sizes: list[int]) -> np.ndarray:
    centres = np.arange(len(sizes))[:, None] * np.array([[10.0, 0.0]])
    parts = [c + rng.normal(0, 0.5, (n, 2)) for c, n in zip(centres, sizes, strict=True)]
    return np.concatenate(parts)


@pytest.mark.parametrize("name", STRATEGIES)
@given(st.integers(1, 30), st.integers(0, 12), st.integers(1, 40), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_a_strategy_asks_once_about_what_is_open(name, open_count, known, n, seed):
    rng = np.random.default_rng(seed)
    labels = [*[""] * open_count, *rng.choice(["a", "b", NOTHING], known)]
    pool = pool_of(rng.normal(size=(len(labels), 3)), labels)
    order = STRATEGIES[name](pool, n, rng)
    assert len(order) == min(n, open_count)
    assert len(set(order.tolist())) == len(order)
    assert set(order.tolist()) <= set(range(open_count))


def test_herding_first_takes_what_covers_most_then_the_other_clusters():
    rng = np.random.default_rng(0)
    points = clusters(rng, [20, 12, 6])
    pool = pool_of(points, [""] * len(points))
    first, second, third = max_herding(pool, 3, rng)
    gains = np.maximum(pool.kernel, 0).sum(axis=0)
    assert first == gains.argmax()
    assert [first < 20, 20 <= second < 32, third >= 32] == [True] * 3


def test_the_core_set_takes_the_farthest():
    points = np.array([[0.0, 0], [1, 0], [2, 0], [9, 0]])
    assert core_set(pool_of(points, ["a", "", "", ""]), 2, np.random.default_rng(0)).tolist() == [3, 2]


def test_distances_are_those_of_the_better_orientation():
    rng = np.random.default_rng(1)

    def sequence(n: int) -> FeatureSequence:
        values = rng.normal(size=(n, 2, 4)).astype(np.float32)
        return FeatureSequence("v", 0, np.arange(n), np.arange(n) / 15, values, np.ones(n, bool), np.ones(n))

    sequences = [sequence(n) for n in (8, 11, 9)]
    found = distances(sequences)
    for i in range(3):
        for j in range(3):
            if i == j:
                assert found[i, j] == 0
                continue
            a, b = sequences[i].values, sequences[j].values
            expected = min(
                dtw_distance(a[:, REGULAR], b[:, REGULAR], "symmetric2"),
                dtw_distance(a[:, MIRRORED], b[:, REGULAR], "symmetric2"),
                dtw_distance(b[:, MIRRORED], a[:, REGULAR], "symmetric2"),
            )
            assert found[i, j] == pytest.approx(expected, rel=1e-4)


def test_before_all_classes_are_known_typical_ones_are_asked_and_some_new():
    rng = np.random.default_rng(2)
    points = clusters(rng, [20, 20, 4])
    pool = pool_of(points, ["a", *[""] * 43])
    asked = questions(pool, 8, rng)
    reasons = [q.why for q in asked]
    assert len(asked) == 8
    assert reasons.count(RANDOM) == 1
    assert reasons.count(NEW) == 2
    assert reasons.count(TYPICAL) == 5
    assert {q.label for q in asked} == {"a"}


def test_with_labels_enough_the_unsure_are_asked():
    rng = np.random.default_rng(3)
    points = clusters(rng, [20, 20])
    labels = ["a"] * 4 + [""] * 16 + ["b"] * 4 + [""] * 16
    assert {q.why for q in questions(pool_of(points, labels), 7, rng)} == {UNSURE}


def test_a_page_is_of_one_class_and_surest_first():
    rng = np.random.default_rng(4)
    points = clusters(rng, [20, 15])
    labels = ["a"] * 5 + [""] * 15 + ["b"] * 5 + [""] * 10
    page = verify_page(pool_of(points, labels), 12)
    assert {q.why for q in page} == {PROPOSAL}
    assert len({q.label for q in page}) == 1
    assert all((q.index < 20) == (q.label == "a") for q in page)


def test_what_was_rejected_is_never_proposed_and_guards_its_neighbours():
    points = np.array([[0.0, 0], [0.1, 0], [0.2, 0], [5.0, 0]])
    pool = pool_of(points, [NOTHING, "", "", "a"])
    assert verify_page(pool, 10) == []
    assert guesses(pool).tolist() == ["", "", "", "a"]


def test_the_trusted_distance_stops_before_labels_err():
    points = np.array([[0.0], [0.1], [10.0], [10.1], [20.0], [20.1], [30.0], [31.0], [32.0]])
    labels = ["a", "a", "b", "b", "c", "c", "a", "b", "c"]
    assert trusted_distance(pool_of(points, labels)) == pytest.approx(0.1)


def test_covers_counts_the_near_that_nothing_labelled_covers():
    points = np.array([[0.0], [0.1], [0.2], [0.3], [50.0]])
    distance = np.abs(points - points.T)
    pool = Pool(distance, np.exp(-(distance**2)), np.array(["", "", "", "a", ""], object))
    assert covers(pool, 0) == 2  # itself and 0.1; 0.2 is nearer to the label
    assert covers(pool, 2) == 3
    assert covers(pool, 4) == 1


def test_accuracy_is_a_share_with_wilsons_interval():
    assert accuracy([]) is None
    found = accuracy([True] * 9 + [False])
    assert found is not None
    assert (found.mean, found.count) == (0.9, 10)
    assert (found.low, found.high) == pytest.approx(wilson(9, 10))
    assert (found.low, found.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)


@given(st.integers(2, 40), st.integers(0, 10), st.integers(1, 12), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_herding_takes_the_greatest_gain_each_time(open_count, known, n, seed):
    rng = np.random.default_rng(seed)
    labels = [*[""] * open_count, *rng.choice(["a", "b"], known)]
    pool = pool_of(rng.normal(size=(len(labels), 2)), labels)
    covered = pool.kernel[:, pool.labelled].max(axis=1, initial=0)
    for index in max_herding(pool, n, rng):
        gains = np.maximum(pool.kernel - covered[:, None], 0).sum(axis=0)
        assert gains[index] >= gains[pool.open].max() - 1e-9
        covered = np.maximum(covered, pool.kernel[:, index])


def test_what_was_asked_at_random_is_guessed_by_all_other_labels():
    points = np.array([[0.0], [1.0], [10.0], [11.0], [12.0], [30.0]])
    pool = pool_of(points, ["a", "a", "b", "b", "a", ""])
    assert held_out(pool, np.array([0, 3, 4])) == [True, True, False]
    assert held_out(pool_of(points, ["a", "", "", "", "", ""]), np.array([0])) == []


def test_the_accuracy_that_is_shown_is_that_of_the_other_moments():
    """The interval holds the share of the open moments that are guessed right, nearly as often as it says."""
    rng, inside = np.random.default_rng(0), 0
    for _ in range(200):
        points = rng.normal(0, 1, (150, 2))
        truth = np.where(points[:, 0] + rng.normal(0, 0.4, 150) > 0, "a", "b").astype(object)
        asked = rng.permutation(150)[:40]
        labels = np.full(150, "", object)
        labels[asked] = truth[asked]
        pool = pool_of(points, list(labels))
        right = np.mean(guesses(pool)[pool.open] == truth[pool.open])
        shown = accuracy(held_out(pool, asked[:20]))
        inside += shown.low <= right <= shown.high
    assert inside >= 180
