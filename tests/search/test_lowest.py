"""The least score around each is that of SciPy's filter."""

import numpy as np
import pytest
from scipy.ndimage import minimum_filter1d

from vpd.search.lowest import lowest_around


@pytest.mark.parametrize("near", [0, 1, 2, 3, 4, 10, 40])
@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_it_is_the_filter(near: int, count: int) -> None:
    scores = np.random.default_rng(near).random(count).astype(np.float32)
    scores[::5] = np.inf
    found = lowest_around(scores, near)
    np.testing.assert_array_equal(found, minimum_filter1d(scores, 2 * near + 1, mode="nearest"))
    assert found.dtype == scores.dtype
