"""The k nearest are exactly those of float64, infeasible ones last."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.dtw import DISTANCES, dtw_distance, pack, top_k
from vpd.errors import InputError


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 40),
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=60),
    k=st.integers(1, 70),
    pattern=st.sampled_from(["symmetricP2", "symmetric2", "symmetricP2_or_2"]),
    distance=st.sampled_from(DISTANCES),
    copies=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_top_k_is_the_ranking_of_every_pair(n, lengths, k, pattern, distance, copies, seed):
    rng = np.random.default_rng(seed)
    query = rng.standard_normal((n, 6)).astype(np.float32)
    candidates = [rng.standard_normal((m, 6)).astype(np.float32) for m in lengths]
    if copies:
        candidates += [query, query + np.float32(1e-4)]
    got = top_k(query, pack(candidates, distance), k, pattern)
    every = np.array([dtw_distance(query, c, pattern, distance) for c in candidates])
    assert len(got.indices) == min(k, len(candidates)) == len(set(got.indices.tolist()))
    np.testing.assert_allclose(got.distances, np.sort(every)[:k], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got.distances, every[got.indices], rtol=1e-5, atol=1e-6)


def test_none_is_refused():
    with pytest.raises(InputError, match="1 or more"):
        top_k(np.zeros((3, 1)), pack([np.zeros((3, 1))]), 0)
