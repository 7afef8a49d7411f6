"""The recurrences, a row of sixteen interleaved candidates at a time.

A row holds, for reference frame j and lane l, position ``(PAD + j) * LANES + l``; one frame back is LANES
positions back. ``c1, c2, c3`` are the rows of cumulated cost one, two and three query frames back, ``d0, d1,
d2`` the rows of frame distances of this query frame and of those one and two back. Outside of what has been
computed, costs are infinite. No recurrence tests a boundary, so each is one run of vector instructions.

All that is compiled together lies in this file: numba's cache notices only changes of the file itself.
"""

from __future__ import annotations

import numpy as np

from vpd.compiling import compiled
from vpd.dtw.packed import LANES
from vpd.types import Array

PAD = 3
"""Frames before the first, where costs are infinite: the farthest that a step reaches back."""

L = LANES


@compiled(nogil=True, inline="always")
def _shifted(row: Array, back: int, lo: int, hi: int) -> Array:
    """The row's positions lo <= x < hi, ``back`` reference frames earlier.

    Loops over such views count from 0, so that the compiler knows every index to be positive; it uses vector
    instructions only then.
    """
    return row[lo - back * L : hi - back * L]


@compiled(nogil=True)
def _symmetric(out: Array, c1: Array, d0: Array, lo: int, hi: int, diagonal: float) -> None:
    o, left = _shifted(out, 0, lo, hi), _shifted(out, 1, lo, hi)
    c10, c11, d = _shifted(c1, 0, lo, hi), _shifted(c1, 1, lo, hi), _shifted(d0, 0, lo, hi)
    for x in range(len(o)):
        best = c11[x] + diagonal * d[x]
        up = c10[x] + d[x]
        o[x] = up if up < best else best
    for x in range(len(o)):
        along = left[x] + d[x]
        o[x] = along if along < o[x] else o[x]


@compiled(nogil=True)
def _asymmetric(out: Array, c1: Array, d0: Array, lo: int, hi: int) -> None:
    o, d = _shifted(out, 0, lo, hi), _shifted(d0, 0, lo, hi)
    c10, c11, c12 = _shifted(c1, 0, lo, hi), _shifted(c1, 1, lo, hi), _shifted(c1, 2, lo, hi)
    for x in range(len(o)):
        a, b, c = c10[x], c11[x], c12[x]
        a = b if b < a else a
        a = c if c < a else a
        o[x] = a + d[x]


@compiled(nogil=True)
def _p05(
    out: Array, c1: Array, c2: Array, c3: Array, d0: Array, d1: Array, d2: Array, lo: int, hi: int
) -> None:
    two = out.dtype.type(2)
    o, d00, d10 = _shifted(out, 0, lo, hi), _shifted(d0, 0, lo, hi), _shifted(d1, 0, lo, hi)
    d01, d02, d20 = _shifted(d0, 1, lo, hi), _shifted(d0, 2, lo, hi), _shifted(d2, 0, lo, hi)
    c11, c12, c13 = _shifted(c1, 1, lo, hi), _shifted(c1, 2, lo, hi), _shifted(c1, 3, lo, hi)
    c21, c31 = _shifted(c2, 1, lo, hi), _shifted(c3, 1, lo, hi)
    for x in range(len(o)):
        here = d00[x]
        best = c11[x] + two * here
        a = c13[x] + (two * d02[x] + d01[x] + here)
        b = c12[x] + (two * d01[x] + here)
        best = a if a < best else best
        o[x] = b if b < best else best
    # In two loops: with more arrays in one, the compiler gives up telling them apart.
    for x in range(len(o)):
        here = d00[x]
        best = o[x]
        e = c21[x] + (two * d10[x] + here)
        f = c31[x] + (two * d20[x] + d10[x] + here)
        best = e if e < best else best
        o[x] = f if f < best else best


@compiled(nogil=True)
def _p1(out: Array, c1: Array, c2: Array, d0: Array, d1: Array, lo: int, hi: int) -> None:
    two = out.dtype.type(2)
    o, d00, d10 = _shifted(out, 0, lo, hi), _shifted(d0, 0, lo, hi), _shifted(d1, 0, lo, hi)
    d01, c11 = _shifted(d0, 1, lo, hi), _shifted(c1, 1, lo, hi)
    c12, c21 = _shifted(c1, 2, lo, hi), _shifted(c2, 1, lo, hi)
    for x in range(len(o)):
        here = d00[x]
        best = c11[x] + two * here
        a = c12[x] + (two * d01[x] + here)
        b = c21[x] + (two * d10[x] + here)
        best = a if a < best else best
        o[x] = b if b < best else best


