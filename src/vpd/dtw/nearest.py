"""The k nearest of many, exactly: bounds leave most out, float32 chooses among the rest, float64 settles.

Three steps, each of which only leaves out what surely is not among the k:

1. Where candidates were packed with sketches, 8 or 16 numbers a frame, these give a lower bound of every path
   cost (`lower_bounds`) for a part of the cost of the frame distances themselves.
2. In the order of their bounds, in waves, candidates are warped in float32, until no bound is below the k-th
   smallest distance so far.
3. Whatever could be among the k smallest, rounding considered, is warped again in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.dtw.many import ROUNDING, lower_bounds, path_costs
from vpd.dtw.packed import LANES, Packed, Sketch
from vpd.dtw.patterns import FALLBACK, get_pattern
from vpd.errors import InputError
from vpd.types import Array

EPS = float(np.finfo(np.float32).eps)

WORTH = 0.5
"""Share of the frames' spread that sketches must hold for bounds to be tried."""

MOST_ASKED = 1 / 32
"""Share of the candidates that may be asked for; where more are, bounds cost more than they save."""

MOST_LEFT = 0.6
"""Where the first wave leaves more than this share, all are warped where they lie: gathering them costs more
than it saves."""


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


def _margin(rough: Array, error: float, cells: Array, weight: Array) -> Array:
    """How far float32 distances may be from those of float64, at most.

    ``error`` is that of one frame distance, ``cells`` the weights that a path adds up, each sum rounded.
    """
    return np.asarray((error + EPS * np.where(np.isinf(rough), 0, rough)) * cells / weight)


def _warp_likely(
    query: tuple[Array, Array],
    packed: Packed,
    sketch: Sketch,
    k: int,
    pattern: str,
    window: int | None,
    error: float,
    cells: Array,
    weight: Array,
) -> Array:
    """float32 distances (N,) of whatever can be among the ``k`` nearest, infinite for the rest."""
    bounds = lower_bounds(query, packed, sketch, pattern, window)
    lower = bounds.costs / weight
    order = np.argsort(lower, kind="stable")
    rough, worst = np.full(len(packed), np.inf), np.inf
    done, size = 0, -(-k // LANES) * LANES
    while done < len(order):
        left = order[done : done + np.searchsorted(lower[order[done:]], worst, side="right")]
        if done and not np.isinf(worst) and len(left) > MOST_LEFT * len(order):
            every: Array = path_costs([query], packed, pattern, window)[0] / weight
            return every
        wave = left[:size]
        if not len(wave):
            break
        some, source = packed.subset(wave)
        wave = wave[some.order]
        highest = worst + _margin(np.full(len(wave), worst), error, cells[wave], weight[wave])
        limits = (highest * weight[wave]).astype(np.float32)
        stop_at = (limits, bounds.rows[wave], bounds.columns[source])
        rough[wave] = path_costs([query], some, pattern, window, stop_at=stop_at)[0] / weight[wave]
        worst = np.partition(rough + _margin(rough, error, cells, weight), k - 1)[k - 1]
        done += len(wave)
        size = done
    return rough


def top_k(
    query: Array,
    packed: Packed,
    k: int,
    pattern: str = "symmetricP2",
    normalise: bool = True,
    window: int | None = None,
) -> Nearest:
    """The ``k`` nearest of ``packed`` to ``query`` (n, d), exactly those that float64 gives.

    Equal distances rank in the order of the list, infinite ones last.
    """
    if k < 1:
        raise InputError(f"{k} nearest cannot be found; ask for 1 or more")
    k = min(k, len(packed))
    prepared = packed.prepare(query)
    step = get_pattern("symmetricP2" if pattern == FALLBACK else pattern)
    weight = step.weight(len(query), packed.lengths).astype(np.float64) if normalise else np.ones(len(packed))
    cells = (len(query) + packed.lengths).astype(np.float64)
    squared = ROUNDING * EPS * float(prepared[1].max() + packed.norms.max())
    # sqrt(s + e) - sqrt(s) is largest at s = 0.
    error = float(np.sqrt(squared)) if packed.distance == "l2" else squared
    sketch = packed.sketch
    useful = sketch is not None and sketch.share >= WORTH and k <= MOST_ASKED * len(packed)
    if sketch is None or not useful or pattern == FALLBACK:
        rough = path_costs([prepared], packed, pattern, window)[0] / weight
    else:
        rough = _warp_likely(prepared, packed, sketch, k, pattern, window, error, cells, weight)
    margin = _margin(rough, error, cells, weight)
    chosen = np.flatnonzero(rough - margin <= np.partition(rough + margin, k - 1)[k - 1])
    finite = chosen[np.isfinite(rough[chosen])]
    exact = np.full(len(packed), np.inf)
    if len(finite):
        some, _ = packed.subset(finite)
        finite = finite[some.order]
        double = prepared[0].astype(np.float64), prepared[1].astype(np.float64)
        exact[finite] = path_costs([double], some, pattern, window)[0] / weight[finite]
    order = chosen[np.lexsort((packed.order[chosen], exact[chosen]))][:k]
    return Nearest(packed.order[order], exact[order])
