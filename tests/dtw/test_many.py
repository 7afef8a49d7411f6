"""One against many gives what each pair gives, in the order of the candidates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.dtw import DISTANCES, FALLBACK, PATTERNS, dtw_distance, many_to_many, one_to_many, pack
from vpd.errors import InputError


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 70),
    lengths=st.lists(st.integers(1, 100), min_size=1, max_size=40),
    d=st.integers(1, 20),
    pattern=st.sampled_from([*PATTERNS, FALLBACK]),
    distance=st.sampled_from(DISTANCES),
    window=st.none() | st.integers(0, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_many_equals_each_pair(n, lengths, d, pattern, distance, window, seed):
    rng = np.random.default_rng(seed)
    query = rng.standard_normal((n, d)) + 3
    candidates = [rng.standard_normal((m, d)) + 3 for m in lengths]
    normalise = pattern != "symmetric1"
    got = one_to_many(query, candidates, pattern, distance, normalise, window)
    want = [dtw_distance(query, c, pattern, distance, normalise, window) for c in candidates]
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=1e-4)


def test_far_from_the_origin_the_distances_keep_their_digits():
    rng = np.random.default_rng(0)
    query, other = rng.standard_normal((2, 30, 8)) + 1e3
    got = one_to_many(query, [other, other])
    np.testing.assert_allclose(got, dtw_distance(query, other), rtol=1e-4)


def test_packing_once_serves_many_queries():
    rng = np.random.default_rng(1)
    candidates = [rng.standard_normal((m, 5)) for m in rng.integers(20, 40, 37)]
    queries = [rng.standard_normal((m, 5)) for m in (25, 30, 31)]
    packed = pack(candidates)
    together = many_to_many(queries, packed)
    np.testing.assert_array_equal(together, [one_to_many(q, packed) for q in queries])


@pytest.mark.parametrize("pattern", ["symmetricP2", "symmetric2", "asymmetric"])
def test_a_list_against_itself_gives_what_two_lists_give(pattern):
    rng = np.random.default_rng(2)
    both = [rng.standard_normal((m, 5)) for m in rng.integers(20, 40, 50)]
    got = many_to_many(both, both, pattern)
    np.testing.assert_allclose(got, many_to_many(list(both), pack(both), pattern), rtol=1e-5, atol=1e-3)


def test_what_cannot_be_packed_is_refused_with_a_sentence():
    good = np.zeros((4, 2))
    with pytest.raises(InputError, match="no sequences"):
        pack([])
    with pytest.raises(InputError, match="empty"):
        pack([good, good[:0]])
    with pytest.raises(InputError, match="expected"):
        pack([good, np.zeros((4, 3))])
    with pytest.raises(InputError, match="not finite"):
        pack([good, good + np.inf])
    with pytest.raises(InputError, match="expected"):
        one_to_many(np.zeros((4, 3)), [good])