@compiled(nogil=True)
def _asymmetric_p1(out: Array, c1: Array, c2: Array, d0: Array, d1: Array, lo: int, hi: int) -> None:
    half = out.dtype.type(0.5)
    o, d00, d10 = _shifted(out, 0, lo, hi), _shifted(d0, 0, lo, hi), _shifted(d1, 0, lo, hi)
    d01, c11 = _shifted(d0, 1, lo, hi), _shifted(c1, 1, lo, hi)
    c12, c21 = _shifted(c1, 2, lo, hi), _shifted(c2, 1, lo, hi)
    for x in range(len(o)):
        here = d00[x]
        best = c11[x] + here
        a = c12[x] + half * (d01[x] + here)
        b = c21[x] + (d10[x] + here)
        best = a if a < best else best
        o[x] = b if b < best else best


@compiled(nogil=True)
def _p2(
    out: Array, c1: Array, c2: Array, c3: Array, d0: Array, d1: Array, d2: Array, lo: int, hi: int
) -> None:
    two = out.dtype.type(2)
    o, d00, d10 = _shifted(out, 0, lo, hi), _shifted(d0, 0, lo, hi), _shifted(d1, 0, lo, hi)
    d01, d12, d21 = _shifted(d0, 1, lo, hi), _shifted(d1, 2, lo, hi), _shifted(d2, 1, lo, hi)
    c11, c23, c32 = _shifted(c1, 1, lo, hi), _shifted(c2, 3, lo, hi), _shifted(c3, 2, lo, hi)
    for x in range(len(o)):
        here = d00[x]
        best = c11[x] + two * here
        a = c23[x] + (two * (d12[x] + d01[x]) + here)
        o[x] = a if a < best else best
    for x in range(len(o)):
        b = c32[x] + (two * (d21[x] + d10[x]) + d00[x])
        o[x] = b if b < o[x] else o[x]


Kernel = tuple[int, ...]
"""Which recurrence `advance` runs, encoded as the length of a tuple of zeros.

Numba compiles a function once for each combination of argument types. An integer argument has one type, so a
branch on it is compiled with all its sides. Tuples of different lengths are different types, and ``len`` of
a tuple is a constant to the compiler, which drops the branches that cannot be taken. So each recurrence that
is used is compiled into a version of `advance` of its own, without branches in its loop, and those that are
not used cost no compilation. For example ``selector(2) == (0, 0, 0)``: of `advance` only the branch
``len(kernel) == 3`` is left.
"""


def selector(kernel: int) -> Kernel:
    """The number of a recurrence, as the compiled code takes it."""
    return (0,) * (kernel + 1)


@compiled(nogil=True)
def advance(kernel: Kernel, cost: Array, dist: Array, i: int, first: int, last: int) -> None:
    """Cumulated costs of query frame ``i`` for reference frames first <= j < last.

    ``cost`` (4, W) and ``dist`` (3, W) are rings over query frames: row ``i % 4`` of the one is written, row
    ``i % 3`` of the other holds the frame distances of ``i``. ``kernel`` is that of the step pattern.
    """
    out, c1, c2, c3 = cost[i % 4], cost[(i + 3) % 4], cost[(i + 2) % 4], cost[(i + 1) % 4]
    d0, d1, d2 = dist[i % 3], dist[(i + 2) % 3], dist[(i + 1) % 3]
    lo, hi = (PAD + first) * L, (PAD + last) * L
    out[:] = np.inf
    if i == 0:
        for x in range(PAD * L, (PAD + 1) * L):
            out[x] = d0[x]
        if len(kernel) < 3:
            for x in range((PAD + 1) * L, hi):
                out[x] = out[x - L] + d0[x]
    elif len(kernel) == 1:
        _symmetric(out, c1, d0, lo, hi, d0[0] * 0 + 1)
    elif len(kernel) == 2:
        _symmetric(out, c1, d0, lo, hi, d0[0] * 0 + 2)
    elif len(kernel) == 3:
        _asymmetric(out, c1, d0, lo, hi)
    elif len(kernel) == 4:
        _p05(out, c1, c2, c3, d0, d1, d2, lo, hi)
    elif len(kernel) == 5:
        _p1(out, c1, c2, d0, d1, lo, hi)
    elif len(kernel) == 6:
        _p2(out, c1, c2, c3, d0, d1, d2, lo, hi)
    else:
        _asymmetric_p1(out, c1, c2, d0, d1, lo, hi)


