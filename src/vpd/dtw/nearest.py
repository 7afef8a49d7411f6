"""Find the k nearest of many exactly: bounds exclude most, float32 chooses among the rest, float64 decides.

Each of three steps excludes only candidates that surely are not among the k:

1. Where candidates were packed with sketches, 8 or 16 numbers a frame, these give a lower bound of every path
   cost (`lower_bounds`) for a part of the cost of the frame distances themselves.
2. In the order of their bounds, in waves, candidates are warped in float32, until no bound is below the k-th
   smallest distance so far.
3. Whatever could be among the k smallest, rounding considered, is warped again in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.dtw.many import lower_bounds, path_costs, rounding, squared_error
from vpd.dtw.packed import LANES, Packed, Sketch
from vpd.dtw.patterns import FALLBACK, get_pattern
from vpd.errors import InputError
from vpd.types import Array

LEAST_D = 100
"""Smallest frame size d from which bounds pay where slopes are bounded and paths reach few pairs of frames.
They save next to nothing at d = 26 and 64, a third at 128 (docs/experiments/dtw.md).
"""

WORTH = 0.5
"""Share of the frames' variance that sketches must hold before bounds are tried."""

MOST_ASKED = 1 / 32
"""Largest share of requested candidates for which bounds pay."""

MOST_LEFT = 0.6
"""Where the first wave leaves more than this share, all are warped in place: copying them out costs more than
it saves.
"""


