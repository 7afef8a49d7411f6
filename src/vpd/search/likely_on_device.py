"""The likely slots by torch: for a GPU, where all ends of a chunk advance together, one query slot at a time.

Under asymmetricP1 a cell follows from the two rows of the query before its own alone. Squared distances of
coarse features are whole numbers, and what follows is done in the order of `vpd.dtw.subsequence`: so the
slots and their distances are those of the CPU to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import pad

from vpd.dtw.on_device import room
from vpd.dtw.subsequence import PAD, Queries
from vpd.search.coarse import NONE, CoarseQueries
from vpd.search.coarse_parts import Chunk, CoarsePart, LikelySlot, cut

ROWS = 16
"""Numbers of four bytes for a slot besides itself and its distances: costs, and what they are made of."""

MOST_BYTES = 2 << 30
"""Bytes that a chunk takes at most: larger ones are no faster, and need indexes of 64 bits."""


def likely_slots_on(
    device: torch.device, queries: CoarseQueries, parts: Iterable[CoarsePart], count: int
) -> list[LikelySlot]:
    """As `vpd.search.likely.likely_slots`, so many slots at a time as the device's memory has room for."""
    found: list[LikelySlot] = []
    for part in parts:
        length = _slots_at_once(device, queries, part.numbers.shape[1])
        for start in range(0, len(part.numbers), length):
            found += _of_chunk(device, queries, cut(part, start, length, queries.context), count)
        if len(found) > 16 * count:
            found = sorted(found)[:count]
    return sorted(found)[:count]


def _slots_at_once(device: torch.device, queries: CoarseQueries, p: int) -> int:
    """The slots whose numbers, as they are and in float32, distances and costs find room."""
    each = 5 * p + 4 * (queries.stacked.longest + ROWS)
    return max(1, min(room(device), MOST_BYTES) // each - queries.context - 2)


def _of_chunk(device: torch.device, queries: CoarseQueries, chunk: Chunk, count: int) -> list[LikelySlot]:
    # A copy, because the part is mapped and may not be written to.
    numbers = torch.tensor(chunk.numbers, device=device)
    valid = numbers[:, 0] != NONE
    if chunk.asked is not None:
        valid &= torch.from_numpy(chunk.asked).to(device)
    scores = scores_on(queries.stacked, numbers, valid)[chunk.skip :]
    ends, distances = _nearest_ends(scores, chunk.own, count)
    return chunk.likely(ends.cpu().numpy(), distances.cpu().numpy())


def scores_on(queries: Queries, numbers: Tensor, valid: Tensor) -> Tensor:
    """For every end (T,), the distance of the best span that ends there, over all queries.

    Parameters
    ----------
    numbers : (T, p) int8, slots in order.
    valid : (T,) bool; no span includes a slot that is not valid.
    """
    rows = numbers.float()
    squares = rows.square().sum(1).masked_fill_(~valid, torch.inf)
    best = torch.full_like(squares, torch.inf)
    values, norms = (torch.from_numpy(part).to(rows.device) for part in (queries.values, queries.norms))
    for first, last in pairwise(queries.edges.tolist()):
        apart = values[first:last] @ rows.T
        squared = apart.mul_(-2).add_(norms[first:last, None]).add_(squares)
        torch.minimum(best, _open_costs(squared) * (1 / (last - first)), out=best)
    return best


def _open_costs(squared: Tensor) -> Tensor:
    """For every end (T,), the cost of the best path of a query, of squared distances (n, T), begin open."""
    blank = squared.new_full((PAD + squared.shape[1],), torch.inf)
    # Before the first query slot every path costs nothing.
    before, last, above = blank, torch.zeros_like(blank), blank
    for each in squared:
        # A root in float32 is not the nearest number everywhere; of one in float64 the nearest float32 is.
        here = each.double().sqrt_().float()
        row = pad(here, (PAD, 0), value=torch.inf)
        cost = last[1:-1] + here
        torch.minimum(cost, last[:-2] + 0.5 * (row[1:-1] + here), out=cost)
        torch.minimum(cost, before[1:-1] + (above[PAD:] + here), out=cost)
        before, last, above = last, pad(cost, (PAD, 0), value=torch.inf), row
    return last[PAD:]


def _nearest_ends(scores: Tensor, own: slice, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` nearest of a chunk's own ends that are no farther than their neighbours, counted from the
    first of its own, and their distances. Of equally near ones the first are taken.
    """
    around = pad(scores, (1, 1), value=torch.inf)
    lowest = (scores <= around[:-2]) & (scores <= around[2:]) & scores.isfinite()
    scores, ends = scores[own], lowest[own].nonzero()[:, 0]
    if len(ends) > count:
        distances = scores[ends]
        limit = distances.kthvalue(count).values
        nearer = ends[distances < limit]
        ends = torch.cat([nearer, ends[distances == limit][: count - len(nearer)]])
    return ends, scores[ends]
