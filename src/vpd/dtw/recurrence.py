"""The recurrences, a row of sixteen interleaved candidates at a time.

A row holds, for reference frame j and lane l, position ``(PAD + j) * LANES + l``; one frame back is LANES
positions back. ``c1, c2, c3`` are the rows of cumulated cost one, two and three query frames back, ``d0, d1,
d2`` the rows of frame distances of this query frame and of those one and two back. Outside of what has been
computed, costs are infinite. No recurrence tests a boundary, so each is one run of vector instructions.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from vpd.dtw.packed import LANES
from vpd.types import Array

PAD = 3
"""Frames before the first, where costs are infinite: the farthest that a step reaches back."""

L = LANES


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _symmetric(out: Array, c1: Array, d0: Array, lo: int, hi: int, diagonal: float) -> None:
    for x in range(lo, hi):
        best = c1[x - L] + diagonal * d0[x]
        up = c1[x] + d0[x]
        out[x] = up if up < best else best
    for x in range(lo, hi):
        along = out[x - L] + d0[x]
        out[x] = along if along < out[x] else out[x]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _asymmetric(out: Array, c1: Array, d0: Array, lo: int, hi: int) -> None:
    for x in range(lo, hi):
        a, b, c = c1[x], c1[x - L], c1[x - 2 * L]
        a = b if b < a else a
        a = c if c < a else a
        out[x] = a + d0[x]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _p05(
    out: Array, c1: Array, c2: Array, c3: Array, d0: Array, d1: Array, d2: Array, lo: int, hi: int
) -> None:
    two, one = out.dtype.type(2), out.dtype.type(1)
    for x in range(lo, hi):
        here, back, back2 = d0[x], d0[x - L], d0[x - 2 * L]
        best = c1[x - L] + two * here
        a = c1[x - 3 * L] + (two * back2 + back + here)
        b = c1[x - 2 * L] + (two * back + here)
        e = c2[x - L] + (two * d1[x] + here)
        f = c3[x - L] + (two * d2[x] + d1[x] + one * here)
        best = a if a < best else best
        best = b if b < best else best
        best = e if e < best else best
        out[x] = f if f < best else best


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _p1(out: Array, c1: Array, c2: Array, d0: Array, d1: Array, lo: int, hi: int) -> None:
    two = out.dtype.type(2)
    for x in range(lo, hi):
        here = d0[x]
        best = c1[x - L] + two * here
        a = c1[x - 2 * L] + (two * d0[x - L] + here)
        b = c2[x - L] + (two * d1[x] + here)
        best = a if a < best else best
        out[x] = b if b < best else best


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _p2(
    out: Array, c1: Array, c2: Array, c3: Array, d0: Array, d1: Array, d2: Array, lo: int, hi: int
) -> None:
    two = out.dtype.type(2)
    for x in range(lo, hi):
        here = d0[x]
        best = c1[x - L] + two * here
        a = c2[x - 3 * L] + (two * (d1[x - 2 * L] + d0[x - L]) + here)
        b = c3[x - 2 * L] + (two * (d2[x - L] + d1[x]) + here)
        best = a if a < best else best
        out[x] = b if b < best else best


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def advance(kernel: int, cost: Array, dist: Array, i: int, first: int, last: int) -> None:
    """Cumulated costs of query frame ``i`` for reference frames first <= j < last.

    ``cost`` (4, W) and ``dist`` (3, W) are rings over query frames: row ``i % 4`` of the one is written, row
    ``i % 3`` of the other holds the frame distances of ``i``. ``kernel`` is that of the step pattern.
    """
    out, c1, c2, c3 = cost[i % 4], cost[(i + 3) % 4], cost[(i + 2) % 4], cost[(i + 1) % 4]
    d0, d1, d2 = dist[i % 3], dist[(i + 2) % 3], dist[(i + 1) % 3]
    lo, hi = (PAD + first) * L, (PAD + last) * L
    out[:] = np.inf
    if i == 0 and kernel > 1:
        out[PAD * L : (PAD + 1) * L] = d0[PAD * L : (PAD + 1) * L]
    elif i == 0:
        out[PAD * L : (PAD + 1) * L] = d0[PAD * L : (PAD + 1) * L]
        for x in range((PAD + 1) * L, hi):
            out[x] = out[x - L] + d0[x]
    elif kernel == 0:
        _symmetric(out, c1, d0, lo, hi, d0[0] * 0 + 1)
    elif kernel == 1:
        _symmetric(out, c1, d0, lo, hi, d0[0] * 0 + 2)
    elif kernel == 2:
        _asymmetric(out, c1, d0, lo, hi)
    elif kernel == 3:
        _p05(out, c1, c2, c3, d0, d1, d2, lo, hi)
    elif kernel == 4:
        _p1(out, c1, c2, d0, d1, lo, hi)
    else:
        _p2(out, c1, c2, c3, d0, d1, d2, lo, hi)