@compiled(nogil=True)
def reach(
    i: int, n: int, shortest: int, longest: int, window: int, least: float, greatest: float
) -> tuple[int, int]:
    """Reference frames first <= j < last that a path can pass with query frame i, of n.

    From the slopes of the step pattern, forward from the first pair and back from the last, for references
    of shortest..longest frames, and from the window.
    """
    slack = 1e-9
    first = int(np.ceil(i * least - slack))
    last = longest - 1 - int(np.ceil((n - 1 - i) * least - slack))
    if greatest < np.inf:
        first = max(first, shortest - 1 - int(np.floor((n - 1 - i) * greatest + slack)))
        last = min(last, int(np.floor(i * greatest + slack)))
    if window < n + longest:
        first, last = max(first, i - window), min(last, i + window)
    return max(first, 0), min(last, longest - 1) + 1


@compiled(nogil=True)
def step_reach(
    i: int, n: int, shortest: int, longest: int, window: int, least: float, greatest: float
) -> tuple[int, int]:
    """`reach`, and the cells within steps: up to two frames before the nodes they join, or one after.

    A row that paths only step over has cells though no node.
    """
    first, last = reach(i, n, shortest, longest, window, least, greatest)
    last = max(min(last + 1, longest), 0)
    return min(max(first - 2, 0), last), last


