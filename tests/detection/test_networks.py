"""The networks: what they see, and that the compiled recurrence is torch's."""

import numpy as np
import pytest
import torch

from vpd.detection.networks import NETWORKS, FrameBiGRU, FrameConvolutions, make_network
from vpd.detection.targets import UNKNOWN
from vpd.detection.training import LEAST_WINDOWS, Target, Windows


@pytest.mark.parametrize("name", NETWORKS)
def test_a_logit_for_every_tick_and_output(name):
    network = make_network(name, 5, 4, 8, 60, torch.Generator().manual_seed(0))
    assert network(torch.zeros(3, 20, 5)).shape == (3, 20, 4)


def test_recurrence_is_that_of_torch():
    torch.manual_seed(0)
    network = FrameBiGRU(5, 3, hidden=8).eval()
    reference = torch.nn.GRU(5, 8, 2, bidirectional=True, batch_first=True)
    reference.load_state_dict(network.gru.gru.state_dict())
    x = torch.randn(4, 30, 5)
    states = reference(x)[0].flatten(0, 1)
    hidden = torch.relu(network.linear1(network.norm1(states)))
    expected = network.linear2(network.norm2(hidden)).reshape(4, 30, 3)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("view", "seen"), [(1, 31), (31, 31), (62, 63), (200, 255), (9999, 255)])
def test_convolutions_see_as_far_as_asked(view, seen):
    torch.manual_seed(0)
    network = FrameConvolutions(2, 1, hidden=4, view=view).eval()
    x = torch.randn(1, 401, 2, requires_grad=True)
    network(x)[0, 200].sum().backward()
    (reached,) = np.nonzero(x.grad[0].abs().sum(1).numpy())
    assert reached[-1] - reached[0] + 1 <= seen
    assert reached[-1] - reached[0] + 1 >= 0.6 * seen


def test_a_window_played_faster_moves_more_and_ends_sooner():
    inputs = np.arange(400, dtype=np.float32)[:, None, None].repeat(2, axis=1)
    inputs = np.concatenate([inputs, np.ones_like(inputs)], axis=2)
    target = Target(np.ones(400, np.int64), np.full((400, 2), 6.0, np.float32))
    windows = Windows([inputs], [target], 20, 1.0, moving=1)
    assert windows.covering == LEAST_WINDOWS
    x, classes, edges = (t.numpy() for t in windows.draw(50, np.random.default_rng(0)))
    for one, y, e in zip(x, classes, edges, strict=True):
        known = y != UNKNOWN
        speed = one[0, 1]
        assert 0.5 <= speed <= 2
        np.testing.assert_allclose(np.diff(one[known, 0]), speed, atol=1)
        np.testing.assert_allclose(e[known], 6 / speed, rtol=1e-5)
