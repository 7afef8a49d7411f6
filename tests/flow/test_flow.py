"""Every flow estimator gives the motion from the previous picture to the current one."""

import cv2
import numpy as np
import pytest
import torch
from torchvision.models.optical_flow import raft_small

from vpd.errors import InputError
from vpd.flow import FLOWS, make_flow
from vpd.flow.raft import Raft


def pictures(n, side=128):
    rng = np.random.default_rng(0)
    return np.stack(
        [cv2.GaussianBlur(rng.integers(0, 256, (side, side, 3), dtype=np.uint8), (0, 0), 3) for _ in range(n)]
    )


@pytest.mark.parametrize("name", [n for n, entry in FLOWS.items() if not entry.fetches_weights])
@pytest.mark.parametrize("shift", [(3, 0), (0, -4), (2, 2)])
def test_shift_is_found(name, shift):
    before = pictures(3)
    after = np.roll(before, (shift[1], shift[0]), axis=(1, 2))
    flow = make_flow(name)(before, after)
    assert flow.shape == (3, 128, 128, 2)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(np.median(flow, axis=(1, 2)), [shift] * 3, atol=0.3)


def test_raft_with_given_weights():
    torch.manual_seed(0)
    raft = Raft("small", "cpu", raft_small(weights=None))
    flow = raft(pictures(2), pictures(2))
    assert flow.shape == (2, 128, 128, 2)
    assert flow.dtype == np.float32
    with pytest.raises(InputError, match="at least 128"):
        raft(pictures(1, 64), pictures(1, 64))


def test_unknown_name():
    assert make_flow("none") is None
    with pytest.raises(InputError, match="dis"):
        make_flow("farneback")