@compiled(nogil=True)
def _hopeless(cost: Array, i: int, limits: Array, rows: Array, columns: Array) -> bool:
    """Whether no path that query frame ``i`` has been computed for can end within the limit of its lane.

    A step passes at most two query frames by, so every path has a cell in the last three rows. From there it
    costs at least what ``rows`` (lanes, n + 1) and ``columns`` (M * L,) say is left.
    """
    for lane in range(len(limits)):
        for back in range(min(3, i + 1)):
            row = cost[(i - back) % 4]
            left = rows[lane, i - back + 1]
            for j in range(len(columns) // L):
                if row[(PAD + j) * L + lane] + left + columns[j * L + lane] <= limits[lane]:
                    return False
    return True


Products = tuple[int, ...]
"""How frame distances are computed, encoded as a tuple's length for the same reason as `Kernel`."""

WHOLE: Products = ()
"""One product of matrices of all frames that any query frame of the block can meet."""

REACHED: Products = (0,)
"""Products of the pairs of frames that a path can pass, and no others."""

EXACT: Products = (0, 0)
"""From differences, each pair by itself, in the type of the query: the same for equal frames anywhere."""


@compiled(nogil=True)
def _spans(
    begins: Array,
    ends: Array,
    block: tuple[int, int],
    n: int,
    shortest: int,
    longest: int,
    window: int,
    slope: tuple[float, float],
) -> None:
    """Query frames begins[j] <= i < ends[j] of a block, counted from its first, that can meet frame ``j``.

    By `step_reach`, whose edges never fall as ``i`` grows.
    """
    for j in range(len(begins)):
        begins[j], ends[j] = block[1] - block[0], 0
    for i in range(block[0], block[1]):
        first, last = step_reach(i, n, shortest, longest, window, slope[0], slope[1])
        for j in range(first, last):
            begins[j] = min(begins[j], i - block[0])
            ends[j] = i - block[0] + 1


@compiled(nogil=True, fastmath={"reassoc", "contract"})
def _reached_products(query: Array, values: Array, begins: Array, ends: Array, out: Array) -> None:
    """Products of query frames (B, d) and interleaved frames (F * L, d) within spans (F,), in (B, F * L).

    A library's product works through whole rectangles, most of which no path can pass, and half of its time
    goes into laying out so few rows. Four sums at a time share what is loaded; with more, numba's compiler
    runs out of registers.
    """
    for j in range(len(begins)):
        for x in range(j * L, (j + 1) * L, 4):
            for i in range(begins[j], ends[j]):
                s0 = s1 = s2 = s3 = query.dtype.type(0)
                for k in range(query.shape[1]):
                    q = query[i, k]
                    s0 += q * values[x, k]
                    s1 += q * values[x + 1, k]
                    s2 += q * values[x + 2, k]
                    s3 += q * values[x + 3, k]
                out[i, x], out[i, x + 1], out[i, x + 2], out[i, x + 3] = s0, s1, s2, s3


@compiled(nogil=True, fastmath={"reassoc", "contract"})
def _exact_squares(
    query: Array, values: Array, begins: Array, ends: Array, lane: int, cosine: bool, frame: Array, out: Array
) -> None:
    """|a - b|^2 of query frames (B, d) and one lane's frames within spans (F,), into that lane of (B, F * L).

    For cosine 2 - 2 a.b. ``frame`` (d,) holds one frame in the type of the query.
    """
    for j in range(len(begins)):
        x = j * L + lane
        for k in range(len(frame)):
            frame[k] = values[x, k]
        for i in range(begins[j], ends[j]):
            total = query.dtype.type(0)
            if cosine:
                for k in range(len(frame)):
                    total += query[i, k] * frame[k]
                total = 2 - 2 * total
            else:
                for k in range(len(frame)):
                    total += (query[i, k] - frame[k]) ** 2
            out[i, x] = total


@compiled(nogil=True)
def _lower(least: Array, row: Array) -> None:
    """Lower ``least`` (L,) to the least of each lane in an interleaved row."""
    for j in range(len(row) // L):
        here = row[j * L : (j + 1) * L]
        for lane in range(L):
            least[lane] = here[lane] if here[lane] < least[lane] else least[lane]


@compiled(nogil=True)
def warp_groups(
    query: Array,
    query_norms: Array,
    values: Array,
    norms: Array,
    starts: Array,
    lengths: Array,
    groups: tuple[int, int],
    kernel: Kernel,
    products: Products,
    slope: tuple[float, float],
    window: int,
    block: int,
    scale: float,
    root: bool,
    limits: Array,
    rows: Array,
    columns: Array,
    out: Array,
    leasts: Array,
) -> None:
    """Path costs of the query and the sequences of groups[0] <= g < groups[1], into ``out`` (N,).

    ``leasts`` (N,) gets the least of the frame distances, before the root, that a path could take, or less.
    With ``limits`` (N,), not empty, a group is given up, with infinite costs, once none of its paths can cost
    that little; ``rows`` and ``columns`` are what `minima_groups` found for these sequences.
    """
    n = len(query)
    most = 0
    for g in range(groups[0], groups[1]):
        most = max(most, (starts[g + 1] - starts[g]) // LANES)
    width = (PAD + most) * LANES
    cost = np.empty((4, width), query.dtype)
    dist = np.zeros((3, width), query.dtype)
    dots_flat = np.empty(block * most * LANES, query.dtype)
    begins, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    frame, least = np.empty(query.shape[1], query.dtype), np.empty(LANES, query.dtype)
    two, factor, zero = query.dtype.type(2), query.dtype.type(scale), query.dtype.type(0)
    for g in range(groups[0], groups[1]):
        lane0, start = g * LANES, starts[g]
        lanes = min(LANES, len(lengths) - lane0)
        shortest, longest = lengths[lane0], lengths[lane0 + lanes - 1]
        cost[:] = np.inf
        least[:] = np.inf
        given_up = False
        for i0 in range(0, n, block):
            i1 = min(i0 + block, n)
            left, right = longest, 0
            for i in range(i0, i1):
                first, last = step_reach(i, n, shortest, longest, window, slope[0], slope[1])
                left, right = min(left, first), max(right, last)
            if right <= left:
                cost[:] = np.inf
                continue
            cols = (right - left) * LANES
            row0 = start + left * LANES
            part, dots = values[row0 : row0 + cols], dots_flat[: (i1 - i0) * cols].reshape((i1 - i0, cols))
            if len(products) == 0:
                np.dot(query[i0:i1], part.T, dots)
            if len(products) == 1:
                _spans(begins, ends, (i0, i1), n, shortest, longest, window, slope)
                _reached_products(query[i0:i1], part, begins[left:right], ends[left:right], dots)
            if len(products) == 2:
                dots[:] = np.inf
                # By each one's own length: what is settled exactly is few, and of many lengths.
                for lane in range(lanes):
                    m = lengths[lane0 + lane]
                    _spans(begins, ends, (i0, i1), n, m, m, window, slope)
                    a, b = begins[left:right], ends[left:right]
                    _exact_squares(query[i0:i1], part, a, b, lane, scale != 1, frame, dots)
            for i in range(i0, i1):
                first, last = step_reach(i, n, shortest, longest, window, slope[0], slope[1])
                # Counted from 0, for the same reason as in `_shifted`.
                d0 = dist[i % 3, (PAD + first) * L : (PAD + last) * L]
                dot = dots[i - i0, (first - left) * L : (last - left) * L]
                cc, qq = norms[start + first * L : start + last * L], query_norms[i]
                if len(products) == 2:
                    for x in range(len(d0)):
                        d0[x] = factor * dot[x] if dot[x] > zero else zero
                else:
                    for x in range(len(d0)):
                        value = factor * (qq + cc[x] - two * dot[x])
                        d0[x] = value if value > zero else zero
                _lower(least, d0)
                if root:
                    for x in range(len(d0)):
                        d0[x] = np.sqrt(d0[x])
                first, last = reach(i, n, shortest, longest, window, slope[0], slope[1])
                advance(kernel, cost, dist, i, first, max(last, first))
            if len(limits) and i1 < n:
                here = columns[start : starts[g + 1]]
                given_up = _hopeless(
                    cost, i1 - 1, limits[lane0 : lane0 + lanes], rows[lane0 : lane0 + lanes], here
                )
                if given_up:
                    break
        # Not by slices: numba's message for unequal shapes takes long to compile.
        for lane in range(lanes):
            leasts[lane0 + lane] = least[lane]
        if given_up:
            out[lane0 : lane0 + lanes] = np.inf
            continue
        end = cost[(n - 1) % 4]
        for lane in range(lanes):
            m = lengths[lane0 + lane]
            inside = abs(n - m) <= window or (n == 1 and m == 1)
            out[lane0 + lane] = end[(PAD + m - 1) * LANES + lane] if inside else np.inf


@compiled(nogil=True)
def minima_groups(
    query: Array,
    query_norms: Array,
    values: Array,
    norms: Array,
    starts: Array,
    lengths: Array,
    groups: tuple[int, int],
    per_column: float,
    slope: tuple[float, float],
    window: int,
    block: int,
    scale: float,
    root: bool,
    slack: float,
    rows: Array,
    columns: Array,
    out: Array,
) -> None:
    """Lower bounds of the path costs of groups[0] <= g < groups[1], into ``out`` (N,) float64.

    Every path pays the first cell, then for each further query frame at least the least frame distance of its
    row, and, times ``per_column``, for each further reference frame the least of its column. Only the cells
    that a path can pass count. ``norms`` must be infinite in padding.

    ``slack`` is what rounding may have added to a squared distance. ``rows`` (N, n + 1) gets the sums of row
    minima from each query frame on, ``columns`` (R,), interleaved, those of column minima after each frame.
    """
    n = len(query)
    most = 0
    for g in range(groups[0], groups[1]):
        most = max(most, (starts[g + 1] - starts[g]) // LANES)
    dots_flat = np.empty(block * most * LANES, query.dtype)
    least, row = np.empty(most * LANES, query.dtype), np.empty(most * LANES, query.dtype)
    two = query.dtype.type(2)
    for g in range(groups[0], groups[1]):
        lane0, start = g * LANES, starts[g]
        lanes = min(LANES, len(lengths) - lane0)
        shortest, longest = lengths[lane0], lengths[lane0 + lanes - 1]
        least[:] = np.inf
        rows[lane0 : lane0 + lanes] = np.inf
        for i0 in range(0, n, block):
            i1 = min(i0 + block, n)
            left, right = longest, 0
            for i in range(i0, i1):
                first, last = step_reach(i, n, shortest, longest, window, slope[0], slope[1])
                left, right = min(left, first), max(right, last)
            if right <= left:
                continue
            cols = (right - left) * LANES
            row0 = start + left * LANES
            dots = dots_flat[: (i1 - i0) * cols].reshape((i1 - i0, cols))
            np.dot(query[i0:i1], values[row0 : row0 + cols].T, dots)
            for i in range(i0, i1):
                first, last = step_reach(i, n, shortest, longest, window, slope[0], slope[1])
                if last <= first:
                    continue
                count, qq = last - first, query_norms[i]
                dot = dots[i - i0, (first - left) * L : (last - left) * L]
                cc, column = norms[start + first * L : start + last * L], least[first * L : last * L]
                for x in range(count * L):
                    value = qq + cc[x] - two * dot[x]
                    row[x] = value
                    column[x] = value if value < column[x] else column[x]
                if i == 0:
                    count = 1
                while count > 1:
                    half = (count + 1) // 2
                    upper = row[half * L : count * L]
                    for x in range(len(upper)):
                        row[x] = upper[x] if upper[x] < row[x] else row[x]
                    count = half
                for lane in range(lanes):
                    rows[lane0 + lane, i] = row[lane]
        for lane in range(lanes):
            total = 0.0
            rows[lane0 + lane, n] = 0
            for i in range(n - 1, -1, -1):
                total += _frame_distance(rows[lane0 + lane, i], slack, scale, root)
                rows[lane0 + lane, i] = total
            along = 0.0
            for j in range(lengths[lane0 + lane] - 1, -1, -1):
                columns[start + j * L + lane] = along
                if per_column > 0:
                    along += per_column * _frame_distance(least[j * L + lane], slack, scale, root)
            out[lane0 + lane] = total + columns[start + lane]


@compiled(nogil=True)
def _frame_distance(squared: float, slack: float, scale: float, root: bool) -> float:
    value = scale * max(squared - slack, 0.0)
    return float(np.sqrt(value)) if root else value
