"""The hand-written GRU gives what torch.nn.GRU gives, forward and backward."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import PackedSequence

from vpd.sequences.gru import BiGRU
from vpd.sequences.packing import FrameMatrix


def packed(lengths, d, seed=0):
    rng = np.random.default_rng(seed)
    matrix = FrameMatrix([rng.normal(size=(n, d)).astype(np.float32) for n in lengths])
    return matrix.batch(np.arange(len(lengths)))


@pytest.mark.parametrize("lengths", [[1], [5, 5, 5], [3, 9, 1, 7, 7]])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("threads", [1, 2])
def test_outputs_and_all_gradients_are_those_of_torch(lengths, layers, threads):
    torch.manual_seed(1)
    module = BiGRU(4, 8, layers, threads, "float32")
    frames, packing = packed(lengths, 4)
    weight = torch.randn(len(frames), 16)
    results = []
    for ours in (True, False):
        module.zero_grad()
        x = frames.clone().requires_grad_()
        if ours:
            out = module(x, packing)
        else:
            out = module.gru(PackedSequence(x, torch.from_numpy(packing.batch_sizes)))[0].data
        (out * weight).sum().backward()
        results.append([out.detach(), x.grad, *(p.grad.clone() for p in module.parameters())])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gates_hold_for_large_values():
    module = BiGRU(2, 4, 1, precision="float32")
    frames, packing = packed([6], 2)
    frames = frames * 1e4
    theirs = module.gru(PackedSequence(frames, torch.from_numpy(packing.batch_sizes)))[0].data
    torch.testing.assert_close(module(frames, packing), theirs, rtol=1e-5, atol=1e-5)


def test_a_sequence_does_not_see_its_batch():
    module = BiGRU(3, 5, 2, precision="float32")
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(n, 3)).astype(np.float32) for n in (4, 11, 7)]
    together, packing = FrameMatrix(arrays).batch(np.arange(3))
    out = module(together, packing).detach()
    for i, array in enumerate(arrays):
        alone, single = FrameMatrix([array]).batch(np.arange(1))
        torch.testing.assert_close(
            out[torch.from_numpy(packing.sequence == i)], module(alone, single).detach()
        )


def test_a_gradient_is_taken_once():
    module = BiGRU(2, 3, 1)
    frames, packing = packed([4, 2], 2)
    out = module(frames, packing).sum()
    out.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="once"):
        out.backward()


def test_training_in_bfloat16_is_near_and_evaluation_is_float32():
    torch.manual_seed(2)
    exact, half = BiGRU(6, 16, 2, 1, "float32"), BiGRU(6, 16, 2, 1, "bfloat16")
    half.load_state_dict(exact.state_dict())
    frames, packing = packed([40, 25, 31], 6)
    weight = torch.randn(len(frames), 32)
    for module in (exact, half):
        (module(frames, packing) * weight).sum().backward()
    for ours, theirs in zip(half.parameters(), exact.parameters(), strict=True):
        off = (ours.grad - theirs.grad).norm() / theirs.grad.norm()
        assert 0 < off < 0.02
    torch.testing.assert_close(half.eval()(frames, packing), exact.eval()(frames, packing), rtol=0, atol=0)
