"""The compiled maximum over time is torch's, forward and backward."""

import numpy as np
import pytest
import torch

from vpd.sequences.packing import FrameMatrix
from vpd.sequences.pooling import max_over_time


@pytest.mark.parametrize("lengths", [[1], [4, 4], [3, 9, 1, 7]])
def test_maximum_and_gradient_are_those_of_each_sequence(lengths):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, 5)).astype(np.float32) for n in lengths]
    frames, packing = FrameMatrix(arrays).batch(np.arange(len(lengths)))
    weight = torch.randn(len(lengths), 5)
    x = frames.clone().requires_grad_()
    pooled = max_over_time(x, packing)
    (pooled * weight).sum().backward()
    for place, i in enumerate(packing.order):
        alone = torch.from_numpy(arrays[i]).requires_grad_()
        best = alone.max(dim=0).values
        torch.testing.assert_close(pooled[place], best)
        (best * weight[place]).sum().backward()
        torch.testing.assert_close(x.grad[torch.from_numpy(packing.sequence == i)], alone.grad)


def test_other_precisions_take_the_general_way():
    frames, packing = FrameMatrix([np.eye(3, dtype=np.float32), np.ones((2, 3), np.float32)]).batch(
        np.arange(2)
    )
    torch.testing.assert_close(max_over_time(frames.double(), packing), torch.ones(2, 3).double())
