"""A bidirectional GRU for CPUs, several times faster than ``torch.nn.GRU`` on packed sequences.

Forward and backward pass of a layer are written out by hand: one matrix product for all input projections,
one for each weight's gradient, and per time step one product and one compiled loop over the gates. The
directions run in two threads where two cores are free. Parameters have the names and the layout of
``torch.nn.GRU``; float32 results are equal to its to rounding. In training the large products, seven tenths
of the arithmetic, are done in bfloat16 where the processor has it; time steps are too small to gain.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from vpd.compiling import compiled
from vpd.device import processor_has
from vpd.sequences.packing import Packing

# Rational approximation of tanh on +-7.9 (the coefficients of Eigen's ptanh, accurate to a few units in the
# last place of float32); division and products alone, so that the compiler vectorises it.
_CLAMP = np.float32(7.90531110763549805)
_A = [np.float32(a) for a in (
    4.89352455891786e-03, 6.37261928875436e-04, 1.48572235717979e-05, 5.12229709037114e-08,
    -8.60467152213735e-11, 2.00018790482477e-13, -2.76076847742355e-16,
)]  # fmt: skip
_B = [
    np.float32(b)
    for b in (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)
]
_A1, _A3, _A5, _A7, _A9, _A11, _A13 = _A
_B0, _B2, _B4, _B6 = _B
_HALF = np.float32(0.5)
_ONE = np.float32(1)

Precision = Literal["auto", "float32", "bfloat16"]

_compiled: Any = compiled(nogil=True, fastmath=True, error_model="numpy")


@_compiled
def _tanh(x):  # type: ignore[no-untyped-def]  # compiled by numba, which infers
    x = min(max(x, -_CLAMP), _CLAMP)
    s = x * x
    p = ((((((_A13 * s + _A11) * s + _A9) * s + _A7) * s + _A5) * s + _A3) * s + _A1) * x
    return p / (((_B6 * s + _B4) * s + _B2) * s + _B0)


@_compiled
def _sigmoid(x):  # type: ignore[no-untyped-def]  # compiled by numba, which infers
    return _HALF * _tanh(_HALF * x) + _HALF


@_compiled
def _gates_forward(work, recurrent, bias, out, at, before, row, n, previous, n_previous):  # type: ignore[no-untyped-def]
    # Rows row .. row + n of a time step; the first n_previous have a state before, at row ``previous``.
    h = before.shape[1]
    for i in range(n):
        w = work[row + i]
        o, b = out[row + i, at : at + h], before[row + i]
        if i < n_previous:
            u, p = recurrent[i], out[previous + i, at : at + h]
            for j in range(h):
                v = u[2 * h + j] + bias[j]
                r = _sigmoid(w[h + j] + u[j] + bias[h + j])
                z = _sigmoid(w[2 * h + j] + u[h + j] + bias[2 * h + j])
                c = _tanh(w[3 * h + j] + bias[3 * h + j] + r * v)
                w[j] = v
                w[h + j] = r
                w[2 * h + j] = z
                w[3 * h + j] = c
                b[j] = p[j]
                o[j] = c + z * (p[j] - c)
        else:
            for j in range(h):
                v = bias[j]
                r = _sigmoid(w[h + j] + bias[h + j])
                z = _sigmoid(w[2 * h + j] + bias[2 * h + j])
                c = _tanh(w[3 * h + j] + bias[3 * h + j] + r * v)
                w[j] = v
                w[h + j] = r
                w[2 * h + j] = z
                w[3 * h + j] = c
                b[j] = np.float32(0)
                o[j] = c - z * c


@_compiled
def _gates_backward(grad_out, at, carry, work, before, row, n, n_carried):  # type: ignore[no-untyped-def]
    h = before.shape[1]
    for i in range(n):
        w = work[row + i]
        d, b, c = grad_out[row + i, at : at + h], before[row + i], carry[i]
        if i >= n_carried:
            c[:] = np.float32(0)
        for j in range(h):
            v, r, z, m = w[j], w[h + j], w[2 * h + j], w[3 * h + j]
            total = d[j] + c[j]
            dm = total * (_ONE - z) * (_ONE - m * m)
            c[j] = total * z
            w[j] = dm * r
            w[h + j] = dm * r * v * (_ONE - r)
            w[2 * h + j] = total * (b[j] - m) * z * (_ONE - z)
            w[3 * h + j] = dm


class _Schedule:
    """Steps of one direction in the order they run.

    Each step: first row, number of rows, first row of the state before, number of rows that have one.
    """

    def __init__(self, packing: Packing, reverse: bool) -> None:
        n, row = packing.batch_sizes, packing.offsets
        times = np.arange(len(n))[:: -1 if reverse else 1]
        n, row = n[times], row[times]
        previous = np.concatenate([[0], row[:-1]])
        with_previous = np.minimum(n, np.concatenate([[0], n[:-1]]))
        self.steps: list[tuple[int, int, int, int]] = list(
            zip(row.tolist(), n.tolist(), previous.tolist(), with_previous.tolist(), strict=True)
        )
        self.largest = int(n.max())


class _Buffers:
    """Memory of gates and states, used again by the next step: fresh pages cost a few percent of a step."""

    def __init__(self) -> None:
        self.spare: dict[int, list[Tensor]] = {}

    def take(self, rows: int, columns: int) -> Tensor:
        """Return a tensor (rows, columns) with undefined values."""
        for place, tensor in enumerate(self.spare.setdefault(columns, [])):
            if len(tensor) >= rows:
                return self.spare[columns].pop(place)[:rows]
        return torch.empty(rows + rows // 4, columns)[:rows]

    def give(self, *tensors: Tensor) -> None:
        """Put tensors back for later use."""
        for tensor in tensors:
            whole = tensor._base if tensor._base is not None else tensor
            self.spare.setdefault(tensor.shape[1], []).append(whole)


_Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def _by_direction(p: list[Tensor]) -> tuple[_Weights, _Weights]:
    return (p[0], p[1], p[2], p[3]), (p[4], p[5], p[6], p[7])


def _run(
    x: Tensor, weights: _Weights, schedule: _Schedule, work: Tensor, before: Tensor, out: Tensor, at: int
) -> None:
    """Write one direction's outputs into the columns of ``out`` from ``at`` on; return what its gradient
    needs.

    That is ``work`` (N, 4h), the gates, and ``before`` (N, h), the states before. The gates' columns are: the
    recurrent part of the candidate, reset, update, candidate. The gradients replace them in place, where the
    first three blocks are those of the recurrent products and the last three those of the inputs. The inputs
    ``x`` are multiplied in the precision they have.
    """
    w_ih, w_hh, b_ih, b_hh = weights
    h = w_hh.shape[1]
    # In the order of the gates' columns. Added in the loop, which spares a pass over all of them.
    bias = torch.cat([b_hh[2 * h :], b_ih[: 2 * h] + b_hh[: 2 * h], b_ih[2 * h :]]).numpy()
    if x.dtype == work.dtype:
        torch.mm(x, w_ih.t(), out=work[:, h:])
    else:
        work[:, h:] = x @ w_ih.t().to(x.dtype)
    buffer, across = torch.empty(schedule.largest, 3 * h), w_hh.t().contiguous()
    state = out[:, at : at + h]
    work_n, out_n, before_n, buffer_n = work.numpy(), out.numpy(), before.numpy(), buffer.numpy()
    for row, n, previous, n_previous in schedule.steps:
        if n_previous:
            torch.mm(state[previous : previous + n_previous], across, out=buffer[:n_previous])
        _gates_forward(work_n, buffer_n, bias, out_n, at, before_n, row, n, previous, n_previous)


def _run_back(
    grad: Tensor,
    at: int,
    x: Tensor,
    work: Tensor,
    before: Tensor,
    weights: _Weights,
    schedule: _Schedule,
    input_grad: bool,
) -> tuple[Tensor | None, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of one direction for the inputs and the four parameters. ``work`` is overwritten."""
    w_ih, w_hh, _, _ = weights
    h = w_hh.shape[1]
    carry = torch.zeros(schedule.largest, h)
    grad_n, work_n, before_n, carry_n = grad.numpy(), work.numpy(), before.numpy(), carry.numpy()
    recurrent = work[:, : 3 * h]
    across = torch.cat([w_hh[2 * h :], w_hh[: 2 * h]])
    n_carried = 0
    for row, n, _, n_previous in reversed(schedule.steps):
        _gates_backward(grad_n, at, carry_n, work_n, before_n, row, n, n_carried)
        if n_previous:
            carry[:n_previous].addmm_(recurrent[row : row + n_previous], across)
        n_carried = n_previous
    sums = work.sum(dim=0)
    grad_b_ih, grad_b_hh = sums[h:], torch.cat([sums[h : 3 * h], sums[:h]])
    work, before = work.to(x.dtype), before.to(x.dtype)
    inputs = work[:, h:]
    grad_w_ih = (inputs.t() @ x).float()
    grad_w_hh = torch.cat([work[:, h : 3 * h].t() @ before, work[:, :h].t() @ before]).float()
    grad_x = (inputs @ w_ih.to(x.dtype)).float() if input_grad else None
    return grad_x, grad_w_ih, grad_w_hh, grad_b_ih, grad_b_hh


