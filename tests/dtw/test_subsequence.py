"""Scores of every end in a stream: those of dtw-python with open ends, and of all spans tried one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dtw as reference
from vpd.dtw import dtw_distance, frame_distances, subsequence_path
from vpd.dtw import subsequence as module
from vpd.dtw.subsequence import stack_queries, subsequence_scores
from vpd.errors import InputError


def moving(rng, frames, d):
    return np.cumsum(rng.standard_normal((frames, d)), axis=0).astype(np.float32)


def by_dtw_python(query, stream, distance):
    """Best cost of every end over all begins, by dtw-python, over the query's length."""
    dist = frame_distances(query, stream, distance)
    # dtw-python's open begin lets the first step leave a free row, as here, but not enter the first frame.
    padded = np.pad(dist, ((0, 0), (1, 0)), constant_values=1e12)
    try:
        found = reference.dtw(
            padded,
            step_pattern=reference.asymmetricP1,
            open_begin=True,
            open_end=True,
            keep_internals=True,
        )
    except ValueError as error:
        if "All-NaN" not in str(error):  # how it says that there is no path
            raise
        return np.full(len(stream), np.inf)
    last = found.costMatrix[-1, 1:] / len(query)
    return np.where(last < 1e9, last, np.inf)


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 30),
    frames=st.integers(1, 90),
    distance=st.sampled_from(["l2", "sqeuclidean", "cosine"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_scores_are_those_of_dtw_python_with_open_ends(n, frames, distance, seed):
    rng = np.random.default_rng(seed)
    query, stream = moving(rng, n, 4), moving(rng, frames, 4)
    scores, _ = subsequence_scores(stack_queries([query], distance), stream)
    want = by_dtw_python(query, stream, distance)
    np.testing.assert_allclose(scores, want, rtol=1e-4, atol=1e-3)


def by_brute_force(query, dist, end):
    """Least cost of any path into frame ``end``, by following every step back from there."""
    inf = np.inf

    def cost(i, j):
        # A path has passed all before query frame 0; no frame before the stream's first can be matched.
        if i < 0:
            return 0.0 if j >= -1 else inf
        if j < 0:
            return inf
        ways = [cost(i - 1, j - 1) + dist[i, j]]
        if j >= 1:
            ways.append(cost(i - 1, j - 2) + 0.5 * (dist[i, j - 1] + dist[i, j]))
        if i >= 1:
            ways.append(cost(i - 2, j - 1) + dist[i - 1, j] + dist[i, j])
        return min(ways)

    return cost(len(query) - 1, end) / len(query)


@settings(max_examples=15, deadline=None)
@given(
    n=st.integers(1, 6),
    frames=st.integers(1, 14),
    invalid=st.sets(st.integers(0, 13), max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
def test_scores_are_the_best_of_all_paths_and_pass_no_invalid_frame(n, frames, invalid, seed):
    rng = np.random.default_rng(seed)
    query, stream = moving(rng, n, 3), moving(rng, frames, 3)
    valid = ~np.isin(np.arange(frames), list(invalid))
    scores, _ = subsequence_scores(stack_queries([query]), stream, valid)
    dist = np.where(valid, frame_distances(query, stream), np.inf)
    want = [by_brute_force(query, dist, end) for end in range(frames)]
    np.testing.assert_allclose(scores, want, rtol=1e-4, atol=1e-4)


def test_the_path_of_an_end_costs_its_score():
    rng = np.random.default_rng(0)
    query, stream = moving(rng, 20, 5), moving(rng, 80, 5)
    scores, _ = subsequence_scores(stack_queries([query]), stream)
    for end in range(0, 80, 7):
        path = subsequence_path(query, stream[: end + 1])
        assert path.distance == pytest.approx(scores[end], rel=1e-4)


def test_a_span_costs_no_more_than_warped_whole():
    rng = np.random.default_rng(1)
    query, stream = moving(rng, 15, 4), moving(rng, 60, 4)
    scores, _ = subsequence_scores(stack_queries([query]), stream)
    for begin in range(10, 40, 5):
        for frames in range(8, 20, 3):
            whole = dtw_distance(query, stream[begin : begin + frames], "asymmetricP1")
            assert scores[begin + frames - 1] <= whole * (1 + 1e-4)


def test_several_queries_give_the_best_and_blocks_do_not_show(monkeypatch):
    rng = np.random.default_rng(2)
    queries, stream = [moving(rng, n, 4) for n in (5, 12, 9)], moving(rng, 500, 4)
    together, which = subsequence_scores(stack_queries(queries), stream)
    alone = np.array([subsequence_scores(stack_queries([q]), stream)[0] for q in queries])
    np.testing.assert_allclose(together, alone.min(axis=0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(alone[which, np.arange(500)], together, rtol=1e-4, atol=1e-3)
    monkeypatch.setattr(module, "BLOCK", 64)
    in_blocks, _ = subsequence_scores(stack_queries(queries), stream)
    np.testing.assert_allclose(in_blocks, together, rtol=1e-4, atol=1e-4)
    late, _ = subsequence_scores(stack_queries(queries), stream, skip=300)
    np.testing.assert_allclose(late, together[300:], rtol=1e-4, atol=1e-4)


def test_what_cannot_be_searched_is_refused_with_a_sentence():
    with pytest.raises(InputError, match="not empty"):
        stack_queries([])
    with pytest.raises(InputError, match="expected"):
        subsequence_scores(stack_queries([np.zeros((3, 2))]), np.zeros((5, 3), np.float32))
