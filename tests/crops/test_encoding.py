"""The median of flow, against numpy's."""

import numpy as np
import pytest

from vpd.crops.encoding import median_motion


@pytest.mark.parametrize("size", [1, 2, 5, 32])
@pytest.mark.parametrize("steps", [1e-6, 1.0])
def test_the_median_has_the_bits_of_numpys(size, steps):
    flow = np.random.default_rng(size).standard_normal((size, size, 2)) / steps
    flow = np.float32(np.rint(flow) * steps)  # with many equal numbers, or none
    median = median_motion(flow)
    assert median.dtype == np.float32
    assert np.array_equal(median, np.median(flow, axis=(0, 1)))
