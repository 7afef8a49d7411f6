"""One query against many sequences, and many against many, in float32 on all cores.

Frame distances come from products, |a - b|^2 = |a|^2 + |b|^2 - 2 a.b, of blocks of query frames with what a
path can reach of a group; the recurrence follows at once, while the block is in cache.
The data are centred first, so the cancellation in that sum costs little: distances are good to about 1e-5 of
the spread of the frames. Where that is not enough, `vpd.dtw.pair` computes in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.dtw.packed import LANES, Packed, Sketch, pack
from vpd.dtw.patterns import FALLBACK, StepPattern, get_pattern
from vpd.dtw.recurrence import EXACT, REACHED, WHOLE, minima_groups, selector, warp_groups
from vpd.dtw.threads import in_threads
from vpd.errors import InputError
from vpd.machine import cores
from vpd.models.session import gpu_of_torch
from vpd.types import Array

BLOCK = 16
"""Query frames a block where the pattern bounds slopes. After each block a group can be abandoned. Between 8
and 72 frames the time hardly changes (docs/experiments/dtw.md).
"""

WHOLE_BLOCK = 72
"""Query frames a matrix product where paths can reach every cell. The block still fits a core's cache."""

UNIT = float(np.finfo(np.float32).eps) / 2
"""Largest relative error of one rounding to float32."""

SMALLEST = float(np.finfo(np.float32).smallest_subnormal)

SCALE = {"l2": 1.0, "sqeuclidean": 1.0, "cosine": 0.5}
"""Factors of the products. For unit vectors, |a|^2 + |b|^2 - 2 a.b is twice 1 - cos."""


def rounding(roundings: float | Array) -> Array:
    """Return the relative error of a sum whose terms have one sign, each rounded at most ``count`` times in
    float32.

    gamma_n = n u / (1 - n u) in Higham, Accuracy and Stability of Numerical Algorithms (2002), lemma 3.1: it
    holds for every order of summation.
    """
    share = np.asarray(roundings, np.float64) * UNIT
    return np.asarray(share / (1 - share))


def squared_error(d: int, norms: float | Array) -> Array:
    """Return an upper bound of the error of |a|^2 + |b|^2 - 2 a.b in float32 for frames of ``d`` numbers. It
    is above 0.

    ``norms`` is |a|^2 + |b|^2, or more. The product errs by gamma_d sum |a_k b_k|, and twice that sum is no
    more than ``norms``. Each squared length was rounded once, their sum again, and the difference, no more
    than twice ``norms``, once: four roundings. Two stand for products of roundings, and for ``norms`` being
    rounded. Products too small for float32's exponent err by half of its smallest number besides.
    """
    return np.asarray(rounding(d + 6) * norms + (d + 6) * SMALLEST)


def _bounded(pattern: StepPattern) -> tuple[float, float]:
    least, greatest = pattern.slope
    return float(least), np.inf if greatest is None else float(greatest)


def _limit(window: int | None) -> int:
    if window is not None and window < 0:
        raise InputError(f"the window {window} is negative")
    return 2**62 if window is None else window


@dataclass(frozen=True, eq=False)
class Bounds:
    """Lower bounds of the path costs of one query and all packed sequences, in the order of ``Packed.order``.

    Attributes
    ----------
    costs : (N,) float64.
    rows : (N, n + 1) float32, the least that the query's frames cost from each one on.
    columns : (R,) float32, interleaved, the least that the frames of a sequence cost after each one.
    """

    costs: Array
    rows: Array
    columns: Array


def lower_bounds(
    prepared: tuple[Array, Array], packed: Packed, sketch: Sketch, name: str, window: int | None
) -> Bounds:
    """Bound path costs from below by the minima of rows and columns of the sketches' frame distances. Holds
    for any step pattern.
    """
    pattern, limit = get_pattern(name), _limit(window)
    values, norms = sketch.prepare(prepared[0])
    # The sketches' numbers were rounded too, which moves a distance by u (|a| + |b|), its square by 4 u times
    # the squared lengths at most.
    slack = float(squared_error(values.shape[1] + 4, prepared[1].max() + packed.norms.max()))
    bounds = Bounds(
        np.empty(len(packed)),
        np.empty((len(packed), len(values) + 1), np.float32),
        np.full(len(packed.values), np.inf, np.float32),
    )

    def work(start: int, stop: int) -> None:
        minima_groups(
            values,
            norms,
            sketch.values,
            sketch.norms,
            packed.starts,
            packed.lengths,
            (start, stop),
            # A diagonal step of the symmetric patterns pays for a row and for a column, others for a row.
            1.0 if pattern.normalised_by == "N+M" else 0.0,
            _bounded(pattern),
            limit,
            BLOCK if pattern.can_be_infeasible else WHOLE_BLOCK,
            SCALE[packed.distance],
            packed.distance == "l2",
            slack,
            bounds.rows,
            bounds.columns,
            bounds.costs,
        )

    in_threads(work, packed.groups)
    return bounds