def bounds_pay(d: int, pattern: str) -> bool:
    """Whether bounds by sketches may save more than they cost for frames of ``d`` numbers."""
    return pattern != FALLBACK and (d >= LEAST_D or not get_pattern(pattern).can_be_infeasible)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest of a query, nearest first.

    Attributes
    ----------
    indices : (K,) int64, positions in the list that was packed.
    distances : (K,) float64; infinite, and last, where the step pattern has no path.
    """

    indices: Array
    distances: Array


@dataclass(frozen=True, eq=False)
class Margin:
    """Bound of the difference between path costs in float32 and in float64.

    A frame distance is the root of some s, computed as t with an error of e at most (`squared_error`). As
    |sqrt(t) - sqrt(s)| = |t - s| / (sqrt(t) + sqrt(s)), it errs by no more than e / (sqrt(l) + sqrt(l - e))
    where every t is l or more, and l is e or more: by sqrt(e) where frames may coincide, and by much less
    where none do.

    A path adds up weights of n + m at most, each times the error of a frame distance. Its terms are of one
    sign. Each is rounded no more often than the path has steps, and 12 times more: 3 within its own step, 1
    for the root, 4 where costs are compared with limits in float32; the rest stands for errors of float64.
    So a path's cost errs by gamma times itself besides (`rounding`). That gamma is a share of the exact cost
    and not of the computed one is made up for by 1 + 2 gamma, for gamma up to a half. The least cost of the
    paths is off by no more than the paths are.

    Attributes
    ----------
    cells : (N,) float64, n + m.
    squared : (N,) float64, e.
    root : whether frame distances are roots.
    """

    cells: Array
    squared: Array
    root: bool

    def __getitem__(self, ranks: Array) -> Margin:
        return Margin(self.cells[ranks], self.squared[ranks], self.root)

    def of(self, costs: Array, leasts: Array | float = 0.0) -> Array:
        """Upper bounds (N,) of the errors of ``costs`` (N,), from the least computed frame distances
        ``leasts`` (N,).

        Infinite costs are exact.
        """
        error = self.squared
        if self.root:
            least = np.maximum(leasts, error)
            error = error / (np.sqrt(least) + np.sqrt(least - error))
        share = rounding(self.cells + 12)
        finite = np.where(np.isinf(costs), 0, costs)
        return np.asarray((1 + 2 * share) * (share * finite + self.cells * error))


def margin_of(query: tuple[Array, Array], packed: Packed) -> Margin:
    """The margin of the path costs of a query, as `Packed.prepare` returns it, and all packed sequences."""
    # The longest frame of a group stands for all of its sequences.
    longest = np.repeat(np.maximum.reduceat(packed.norms, packed.starts[:-1]), LANES)[: len(packed)]
    norms = longest.astype(np.float64) + float(query[1].max())
    cells = (len(query[0]) + packed.lengths).astype(np.float64)
    return Margin(cells, squared_error(packed.d, norms), packed.distance == "l2")


def _warp_likely(
    query: tuple[Array, Array],
    packed: Packed,
    sketch: Sketch,
    k: int,
    pattern: str,
    window: int | None,
    margin: Margin,
    weight: Array,
) -> tuple[Array, Array]:
    """`path_costs` (N,) of every candidate that can be among the ``k`` nearest; infinite for the rest."""
    bounds = lower_bounds(query, packed, sketch, pattern, window)
    lower = bounds.costs / weight
    order = np.argsort(lower, kind="stable")
    costs, leasts, worst = np.full(len(packed), np.inf), np.full(len(packed), np.inf), np.inf
    done, size = 0, -(-k // LANES) * LANES
    while done < len(order):
        left = order[done : done + np.searchsorted(lower[order[done:]], worst, side="right")]
        if done and not np.isinf(worst) and len(left) > MOST_LEFT * len(order):
            every, met = path_costs([query], packed, pattern, window)
            return every[0], met[0]
        wave = left[:size]
        if not len(wave):
            break
        some, source = packed.subset(wave)
        wave = wave[some.order]
        highest = worst * weight[wave]
        limits = (highest + margin[wave].of(highest)).astype(np.float32)
        stop_at = (limits, bounds.rows[wave], bounds.columns[source])
        found, met = path_costs([query], some, pattern, window, stop_at=stop_at)
        costs[wave], leasts[wave] = found[0], met[0]
        worst = np.partition((costs + margin.of(costs, leasts)) / weight, k - 1)[k - 1]
        done += len(wave)
        size = done
    return costs, leasts


def top_k(
    query: Array,
    packed: Packed,
    k: int,
    pattern: str = "symmetricP2",
    normalise: bool = True,
    window: int | None = None,
) -> Nearest:
    """The ``k`` nearest of a collection to a query, exactly those that float64 gives.

    Equal distances rank in the order of the list, infinite ones last.

    Parameters
    ----------
    query : array (n, d)
        Finite.
    packed : Packed
        The collection; packed with ``sketch=True`` it is pruned by lower bounds.
    k : int
        How many, from 1 on.
    pattern : str
        A name of `vpd.dtw.PATTERNS`; symmetricP2 is the paper's.
    normalise : bool
        Divide by n + m, or by n, as the pattern says.
    window : int, optional
        Sakoe and Chiba's: at most so many frames between the positions of two frames that correspond.

    Returns
    -------
    Nearest
        ``indices`` and ``distances``, the nearest first.

    Raises
    ------
    InputError
        For unknown names or unequal d.

    Examples
    --------
    >>> import numpy as np
    >>> from vpd.dtw import pack
    >>> up = np.arange(6.0)[:, None]
    >>> top_k(up, pack([up + 2, up, up + 1]), 2).indices.tolist()
    [1, 2]
    """
    if k < 1:
        raise InputError(f"{k} nearest cannot be found; ask for 1 or more")
    k = min(k, len(packed))
    prepared = packed.prepare(query)
    step = get_pattern("symmetricP2" if pattern == FALLBACK else pattern)
    weight = step.weight(len(query), packed.lengths).astype(np.float64) if normalise else np.ones(len(packed))
    margin, sketch = margin_of(prepared, packed), packed.sketch
    pays = bounds_pay(packed.d, pattern) and k <= MOST_ASKED * len(packed)
    if sketch is None or sketch.share < WORTH or not pays:
        costs, leasts = (part[0] for part in path_costs([prepared], packed, pattern, window))
    else:
        costs, leasts = _warp_likely(prepared, packed, sketch, k, pattern, window, margin, weight)
    off = margin.of(costs, leasts)
    chosen = np.flatnonzero((costs - off) / weight <= np.partition((costs + off) / weight, k - 1)[k - 1])
    finite = chosen[np.isfinite(costs[chosen])]
    exact = np.full(len(packed), np.inf)
    if len(finite):
        some, _ = packed.subset(finite)
        finite = finite[some.order]
        double = prepared[0].astype(np.float64), prepared[1].astype(np.float64)
        exact[finite] = path_costs([double], some, pattern, window)[0][0] / weight[finite]
    order = chosen[np.lexsort((packed.order[chosen], exact[chosen]))][:k]
    return Nearest(packed.order[order], exact[order])
