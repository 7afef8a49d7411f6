"""The k nearest of many, exactly: found in float32, settled in float64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.dtw.many import many_to_many
from vpd.dtw.packed import LANES, Packed
from vpd.errors import InputError
from vpd.types import Array

ROUNDING = 8.0
"""Error of |a|^2 + |b|^2 - 2 a.b in units of float32's last digit of |a|^2 + |b|^2, with room: products of
matrices add in many short sums, and the worst seen for d up to 512 is below 2."""


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


def _margin(query: Array, packed: Packed, distances: Array) -> Array:
    """How far the float32 distance of each candidate may be from its float64 distance, at most."""
    _, norms = packed.prepare(query)
    error = ROUNDING * np.finfo(np.float32).eps * float(norms.max() + packed.norms.max())
    if packed.distance == "l2":
        # sqrt(s + e) - sqrt(s) is largest at s = 0.
        return np.full(len(distances), np.sqrt(error))
    return np.full(len(distances), error)


def unpacked(packed: Packed, indices: Array) -> list[Array]:
    """The frames (n, d) of some packed sequences, as they are compared: centred or of unit length."""
    ranks = np.argsort(packed.order)[indices]
    return [packed.values[packed.starts[r // LANES] + r % LANES :: LANES][: packed.lengths[r]] for r in ranks]


def top_k(
    query: Array,
    packed: Packed,
    k: int,
    pattern: str = "symmetricP2",
    normalise: bool = True,
    window: int | None = None,
) -> Nearest:
    """The ``k`` nearest of ``packed`` to ``query`` (n, d), exactly those that float64 gives.

    Candidates whose float32 distance could be among the k smallest, rounding considered, are warped again in
    float64; equal distances rank in the order of the list.
    """
    if k < 1:
        raise InputError(f"{k} nearest cannot be found; ask for 1 or more")
    rough = many_to_many([query], packed, pattern, normalise=normalise, window=window)[0].astype(np.float64)
    k = min(k, len(packed))
    scale = 1.0 if normalise else float(len(query) + packed.lengths.max())
    margin = _margin(query, packed, rough) * scale
    worst = np.partition(rough + margin, k - 1)[k - 1]
    chosen = np.flatnonzero(rough - margin <= worst)
    finite = chosen[np.isfinite(rough[chosen])]
    exact = np.full(len(packed), np.inf)
    if len(finite):
        exact[finite] = many_to_many(
            [query], packed.subset(finite, np.float64), pattern, normalise=normalise, window=window
        )[0]
    order = chosen[np.lexsort((chosen, exact[chosen]))][:k]
    return Nearest(order, exact[order])