def path_costs(
    prepared: Sequence[tuple[Array, Array]],
    packed: Packed,
    name: str,
    window: int | None,
    spans: Sequence[tuple[int, int, int]] | None = None,
    stop_at: tuple[Array, Array, Array] | None = None,
) -> tuple[Array, Array]:
    """Path costs (Q, N) in the order of ``packed.order``, infinite where there is no path, and the least
    distances met.

    The least distances (Q, N) are lower bounds of the smallest frame distance, before the root, that a path
    could pass. ``prepared`` are queries as ``packed.prepare`` gives them, or in float64, for costs in
    float64. ``spans`` (query, first group, end) are the groups to warp, by default all. With ``stop_at``
    (limits (N,), rows (N, n + 1), columns (R,)) costs that surely exceed their limit stay infinite; see
    `Bounds`.
    """
    if name == FALLBACK:
        costs, leasts = path_costs(prepared, packed, "symmetricP2", window)
        without = np.isinf(costs)
        others = path_costs(prepared, packed, "symmetric2", window, _group_runs(without))
        return np.where(without, others[0], costs), np.where(without, others[1], leasts)
    pattern, limit = get_pattern(name), _limit(window)
    dtype = prepared[0][0].dtype
    products = EXACT if dtype == np.float64 else REACHED if pattern.can_be_infeasible else WHOLE
    out, leasts = (np.full((len(prepared), len(packed)), np.inf, dtype) for _ in range(2))
    if spans is None:
        spans = [(q, 0, packed.groups) for q in range(len(prepared))]
    edges = np.cumsum([0, *(end - first for _, first, end in spans)])
    limits, rows, columns = stop_at or (
        np.empty(0, dtype),
        np.empty((0, 0), np.float32),
        np.empty(0, np.float32),
    )

    def work(start: int, stop: int) -> None:
        task = start
        while task < stop:
            at = int(np.searchsorted(edges, task, side="right")) - 1
            q, first, end = spans[at]
            first += task - int(edges[at])
            last = min(end, first + stop - task)
            warp_groups(
                *prepared[q],
                packed.values,
                packed.norms,
                packed.starts,
                packed.lengths,
                (first, last),
                selector(pattern.kernel),
                products,
                _bounded(pattern),
                limit,
                BLOCK if pattern.can_be_infeasible else WHOLE_BLOCK,
                SCALE[packed.distance],
                packed.distance == "l2",
                limits,
                rows,
                columns,
                out[q],
                leasts[q],
            )
            task += last - first

    in_threads(work, int(edges[-1]))
    return out, leasts


