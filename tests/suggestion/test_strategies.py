"""Strategies and queues: they ask about what is open, and each does what it is called for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.metrics.summary import clopper_pearson
from vpd.sequences.sides import mirror_distances
from vpd.suggestion.described import described
from vpd.suggestion.kernel import RATE_HZ, distances
from vpd.suggestion.pool import NOTHING, Pool
from vpd.suggestion.queue import (
    PROPOSAL,
    RANDOM,
    TYPICAL,
    UNSURE,
    accuracy,
    guesses,
    held_out,
    may_propose,
    owed,
    questions,
    verify_page,
)
from vpd.suggestion.strategies import STRATEGIES, core_set, covers, max_herding
from vpd.types import FeatureSequence


def still(point: np.ndarray, joints: bool = False) -> FeatureSequence:
    """Two frames in one place; the mirrored ones lie far from all others, apart but for joints."""
    point = np.round(64 * point) / 64  # so that all differences are exact
    values = np.tile(np.stack([point, point + 100]), (2, 1, 1)).astype(np.float32)
    values[1, 1] += 0.0 if joints else 1.0
    return FeatureSequence("v", 0, np.arange(2), np.arange(2) / 15, values, np.ones(2, bool), np.ones(2))


def pool_of(points: np.ndarray, labels: list[str], joints: bool = False, **more) -> Pool:
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    both = np.stack([distance, distance + 100]).astype(np.float32)
    return Pool(both, described([still(p, joints) for p in points]), np.array(labels, object), **more)


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


def test_distances_are_of_both_orientations_and_the_same_from_either_side():
    rng = np.random.default_rng(1)

    def sequence(n: int) -> FeatureSequence:
        values = rng.normal(size=(n, 2, 4)).astype(np.float32)
        times = np.arange(n) / RATE_HZ
        return FeatureSequence("v", 0, np.arange(n), times, values, np.ones(n, bool), np.ones(n))

    sequences = [sequence(n) for n in (8, 11, 9)]
    found = distances(sequences)
    np.testing.assert_allclose(found, found.swapaxes(1, 2))
    expected = np.stack(mirror_distances(sequences))
    np.testing.assert_allclose(found, (expected + expected.swapaxes(1, 2)) / 2, rtol=1e-4, atol=1e-3)
    assert distances([]).shape == (2, 0, 0)


def test_before_all_classes_are_known_typical_ones_are_asked_and_one_at_random():
    rng = np.random.default_rng(2)
    points = clusters(rng, [20, 20, 4])
    pool = pool_of(points, ["a", *[""] * 43])
    asked = questions(pool, 8, rng)
    reasons = [q.why for q in asked]
    assert len(asked) == 8
    assert reasons.count(RANDOM) == 1
    assert reasons.count(TYPICAL) == 7
    assert {q.label for q in asked} == {"a"}


def test_with_labels_enough_the_unsure_are_asked():
    rng = np.random.default_rng(3)
    points = clusters(rng, [20, 20])
    labels = ["a"] * 4 + [""] * 16 + ["b"] * 4 + [""] * 16
    assert {q.why for q in questions(pool_of(points, labels), 7, rng)} == {UNSURE}


def test_a_page_has_the_surest_of_every_class_class_by_class():
    rng = np.random.default_rng(4)
    points = clusters(rng, [20, 15])
    labels = ["a"] * 5 + [""] * 15 + ["b"] * 5 + [""] * 10
    page = verify_page(pool_of(points, labels), 20)
    assert len(page) == 20
    assert {q.why for q in page} == {PROPOSAL}
    assert all((q.index < 20) == (q.label == "a") for q in page)
    names = [q.label for q in page]
    assert names in (["a"] * names.count("a") + ["b"] * names.count("b"), sorted(names, reverse=True))


def test_nothing_is_proposed_while_many_classes_have_a_single_label():
    rng = np.random.default_rng(5)
    points = clusters(rng, [10, 10, 10, 10])
    some = ["a"] * 5 + [""] * 5 + ["b"] + [""] * 9 + ["c"] + [""] * 9 + ["d"] + [""] * 9
    pool = pool_of(points, some)
    assert not may_propose(pool)
    assert verify_page(pool, 12) == []
    more = list(some)
    more[11] = "b"
    assert may_propose(pool_of(points, more))


def test_by_joints_more_is_named_before_anything_is_proposed():
    points = clusters(np.random.default_rng(5), [40, 40])
    some = [*["a"] * 6, *[""] * 34, *["b"] * 6, *[""] * 34]
    assert may_propose(pool_of(points, some))
    pool = pool_of(points, some, joints=True)
    assert not may_propose(pool)
    more = [*["a"] * 10, *[""] * 30, *["b"] * 10, *[""] * 30]
    assert may_propose(pool.labelled_as(np.array(more, object)))


def test_a_class_that_the_user_excluded_is_not_proposed_again():
    rng = np.random.default_rng(6)
    points = clusters(rng, [20, 15])
    labels = ["a"] * 5 + [""] * 15 + ["b"] * 5 + [""] * 10
    pool = pool_of(points, labels, wrong={7: frozenset("a"), 8: frozenset("ab")})
    told = {q.index: q.label for q in verify_page(pool, 100)}
    assert told.get(7) in (None, "b")
    assert 8 not in told


def test_what_was_rejected_is_never_proposed_and_guards_its_neighbours():
    points = np.concatenate([np.linspace([0.0, 0], [0.2, 0], 10), np.linspace([9.0, 0], [9.2, 0], 10)])
    labels = [NOTHING, "", NOTHING, *[""] * 7, *["a"] * 8, "", ""]
    pool = pool_of(points, labels)
    told = guesses(pool)
    assert set(told[3:10]) == {""}
    assert set(told[-2:]) == {"a"}
    assert {q.index for q in verify_page(pool, 100)} == {18, 19}


def test_covers_counts_the_near_that_nothing_labelled_covers():
    points = np.array([[0.0], [0.1], [0.2], [0.3], [50.0]])
    pool = pool_of(points, ["", "", "", "a", ""])
    pool.__dict__["kernel"] = np.exp(-((points - points.T) ** 2))
    assert covers(pool, 0) == 2  # itself and 0.1; 0.2 is nearer to the label
    assert covers(pool, 2) == 3
    assert covers(pool, 4) == 1


def test_what_was_drawn_at_random_covers_nothing():
    rng = np.random.default_rng(7)
    points = clusters(rng, [20, 12, 6])
    labels = [""] * len(points)
    (first,) = max_herding(pool_of(points, labels), 1, rng)
    near = int(np.linalg.norm(points - points[first], axis=1).argsort()[1])
    labels[near] = "a"
    assert max_herding(pool_of(points, labels), 1, rng)[0] != first
    assert max_herding(pool_of(points, labels, drawn=np.array([near])), 1, rng)[0] == first


def test_accuracy_is_a_share_with_the_exact_interval():
    assert accuracy([]) is None
    found = accuracy([True] * 9 + [False])
    assert found is not None
    assert (found.mean, found.count) == (0.9, 10)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(9, 10))
    assert (found.low, found.high) == pytest.approx((0.5550, 0.9975), abs=1e-4)


@given(st.integers(2, 40), st.integers(0, 10), st.integers(1, 12), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_herding_takes_the_greatest_gain_each_time(open_count, known, n, seed):
    rng = np.random.default_rng(seed)
    labels = [*[""] * open_count, *rng.choice(["a", "b"], known)]
    pool = pool_of(rng.normal(size=(len(labels), 2)), labels)
    covered = pool.covered
    for index in max_herding(pool, n, rng):
        gains = np.maximum(pool.kernel - covered[:, None], 0).sum(axis=0)
        assert gains[index] >= gains[pool.open].max() - 1e-9
        covered = np.maximum(covered, pool.kernel[:, index])


def test_what_was_drawn_at_random_is_named_by_all_labels_that_were_not():
    rng = np.random.default_rng(8)
    points = clusters(rng, [10, 10])
    labels = ["a"] * 6 + [""] * 4 + ["b"] * 5 + ["a"] + [""] * 4
    assert held_out(pool_of(points, labels, drawn=np.array([5, 10, 15]))) == [True, True, False]
    assert held_out(pool_of(points, labels)) == []
    alone = ["a", *[""] * 19]
    assert held_out(pool_of(points, alone, drawn=np.array([0]))) == []


def test_the_accuracy_that_is_shown_is_that_of_the_other_moments():
    """The interval holds the share of the open moments that are named right, as often as it says."""
    rng, inside = np.random.default_rng(0), 0
    for _ in range(25):
        points = rng.normal(0, 1, (90, 2))
        truth = np.where(points[:, 0] + rng.normal(0, 0.4, 90) > 0, "a", "b").astype(object)
        asked = rng.permutation(90)[:40]
        labels = np.full(90, "", object)
        labels[asked] = truth[asked]
        pool = pool_of(points, list(labels), joints=True, drawn=asked[:20])
        right = np.mean(guesses(pool)[pool.open] == truth[pool.open])
        shown = accuracy(held_out(pool))
        inside += shown.low <= right <= shown.high
    assert inside >= 22


def test_wrong_proposals_are_made_up_for_by_right_ones_and_by_names():
    right, wrong = True, False
    assert owed([], 0) == 0
    assert owed([right] * 18 + [wrong] * 6, 0) == 0
    assert owed([wrong] * 12 + [right] * 12, 0) == owed([right] * 12 + [wrong] * 12, 0) == 8
    assert owed([wrong] * 12 + [right] * 12, 5) == 3
    assert owed([wrong] * 12 + [right] * 12, 9) == 0
    assert owed([wrong] * 24 + [right] * 24, 0) == 0  # the last page counts


def test_no_two_moments_that_overlap_are_on_one_page():
    rng = np.random.default_rng(2)
    points = clusters(rng, [10, 10])
    labels = [*["a"] * 4, *[""] * 6, *["b"] * 4, *[""] * 6]
    twins = {4: frozenset({5}), 5: frozenset({4}), 14: frozenset({15, 16}), 15: frozenset({14})}
    pool = pool_of(points, labels, overlaps=twins | {16: frozenset({14})})
    for page in (verify_page(pool, 20), questions(pool, 20, rng)):
        asked = {q.index for q in page}
        assert not any(asked & pool.overlaps.get(i, frozenset()) for i in asked)
        assert len(asked) == 10 or len(asked) == 9
