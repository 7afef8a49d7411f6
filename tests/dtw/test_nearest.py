"""The k nearest are exactly those of float64, infeasible ones last."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from vpd.dtw import DISTANCES, FALLBACK, PATTERNS, dtw_distance, nearest, pack, top_k
from vpd.dtw.many import lower_bounds, path_costs, squared_error
from vpd.errors import InputError


def exhaustive(query, packed, pattern, normalise, window):
    """Every candidate warped in float64, nearest first, ties in the order of the list."""
    prepared = tuple(part.astype(np.float64) for part in packed.prepare(query))
    ranked = path_costs([prepared], packed, pattern, window)[0][0]
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
    with patch.multiple(nearest, MOST_ASKED=1, MOST_LEFT=1, LEAST_D=1):
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


def test_bounds_are_not_tried_where_they_cost_more_than_they_save():
    rng = np.random.default_rng(0)
    with patch.object(nearest, "lower_bounds", side_effect=lower_bounds) as tried:
        for d in (nearest.LEAST_D - 1, nearest.LEAST_D):
            # Five axes hold all of the spread.
            candidates = list(rng.standard_normal((64, 20, 5)) @ rng.standard_normal((5, d)))
            top_k(candidates[0], pack(candidates, sketch=True), 2)
    assert tried.call_count == 1


def test_bounds_leave_most_candidates_out():
    rng = np.random.default_rng(0)
    kinds = 5 * rng.standard_normal((10, 1, 30)) + np.cumsum(rng.standard_normal((10, 40, 30)), axis=1)
    candidates = [kinds[i % 10] + 0.1 * rng.standard_normal((40, 30)) for i in range(300)]
    packed = pack(candidates, sketch=True)
    bounds = lower_bounds(packed.prepare(candidates[0]), packed, packed.sketch, "symmetricP2", None).costs
    kth = top_k(candidates[0], packed, 30).distances[-1]
    assert np.mean(bounds / 80 <= kth) == pytest.approx(0.1)


FRAMES = {
    "noise": lambda rng, shape: rng.standard_normal(shape),
    "nearly equal": lambda rng, shape: rng.standard_normal(shape[-1]) + 1e-3 * rng.standard_normal(shape),
    "equal": lambda rng, shape: np.eye(3, shape[-1])[rng.integers(0, 3, shape[:-1])],
    "one sign": lambda rng, shape: np.abs(rng.standard_normal(shape)) * np.geomspace(1e-3, 1, shape[-1]),
    "heavy tails": lambda rng, shape: rng.standard_t(1.5, shape),
    "too small for float32's exponent": lambda rng, shape: 1e-22 * rng.standard_normal(shape),
}
"""Frames (..., d) that try the margin: far from each other, close, equal, of squares that differ greatly."""


@st.composite
def trying(draw):
    """A query (n, d) and candidates of one kind of frames, the query among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    make, d = FRAMES[draw(st.sampled_from(list(FRAMES)))], draw(st.sampled_from([1, 2, 7, 26, 64, 128, 512]))
    n = draw(st.integers(1, 40))
    lengths = rng.integers(max(1, n - 8), n + 9, draw(st.integers(1, 60)))
    frames = make(rng, (n + lengths.sum(), d)).astype(np.float32)
    query, *candidates = np.split(frames, np.cumsum([n, *lengths])[:-1])
    return query, [*candidates, query, *candidates[:3]]


@settings(max_examples=60, deadline=None)
@given(
    collection=trying(),
    k=st.integers(1, 40),
    pattern=st.sampled_from(["symmetricP2", "symmetricP2", "symmetric2", "asymmetricP1", FALLBACK]),
    distance=st.sampled_from(DISTANCES),
    normalise=st.booleans(),
    sketch=st.booleans(),
)
def test_top_k_is_exhaustive_for_frames_that_try_the_margin(
    collection, k, pattern, distance, normalise, sketch
):
    query, candidates = collection
    packed = pack(candidates, distance, sketch)
    with patch.multiple(nearest, MOST_ASKED=1, WORTH=0, LEAST_D=1):
        got = top_k(query, packed, k, pattern, normalise)
    indices, distances = exhaustive(query, packed, pattern, normalise, None)
    np.testing.assert_array_equal(got.distances, distances[:k])
    np.testing.assert_array_equal(got.indices, indices[:k])


@settings(max_examples=100, deadline=None)
@given(
    collection=trying(),
    pattern=st.sampled_from([*PATTERNS, FALLBACK]),
    distance=st.sampled_from(DISTANCES),
    window=st.none() | st.integers(0, 20),
)
def test_float32_costs_are_within_the_margin(collection, pattern, distance, window):
    query, candidates = collection
    packed = pack(candidates, distance)
    prepared = packed.prepare(query)
    (got,), (leasts,) = path_costs([prepared], packed, pattern, window)
    (want,), _ = path_costs([tuple(part.astype(np.float64) for part in prepared)], packed, pattern, window)
    np.testing.assert_array_equal(np.isinf(got), np.isinf(want))
    has = np.isfinite(want)
    margin = nearest.margin_of(prepared, packed).of(got, leasts)
    assert np.all(np.abs(got[has] - want[has]) <= margin[has])


@pytest.mark.parametrize("pattern", ["symmetricP2", "symmetric2"])
@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("d", [1, 2, 8, 26, 64, 128, 512])
def test_float32_frame_distances_are_within_their_bound(kind, d, pattern):
    # Of one frame each, so that the least frame distance is the only one.
    frames = FRAMES[kind](np.random.default_rng(0), (300, 1, d)).astype(np.float32)
    packed = pack(list(frames), "sqeuclidean")
    queries = [packed.prepare(frame) for frame in frames[:20]]
    _, got = path_costs(queries, packed, pattern, None)
    centred = np.concatenate([values for values, _ in queries]).astype(np.float64)
    want = cdist(centred, (frames[packed.order, 0] - packed.centre.astype(np.float32)), "sqeuclidean")
    norms = np.concatenate([norms for _, norms in queries])[:, None].astype(np.float64) + packed.norms[:300]
    assert np.all(np.abs(got - want) <= squared_error(d, norms))


@pytest.mark.parametrize("kind", ["noise", "one sign"])
def test_little_more_than_what_is_asked_for_is_settled_in_float64(kind):
    rng, settled = np.random.default_rng(0), []

    def counted(prepared, packed, *args, **kwargs):
        if prepared[0][0].dtype == np.float64:
            settled.append(len(packed))
        return path_costs(prepared, packed, *args, **kwargs)

    candidates = [FRAMES[kind](rng, (m, 128)) for m in rng.integers(50, 91, 300)]
    with patch.object(nearest, "path_costs", counted):
        top_k(FRAMES[kind](rng, (70, 128)), pack(candidates), 30)
    assert sum(settled) <= 35


def test_none_is_refused():
    with pytest.raises(InputError, match="1 or more"):
        top_k(np.zeros((3, 1)), pack([np.zeros((3, 1))]), 0)
