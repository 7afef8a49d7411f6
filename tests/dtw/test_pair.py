"""One pair: the same costs and paths as dtw-python, for every step pattern."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dtw as reference
from vpd.dtw import DISTANCES, PATTERNS, dtw_distance, dtw_path
from vpd.errors import InputError

METRIC = {"l2": "euclidean", "sqeuclidean": "sqeuclidean", "cosine": "cosine"}


@st.composite
def pairs(draw, longest=200):
    """Two sequences, two times in three of lengths that symmetricP2 can warp."""
    n = draw(st.integers(1, longest))
    low, high = draw(st.sampled_from([(1, longest), (max(1, 2 * n // 3), min(longest, 3 * n // 2 + 1))] * 2))
    m = draw(st.integers(low, high))
    d = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x, y = rng.standard_normal((n, d)), rng.standard_normal((m, d))
    if draw(st.booleans()):
        x, y = np.cumsum(x, axis=0), np.cumsum(y, axis=0)
    return x, y


def reference_alignment(x, y, pattern, distance, window):
    limits = (
        {"window_type": "sakoechiba", "window_args": {"window_size": window}} if window is not None else {}
    )
    try:
        return reference.dtw(x, y, dist_method=METRIC[distance], step_pattern=pattern, **limits)
    except ValueError as error:
        if "No warping path" not in str(error):
            raise
        return None


@settings(max_examples=60, deadline=None)
@given(
    pair=pairs(),
    pattern=st.sampled_from(list(PATTERNS)),
    distance=st.sampled_from(DISTANCES),
    window=st.none() | st.integers(0, 60),
)
def test_cost_path_and_normalisation_are_those_of_dtw_python(pair, pattern, distance, window):
    x, y = pair
    want = reference_alignment(x, y, pattern, distance, window)
    if want is None:
        assert dtw_distance(x, y, pattern, distance, normalise=False, window=window) == np.inf
        with pytest.raises(InputError, match="no path"):
            dtw_path(x, y, pattern, distance, normalise=False, window=window)
        return
    got = dtw_path(x, y, pattern, distance, normalise=False, window=window)
    assert got.distance == pytest.approx(want.distance, rel=1e-6, abs=1e-12)
    np.testing.assert_array_equal(got.query, want.index1)
    np.testing.assert_array_equal(got.reference, want.index2)
    if PATTERNS[pattern].normalised_by:
        normalised = dtw_distance(x, y, pattern, distance, window=window)
        assert normalised == pytest.approx(want.normalizedDistance, rel=1e-6, abs=1e-12)


def _rows(pattern):
    for p, step in enumerate(pattern.steps, start=1):
        for c, (di, dj, w) in enumerate(step):
            yield p, di, dj, w, c == 0


def test_the_table_states_the_recurrences_of_dtw_python():
    for name, pattern in PATTERNS.items():
        want = getattr(reference, name)
        assert pattern.normalised_by == want.hint.replace("NA", "")
        rows = [(p, di, dj, -1 if origin else w) for p, di, dj, w, origin in _rows(pattern)]
        np.testing.assert_array_equal(want.mx, rows)
        assert pattern.symmetric == name.startswith("symmetric")


def test_infeasible_lengths_are_infinite_and_the_fallback_has_its_own_name():
    x, y = np.arange(10.0)[:, None], np.arange(3.0)[:, None]
    assert dtw_distance(x, y) == np.inf
    assert dtw_distance(x, y, "symmetricP2_or_2") == dtw_distance(x, y, "symmetric2")
    assert dtw_distance(x, x + 1, "symmetricP2_or_2") == dtw_distance(x, x + 1, "symmetricP2")
    assert dtw_path(x, y, "symmetricP2_or_2").pattern == "symmetric2"


def test_what_cannot_be_warped_is_refused_with_a_sentence():
    x = np.zeros((4, 2))
    with pytest.raises(InputError, match="not finite"):
        dtw_distance(x, np.full((4, 2), np.nan))
    with pytest.raises(InputError, match="empty"):
        dtw_distance(x, x[:0])
    with pytest.raises(InputError, match="shapes"):
        dtw_distance(x, np.zeros((4, 3)))
    with pytest.raises(InputError, match="no normalised distance"):
        dtw_distance(x, x, "symmetric1")
    with pytest.raises(InputError, match="there are symmetric1"):
        dtw_distance(x, x, "symmetric9")
    with pytest.raises(InputError, match="there are l2"):
        dtw_distance(x, x, distance="l3")
    with pytest.raises(InputError, match="negative"):
        dtw_distance(x, x, window=-1)
