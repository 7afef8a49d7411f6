"""Path costs of many pairs at once in torch: for a GPU, where a whole diagonal of all pairs is one step.

Cells of the cost matrix with the same i + j do not depend on each other under any step pattern, since every
step adds at least one frame. So the matrices of all pairs advance together, one diagonal at a time. Costs are
float32, and products full float32 as on the CPU (no TF32).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vpd.dtw.packed import LANES, Packed
from vpd.dtw.patterns import StepPattern
from vpd.types import Array

SHARE = 0.25
"""Part of the free memory of a GPU that frame distances may take."""
ON_HOST = 1 << 28
"""Bytes of frame distances at a time where memory is not a device's own."""
SCALE = {"l2": 1.0, "sqeuclidean": 1.0, "cosine": 0.5}


def room(device: torch.device) -> int:
    """Bytes that frame distances of a block of pairs may take."""
    if device.type != "cuda":
        return ON_HOST
    free, _ = torch.cuda.mem_get_info(device)
    return int(free * SHARE)


def device_path_costs(
    prepared: Sequence[tuple[Array, Array]],
    packed: Packed,
    pattern: StepPattern,
    window: int | None,
    device: torch.device,
) -> Array:
    """Path costs (Q, N) float32 in the order of ``packed.order``, infinite where there is no path.

    ``prepared`` are queries as ``packed.prepare`` gives them. How many pairs are computed at a time is chosen
    by the device's memory.
    """
    out = np.full((len(prepared), len(packed)), np.inf, np.float32)
    values, norms = (torch.from_numpy(part).to(device) for part in (packed.values, packed.norms))
    lengths = torch.from_numpy(packed.lengths).to(device)
    order = sorted(range(len(prepared)), key=lambda q: len(prepared[q][0]))
    first = 0
    while first < packed.groups:
        # Groups are sorted by length: those of a block are padded to its longest.
        last, most = first, room(device)
        while last < packed.groups and (last == first or _bytes(packed, first, last + 1, prepared) <= most):
            last += 1
        candidates = _unpacked(values, norms, packed, first, last)
        ranks = slice(first * LANES, min(last * LANES, len(packed)))
        longest = int(packed.lengths[ranks][-1])
        each = max(1, int(most // _bytes(packed, first, last, prepared)))
        for part in (order[i : i + each] for i in range(0, len(order), each)):
            found = _block(
                [prepared[q] for q in part], *candidates, lengths[ranks], longest, packed, pattern, window
            )
            out[part, ranks] = found.cpu().numpy()
        first = last
    return out


def _bytes(packed: Packed, first: int, last: int, prepared: Sequence[tuple[Array, Array]]) -> int:
    """The most memory that frame distances of one query and the groups first .. last - 1 take."""
    n = max(len(query) for query, _ in prepared)
    longest = int(packed.lengths[min(last * LANES, len(packed)) - 1])
    return 4 * (last - first) * LANES * n * (2 * longest + n)


def _unpacked(values: Tensor, norms: Tensor, packed: Packed, first: int, last: int) -> tuple[Tensor, Tensor]:
    """Frames (N, M, d) and squared norms (N, M) of the sequences of some groups; 0 beyond their ends."""
    ranks = np.arange(first * LANES, min(last * LANES, len(packed)))
    frame = np.arange(int(packed.lengths[ranks[-1]]))
    rows = (packed.starts[ranks // LANES] + ranks % LANES)[:, None] + frame * LANES
    inside = frame < packed.lengths[ranks][:, None]
    place = torch.from_numpy(np.where(inside, rows, 0)).to(values.device)
    there = torch.from_numpy(inside).to(values.device)
    return values[place] * there[..., None], norms[place] * there


def _block(
    queries: Sequence[tuple[Array, Array]],
    frames: Tensor,
    norms: Tensor,
    lengths: Tensor,
    longest: int,
    packed: Packed,
    pattern: StepPattern,
    window: int | None,
) -> Tensor:
    """Path costs (Q, N) of queries and candidates (N, M, d)."""
    device, q, c = frames.device, len(queries), len(frames)
    sizes = torch.tensor([len(query) for query, _ in queries], device=device)
    n, m = max(len(query) for query, _ in queries), longest
    asked = frames.new_zeros(q, n, packed.d)
    squared = frames.new_zeros(q, n)
    for row, (query, norm) in enumerate(queries):
        asked[row, : len(query)] = torch.from_numpy(query).to(device)
        squared[row, : len(query)] = torch.from_numpy(norm).to(device)
    # A row of distances is followed by so many infinite ones that the diagonals need no test of borders.
    width = m + n + 1
    apart = frames.new_full((q, c, n, width), torch.inf)
    precision = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        products = torch.einsum("qnd,cmd->qcnm", asked, frames)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = precision
    products.mul_(-2).add_(squared[:, None, :, None]).add_(norms[None, :, None]).clamp_min_(0)
    products.mul_(SCALE[packed.distance])
    apart[..., :m] = products.sqrt_() if packed.distance == "l2" else products
    if window is not None:
        i, j = torch.arange(n, device=device)[:, None], torch.arange(m, device=device)
        apart[..., :m].masked_fill_((i - j).abs() > window, torch.inf)
    return _advance(apart, sizes, lengths, m, pattern)


def _advance(apart: Tensor, sizes: Tensor, lengths: Tensor, m: int, pattern: StepPattern) -> Tensor:
    """Costs (Q, N) at the last cells (sizes - 1, lengths - 1), of distances (Q, N, n, width)."""
    q, c, n, width = apart.shape
    reach = max(step[0][0] + step[0][1] for step in pattern.steps)
    back = max(step[0][0] for step in pattern.steps)
    # Diagonals of costs and distances, cell (i, s - i) at place back + i; places before are infinite.
    blank = apart.new_full((q, c, back + n), torch.inf)
    costs, distances = [blank] * (reach + 1), [blank] * (reach + 1)
    out = apart.new_full((q, c), torch.inf)
    ends = sizes[:, None] + lengths[None] - 2
    at = (back + sizes - 1)[:, None, None].expand(q, c, 1)

    def moved(diagonal: Tensor, by: int) -> Tensor:
        return diagonal[..., back - by : back - by + n]

    for s in range(n + m - 1):
        here = blank.clone()
        here[..., back:] = apart.as_strided((q, c, n), (*apart.stride()[:2], width - 1), s)
        distances = [here, *distances[:-1]]
        cost = blank.clone()
        best = cost[..., back:]
        for step in pattern.steps:
            (di, dj, _), *rest = step
            total = moved(costs[di + dj - 1], di)
            for bi, bj, weight in rest:
                total = total + weight * moved(distances[bi + bj], bi)
            torch.minimum(best, total, out=best)
        if s == 0:
            best[..., 0] = here[..., back]
        costs = [cost, *costs[:-1]]
        out = torch.where(ends == s, cost.gather(2, at)[..., 0], out)
    return out
