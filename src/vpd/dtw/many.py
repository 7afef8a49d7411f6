"""One query against many sequences, and many against many, in float32 on all cores.

Frame distances come from products of matrices, |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, of blocks of query frames
with the part of a group that a path can reach; the recurrence follows at once, while the block is in cache.
The data are centred first, so the cancellation in that sum costs little: distances are good to about 1e-5 of
the spread of the frames. Where that is not enough, `vpd.dtw.pair` computes in float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpd.dtw.packed import Packed, pack
from vpd.dtw.patterns import FALLBACK, StepPattern, get_pattern
from vpd.dtw.recurrence import warp_groups
from vpd.dtw.threads import in_threads
from vpd.errors import InputError
from vpd.types import Array

BLOCK = 24
"""Query frames a matrix product where slopes are bounded: fewer stay closer to the cells that paths can
reach, more make the product itself faster. 8 and 16 were slower in all, and so were 36 and 72."""

WHOLE_BLOCK = 72
"""Query frames a matrix product where paths can reach every cell; the block still fits a core's cache."""

SCALE = {"l2": 1.0, "sqeuclidean": 1.0, "cosine": 0.5}
"""|a|^2 + |b|^2 - 2 a.b is twice 1 - cos for unit vectors."""


def _bounded(pattern: StepPattern) -> tuple[float, float]:
    least, greatest = pattern.slope
    return float(least), np.inf if greatest is None else float(greatest)


def path_costs(queries: Sequence[Array], packed: Packed, name: str, window: int | None) -> Array:
    """Path costs (Q, N) float32 in the order of ``packed.order``; infinite where there is no path."""
    pattern = get_pattern(name)
    limit = 2**62 if window is None else window
    if limit < 0:
        raise InputError(f"the window {window} is negative")
    prepared = [packed.prepare(query) for query in queries]
    out = np.empty((len(queries), len(packed)), packed.values.dtype)

    def work(start: int, stop: int) -> None:
        task = start
        while task < stop:
            q, first = divmod(task, packed.groups)
            last = min(packed.groups, first + stop - task)
            warp_groups(
                *prepared[q],
                packed.values,
                packed.norms,
                packed.starts,
                packed.lengths,
                (first, last),
                pattern.kernel,
                _bounded(pattern),
                limit,
                BLOCK if pattern.can_be_infeasible else WHOLE_BLOCK,
                SCALE[packed.distance],
                packed.distance == "l2",
                out[q],
            )
            task += last - first

    in_threads(work, len(queries) * packed.groups)
    return out


def many_to_many(
    queries: Sequence[Array],
    candidates: Packed | Sequence[Array],
    pattern: str = "symmetricP2",
    distance: str = "l2",
    normalise: bool = True,
    window: int | None = None,
) -> Array:
    """Distances (Q, N) float32 of ``queries``, each (n, d), to ``candidates``; infinite where no path exists.

    Candidates packed beforehand bring their own frame distance; ``distance`` is for those that are not. The
    candidates are in the order in which they were given.
    """
    packed = candidates if isinstance(candidates, Packed) else pack(candidates, distance)
    first = "symmetricP2" if pattern == FALLBACK else pattern
    costs = path_costs(queries, packed, first, window)
    if pattern == FALLBACK:
        for row in np.flatnonzero(np.isinf(costs).any(axis=1)):
            other = path_costs([queries[row]], packed, "symmetric2", window)[0]
            costs[row] = np.where(np.isinf(costs[row]), other, costs[row])
    if normalise:
        rows = np.array([len(query) for query in queries])[:, None]
        costs /= get_pattern(first).weight(rows, packed.lengths[None]).astype(costs.dtype)
    out = np.empty_like(costs)
    out[:, packed.order] = costs
    return out


def one_to_many(
    query: Array,
    candidates: Packed | Sequence[Array],
    pattern: str = "symmetricP2",
    distance: str = "l2",
    normalise: bool = True,
    window: int | None = None,
) -> Array:
    """Distances (N,) float32 of one query (n, d) to many; see `many_to_many`."""
    row: Array = many_to_many([query], candidates, pattern, distance, normalise, window)[0]
    return row
