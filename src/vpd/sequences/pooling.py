"""Maximum over time of packed frames, for CPUs: one compiled loop forward and one backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from vpd.compiling import compiled
from vpd.sequences.packing import Packing


@compiled(nogil=True)
def _largest(frames, sizes, best, row):  # type: ignore[no-untyped-def]  # compiled by numba, which infers
    d = frames.shape[1]
    at = sizes[0]
    for i in range(at):
        best[i] = frames[i]
        row[i] = i
    for t in range(1, len(sizes)):
        for i in range(sizes[t]):
            x, b, r = frames[at + i], best[i], row[i]
            here = np.int32(at + i)
            for j in range(d):
                larger = x[j] > b[j]
                b[j] = x[j] if larger else b[j]
                r[j] = here if larger else r[j]
        at += sizes[t]


@compiled(nogil=True)
def _scatter(grad, row, out):  # type: ignore[no-untyped-def]  # compiled by numba, which infers
    for i in range(grad.shape[0]):
        for j in range(grad.shape[1]):
            out[row[i, j], j] = grad[i, j]


class _MaxOverTime(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, frames: Tensor, sizes: Any) -> Tensor:
        best = torch.empty(int(sizes[0]), frames.shape[1])
        ctx.row = np.empty(best.shape, np.int32)
        ctx.frames = len(frames)
        _largest(frames.detach().contiguous().numpy(), sizes, best.numpy(), ctx.row)
        return best

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        out = torch.zeros(ctx.frames, grad.shape[1])
        _scatter(grad.contiguous().numpy(), ctx.row, out.numpy())
        return out, None


def max_over_time(frames: Tensor, packing: Packing) -> Tensor:
    """The maximum of each channel over the frames of each sequence.

    ``frames`` are packed, (N, d). The result (B, d) has the packing's order. Of equal frames the first
    receives the gradient.
    """
    if frames.device.type == "cpu" and frames.dtype == torch.float32:
        pooled: Tensor = _MaxOverTime.apply(frames, packing.batch_sizes)
        return pooled
    rank = np.concatenate([np.arange(n) for n in packing.batch_sizes])
    index = torch.from_numpy(rank).to(frames.device)[:, None].expand(-1, frames.shape[1])
    empty = frames.new_empty(len(packing.order), frames.shape[1])
    return empty.scatter_reduce(0, index, frames, "amax", include_self=False)