@cache
def _second_core() -> Executor:
    return ThreadPoolExecutor(1, thread_name_prefix="gru")


def _both(first: Callable[[], Any], second: Callable[[], Any], threads: int) -> tuple[Any, Any]:
    if threads < 2:
        return first(), second()
    other = _second_core().submit(_with_threads, torch.get_num_threads(), second)
    return first(), other.result()


def _with_threads(count: int, work: Callable[[], Any]) -> Any:
    """Call ``work`` with the caller's number of threads for products: a new thread does not inherit it."""
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
    return work()


class _Layer(torch.autograd.Function):
    """One bidirectional layer over packed frames."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        schedules: Any,
        buffers: _Buffers,
        threads: int,
        precision: torch.dtype,
        *parameters: Tensor,
    ) -> Tensor:
        ctx.schedules, ctx.buffers, ctx.threads = schedules, buffers, threads
        weights = _by_direction([p.detach() for p in parameters])
        x, h = x.detach().to(precision), parameters[1].shape[1]
        out = torch.empty(len(x), 2 * h)
        saved = [(buffers.take(len(x), 4 * h), buffers.take(len(x), h)) for _ in range(2)]
        _both(
            lambda: _run(x, weights[0], schedules[0], *saved[0], out, 0),
            lambda: _run(x, weights[1], schedules[1], *saved[1], out, h),
            threads,
        )
        ctx.saved = saved
        ctx.save_for_backward(x, *parameters)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, *parameters = ctx.saved_tensors
        if ctx.saved is None:
            raise RuntimeError("the gradient of a BiGRU layer can be taken once")
        saved, ctx.saved = ctx.saved, None
        weights = _by_direction([p.detach() for p in parameters])
        needs_x, grad, h = ctx.needs_input_grad[0], grad.contiguous(), grad.shape[1] // 2

        def one(i: int) -> Any:
            work, before = saved[i]
            return _run_back(grad, i * h, x, work, before, weights[i], ctx.schedules[i], needs_x)

        ahead, back = _both(lambda: one(0), lambda: one(1), ctx.threads)
        for tensors in saved:
            ctx.buffers.give(*tensors)
        grad_x = ahead[0].add_(back[0]) if needs_x else None
        return (grad_x, None, None, None, None, *ahead[1:], *back[1:])


class BiGRU(nn.Module):
    """Bidirectional GRU over packed frames (N, d) -> (N, 2 hidden); parameters as in ``torch.nn.GRU``.

    In float32 on a CPU it runs the code of this file, with gradients or without. Elsewhere it runs
    ``torch.nn.GRU``.

    Parameters
    ----------
    d, hidden, layers : channels of the inputs, of one direction's state, and how many layers.
    threads : 2 runs the two directions on two cores.
    precision : of the products over all frames while training; "auto" takes bfloat16 on processors that
        multiply in it. The time steps and all of evaluation are float32.
    """

    def __init__(
        self, d: int, hidden: int, layers: int, threads: int = 1, precision: Precision = "auto"
    ) -> None:
        super().__init__()
        half = precision == "bfloat16" or (precision == "auto" and processor_has("avx512_bf16", "amx_bf16"))
        self.precision = torch.bfloat16 if half else torch.float32
        self.gru = nn.GRU(d, hidden, layers, bidirectional=True)
        self.threads = threads
        self.memory = _Buffers()

    def forward(self, x: Tensor, packing: Packing) -> Tensor:
        """Outputs of the last layer at every packed frame."""
        if x.device.type != "cpu" or x.dtype != torch.float32:
            sizes = torch.from_numpy(packing.batch_sizes)
            out, _ = self.gru(torch.nn.utils.rnn.PackedSequence(x, sizes))
            data: Tensor = out.data
            return data
        schedules = (_Schedule(packing, False), _Schedule(packing, True))
        precision = self.precision if self.training else torch.float32
        for layer in range(self.gru.num_layers):
            parameters = [
                getattr(self.gru, f"{name}_l{layer}{direction}")
                for direction in ("", "_reverse")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            x = _Layer.apply(x.contiguous(), schedules, self.memory, self.threads, precision, *parameters)
        return x
