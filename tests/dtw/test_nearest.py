"""The k nearest are exactly those of float64, infeasible ones last."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from vpd.dtw import DISTANCES, FALLBACK, PATTERNS, dtw_distance, nearest, pack, top_k
from vpd.dtw.many import ROUNDING, lower_bounds, path_costs
from vpd.errors import InputError


def exhaustive(query, packed, pattern, normalise, window):
    """Every candidate warped in float64, nearest first, ties in the order of the list."""
    prepared = tuple(part.astype(np.float64) for part in packed.prepare(query))
    ranked = path_costs([prepared], packed, pattern, window)[0]
    if normalise:
        step = PATTERNS["symmetricP2" if pattern == FALLBACK else pattern]
        ranked /= step.weight(len(query), packed.lengths)
    distances = np.empty(len(packed))
    distances[packed.order] = ranked
    order = np.argsort(distances, kind="stable")
    return order, distances[order]


@st.composite
def collections(draw):
    """A query and candidates of some kinds: copies and near copies, some of lengths without a path."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(1, 40)), draw(st.sampled_from([1, 6, 9, 20]))
    lengths = rng.integers(max(1, n - draw(st.integers(0, 30))), n + 10, draw(st.integers(1, 150)))
    kinds = np.cumsum(rng.standard_normal((4, 60, d)), axis=1)
    spread = draw(st.sampled_from([0.0, 0.01, 1.0]))
    made = [
        (kinds[rng.integers(4), :m] + spread * rng.standard_normal((m, d))).astype(np.float32)
        for m in lengths
    ]
    query = made[0] if draw(st.booleans()) else kinds[0, :n].astype(np.float32)
    return query, [*made, query, *made[:5]]


@settings(max_examples=60, deadline=None)
@given(
    collection=collections(),
    k=st.integers(1, 70),
    pattern=st.sampled_from(
        ["symmetricP2", "symmetricP2", "symmetric2", "symmetricP05", "asymmetricP1", FALLBACK]
    ),
    distance=st.sampled_from(DISTANCES),
    normalise=st.booleans(),
    window=st.none() | st.integers(0, 20),
)
def test_top_k_is_the_exhaustive_ranking_to_the_last_digit(
    collection, k, pattern, distance, normalise, window
):
    query, candidates = collection
    packed = pack(candidates, distance, sketch=True)
    # Bounds are tried whether or not they are likely to pay.
    with patch.object(nearest, "MOST_ASKED", 1), patch.object(nearest, "MOST_LEFT", 1):
        got = top_k(query, packed, k, pattern, normalise, window)
    indices, distances = exhaustive(query, packed, pattern, normalise, window)
    np.testing.assert_array_equal(got.distances, distances[:k])
    np.testing.assert_array_equal(got.indices, indices[:k])


@settings(max_examples=20, deadline=None)
@given(
    collection=collections(),
    pattern=st.sampled_from(["symmetricP2", "symmetric2", FALLBACK]),
    distance=st.sampled_from(DISTANCES),
    sketch=st.booleans(),
)
def test_distances_are_those_of_each_pair(collection, pattern, distance, sketch):
    query, candidates = collection
    got = top_k(query, pack(candidates, distance, sketch), 10, pattern)
    every = np.array([dtw_distance(query, candidates[i], pattern, distance) for i in got.indices])
    np.testing.assert_allclose(got.distances, every, rtol=1e-5, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    collection=collections(),
    pattern=st.sampled_from(list(PATTERNS)),
    distance=st.sampled_from(DISTANCES),
    window=st.none() | st.integers(0, 20),
)
def test_bounds_are_never_above_the_cost(collection, pattern, distance, window):
    query, candidates = collection
    packed = pack(candidates, distance, sketch=True)
    bounds = lower_bounds(packed.prepare(query), packed, packed.sketch, pattern, window).costs
    costs = [dtw_distance(query, candidates[i], pattern, distance, False, window) for i in packed.order]
    assert np.all(bounds <= np.array(costs) * (1 + 1e-6) + 1e-5)


def test_bounds_leave_most_candidates_out():
    rng = np.random.default_rng(0)
    kinds = 5 * rng.standard_normal((10, 1, 30)) + np.cumsum(rng.standard_normal((10, 40, 30)), axis=1)
    candidates = [kinds[i % 10] + 0.1 * rng.standard_normal((40, 30)) for i in range(300)]
    packed = pack(candidates, sketch=True)
    bounds = lower_bounds(packed.prepare(candidates[0]), packed, packed.sketch, "symmetricP2", None).costs
    kth = top_k(candidates[0], packed, 30).distances[-1]
    assert np.mean(bounds / 80 <= kth) == pytest.approx(0.1)


def test_float32_errors_are_under_half_of_the_margin():
    rng = np.random.default_rng(0)
    worst = 0.0
    for d in (1, 2, 8, 26, 64, 128, 512):
        for scale in (np.ones(d), np.geomspace(1e-3, 1, d)):
            x = (rng.standard_normal((300, d)) * scale).astype(np.float32)
            # Heavy tails, all of one sign, and pairs that nearly coincide.
            for y in (
                x**3,
                np.abs(x),
                x + np.float32(1e-3) * rng.standard_normal((300, d)).astype(np.float32),
            ):
                x2, y2 = np.einsum("nd,nd->n", x, x), np.einsum("nd,nd->n", y, y)
                got = x2[:, None] + y2 - 2 * (x @ y.T)
                want = cdist(x.astype(np.float64), y.astype(np.float64), "sqeuclidean")
                worst = max(worst, float((np.abs(got - want) / (x2[:, None] + y2)).max()))
    assert worst < ROUNDING / 2 * np.finfo(np.float32).eps


def test_none_is_refused():
    with pytest.raises(InputError, match="1 or more"):
        top_k(np.zeros((3, 1)), pack([np.zeros((3, 1))]), 0)