def _group_runs(wanted: Array) -> list[tuple[int, int, int]]:
    """Find the runs (query, first group, end) of groups that hold a wanted candidate, from a mask (Q, N)."""
    starts = np.arange(0, wanted.shape[1], LANES)
    grouped = np.pad(np.logical_or.reduceat(wanted, starts, axis=1), ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(grouped, axis=1)
    rows, firsts = np.nonzero(steps == 1)
    return list(zip(rows.tolist(), firsts.tolist(), np.nonzero(steps == -1)[1].tolist(), strict=True))


def _among_themselves(
    prepared: list[tuple[Array, Array]], packed: Packed, name: str, window: int | None
) -> Array:
    """Path costs (N, N) of packed sequences: rows in the order they were given, columns in ``packed.order``.

    Only half of them are computed, because the pattern lets query and reference be exchanged.
    """
    place = np.empty(len(packed), np.int64)
    place[packed.order] = np.arange(len(packed))
    group = np.arange(len(packed)) // LANES
    spans = [(q, int(first), packed.groups) for q, first in enumerate(group[place])]
    costs, _ = path_costs(prepared, packed, name, window, spans)
    ranked = costs[packed.order]
    mirrored = np.where(group[:, None] > group, ranked.T, ranked)
    return mirrored[place]


GPU_PAIRS = 20_000
"""Least number of pairs for which a GPU is used. With fewer, the import of torch takes longer."""

GPU_CORES = 6
"""Largest number of cores against which a GPU is used. It computes all cells, while the CPU skips those that
no path reaches: one H200 computes 0.84 million pairs a second of symmetricP2, sixteen cores 2.2 million
(docs/gpu.md).
"""


def gpu_pays(pairs: int) -> bool:
    """Whether to compute this number of pairs on a GPU: there is one, the cores are few, the pairs many."""
    return pairs >= GPU_PAIRS and cores() <= GPU_CORES and gpu_of_torch() is not None


def path_costs_on(
    prepared: Sequence[tuple[Array, Array]], packed: Packed, name: str, window: int | None, device: str
) -> Array:
    """Path costs (Q, N) as of `path_costs`, by torch on ``device``."""
    # torch takes seconds to import, and warping on the CPU needs none of it.
    from vpd.device import choose_device
    from vpd.dtw.on_device import device_path_costs

    chosen = choose_device(device)
    first = get_pattern("symmetricP2" if name == FALLBACK else name)
    costs = device_path_costs(prepared, packed, first, window, chosen)
    if name == FALLBACK and np.isinf(costs).any():
        others = device_path_costs(prepared, packed, get_pattern("symmetric2"), window, chosen)
        costs = np.where(np.isinf(costs), others, costs)
    return costs


def many_to_many(
    queries: Sequence[Array],
    candidates: Packed | Sequence[Array],
    pattern: str = "symmetricP2",
    distance: str = "l2",
    normalise: bool = True,
    window: int | None = None,
    device: str = "auto",
) -> Array:
    """Distances of many queries to many sequences.

    A list given as both is compared with itself, which is half of the work where the pattern is symmetric.

    Parameters
    ----------
    queries : sequence of array (n, d)
        Finite, of one d.
    candidates : Packed or sequence of array (frames, d)
        `pack` them once for several calls.
    pattern : str
        A name of `vpd.dtw.PATTERNS`; symmetricP2 is the paper's.
    distance : {"l2", "sqeuclidean", "cosine"}
        Distance of two frames, of candidates that are not packed; packed ones bring their own.
    normalise : bool
        Divide by n + m, or by n, as the pattern says.
    window : int, optional
        Sakoe and Chiba's: at most so many frames between the positions of two frames that correspond.
    device : {"cpu", "cuda", "auto"}
        Where to compute. "auto" takes a GPU where it is faster (`gpu_pays`). Distances are the same to
        rounding.

    Returns
    -------
    array (Q, N) float32
        In the order of queries and candidates; infinite where no path exists.

    Raises
    ------
    InputError
        As `pack`, and for unknown names.

    Examples
    --------
    >>> import numpy as np
    >>> many = [np.arange(5.0)[:, None], np.ones((5, 1))]
    >>> many_to_many(many, many).diagonal().tolist()
    [0.0, 0.0]
    """
    packed = candidates if isinstance(candidates, Packed) else pack(candidates, distance)
    prepared = [packed.prepare(query) for query in queries]
    if device == "auto":
        device = "cuda" if gpu_pays(len(queries) * len(packed)) else "cpu"
    if device != "cpu":
        costs = path_costs_on(prepared, packed, pattern, window, device)
    elif candidates is queries and pattern != FALLBACK and get_pattern(pattern).symmetric:
        costs = _among_themselves(prepared, packed, pattern, window)
    else:
        costs, _ = path_costs(prepared, packed, pattern, window)
    if normalise:
        rows = np.array([len(query) for query in queries])[:, None]
        costs /= (
            get_pattern("symmetricP2" if pattern == FALLBACK else pattern)
            .weight(rows, packed.lengths[None])
            .astype(costs.dtype)
        )
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
    device: str = "cpu",
) -> Array:
    """Distances of one query to many sequences.

    Parameters
    ----------
    query : array (n, d)
        Finite.
    candidates : Packed or sequence of array (frames, d)
        `pack` them once for several queries.
    pattern : str
        A name of `vpd.dtw.PATTERNS`; symmetricP2 is the paper's.
    distance : {"l2", "sqeuclidean", "cosine"}
        Distance of two frames, of candidates that are not packed; packed ones bring their own.
    normalise : bool
        Divide by n + m, or by n, as the pattern says.
    window : int, optional
        Sakoe and Chiba's: at most so many frames between the positions of two frames that correspond.
    device : {"cpu", "cuda", "auto"}
        Where to compute. A GPU is slower for one query (docs/gpu.md). Distances are the same to rounding.

    Returns
    -------
    array (N,) float32
        In the order of the candidates; infinite where no path exists.

    Raises
    ------
    InputError
        As `pack`, and for unknown names.

    Examples
    --------
    >>> import numpy as np
    >>> up = np.arange(6.0)[:, None]
    >>> one_to_many(up, [up, up + 1], pattern="symmetric2").shape
    (2,)
    """
    row: Array = many_to_many([query], candidates, pattern, distance, normalise, window, device)[0]
    return row
