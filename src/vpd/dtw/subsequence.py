"""Subsequence warping: a whole query against every possible span of a long stream, in float32.

Queries of any number are stacked and meet the stream in one product of matrices, a block of frames at a time
that stays in a core's cache; the recurrence (asymmetricP1, begin and end open) follows at once. Memory does
not grow with the stream but by its result, one score a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.compiling import compiled
from vpd.dtw.packed import prepare_frames
from vpd.errors import InputError
from vpd.types import Array

BLOCK = 2048
"""Frames a block: with 80 query frames the distances take 0.7 MB, a third of a core's second-level cache."""

LONGEST_STRETCH = 2
"""Stream frames a query frame at most, by the step pattern."""

PAD = 2
"""Frames before the first of a block, where costs are infinite."""


@dataclass(frozen=True, eq=False)
class Queries:
    """Queries stacked for one pass over streams, made by `stack_queries`.

    Attributes
    ----------
    values : (sum of n, d) float32, centred or of unit length as the distance asks.
    norms : (sum of n,) float32.
    edges : (Q + 1,) int64, first row of each query.
    centre : (d,) float32, to be subtracted from stream frames.
    distance : "l2", "sqeuclidean" or "cosine".
    """

    values: Array
    norms: Array
    edges: Array
    centre: Array
    distance: str

    @property
    def longest(self) -> int:
        """Frames of the longest query."""
        return int(np.diff(self.edges).max())


def stack_queries(queries: list[Array], distance: str = "l2", centred: bool = True) -> Queries:
    """Stack queries, each (n, d). Without ``centred`` whole numbers stay whole. Raises InputError where one
    is empty or not finite, or d differs.
    """
    if not queries or any(q.ndim != 2 or not len(q) or q.shape[1] != queries[0].shape[1] for q in queries):
        raise InputError("queries must be (frames, d), not empty, and of one d")
    frames = np.concatenate(queries)
    centred = centred and distance != "cosine"
    centre = frames.mean(axis=0, dtype=np.float64) if centred else np.zeros(frames.shape[1])
    centre = centre.astype(np.float32)
    values, norms = prepare_frames(frames.astype(np.float64), centre.astype(np.float64), distance)
    edges = np.concatenate([[0], np.cumsum([len(q) for q in queries])])
    return Queries(values, norms, edges, centre, distance)


@compiled(nogil=True, fastmath={"reassoc"})
def _load(stream: Array, valid: Array, centre: Array, unit: bool, values: Array, norms: Array) -> None:
    """Copy a block of frames, centred or made of unit length, with squared norms; infinite where invalid."""
    for t in range(len(stream)):
        total = values.dtype.type(0)
        for k in range(stream.shape[1]):
            v = stream[t, k] - centre[k]
            values[t, k] = v
            total += v * v
        if unit and total > 0:
            inverse = values.dtype.type(1) / np.sqrt(total)
            for k in range(stream.shape[1]):
                values[t, k] *= inverse
        norms[t] = np.inf if not valid[t] else (1 if unit else total)
        if not valid[t]:
            values[t] = 0


@compiled(nogil=True)
def _distances(dot: Array, norms: Array, norm: float, scale: float, root: bool, out: Array) -> None:
    two, zero = out.dtype.type(2), out.dtype.type(0)
    for x in range(len(dot)):
        value = scale * (norm + norms[x] - two * dot[x])
        out[x] = value if value > zero else zero
    if root:
        for x in range(len(dot)):
            out[x] = np.sqrt(out[x])


@compiled(nogil=True)
def _recur(out: Array, c1: Array, c2: Array, d0: Array, d1: Array) -> None:
    half = out.dtype.type(0.5)
    out[:PAD] = np.inf
    # Counted from 0, so that the compiler knows every index to be positive and uses vector instructions.
    for x in range(len(out) - PAD):
        here = d0[x + PAD]
        best = c1[x + PAD - 1] + here
        a = c1[x + PAD - 2] + half * (d0[x + PAD - 1] + here)
        b = c2[x + PAD - 1] + (d1[x + PAD] + here)
        best = a if a < best else best
        out[x + PAD] = b if b < best else best


@compiled(nogil=True)
def _keep(cost: Array, per_frame: float, query: int, first: int, best: Array, which: Array) -> None:
    for x in range(len(best)):
        value = cost[first + x] * per_frame
        if value < best[x]:
            best[x] = value
            which[x] = query


@compiled(nogil=True)
def _scan(
    values: Array,
    norms: Array,
    edges: Array,
    centre: Array,
    scale: float,
    root: bool,
    unit: bool,
    stream: Array,
    valid: Array,
    skip: int,
    block: int,
    best: Array,
    which: Array,
) -> None:
    """Best score and query of every end from ``skip`` on, into best, which (T - skip,)."""
    total, d, longest = len(stream), stream.shape[1], 0
    for q in range(len(edges) - 1):
        longest = max(longest, edges[q + 1] - edges[q])
    context = LONGEST_STRETCH * longest
    width = block + context
    chunk, chunk_norms = np.empty((width, d), np.float32), np.empty(width, np.float32)
    dots_flat = np.empty(len(values) * width, np.float32)
    # Frames before the first cannot be matched: a path may begin there only to enter the first.
    cost, dist = np.full((3, PAD + width), np.float32(np.inf)), np.full((2, PAD + width), np.float32(np.inf))
    for start in range(skip, total, block):
        stop = min(start + block, total)
        left = max(0, start - context)
        cols = stop - left
        _load(stream[left:stop], valid[left:stop], centre, unit, chunk[:cols], chunk_norms[:cols])
        dots = dots_flat[: len(values) * cols].reshape((len(values), cols))
        np.dot(values, chunk[:cols].T, dots)
        for q in range(len(edges) - 1):
            n = edges[q + 1] - edges[q]
            cost[:] = np.inf
            # Before the first query frame every path costs nothing: the begin is open.
            cost[2] = 0
            for i in range(n):
                row = edges[q] + i
                d0 = dist[i % 2, : PAD + cols]
                _distances(dots[row], chunk_norms[:cols], norms[row], np.float32(scale), root, d0[PAD:])
                _recur(
                    cost[i % 3, : PAD + cols],
                    cost[(i + 2) % 3, : PAD + cols],
                    cost[(i + 1) % 3, : PAD + cols],
                    d0,
                    dist[(i + 1) % 2, : PAD + cols],
                )
            _keep(
                cost[(n - 1) % 3],
                np.float32(1 / n),
                q,
                PAD + start - left,
                best[start - skip : stop - skip],
                which[start - skip : stop - skip],
            )


def subsequence_scores(
    queries: Queries, stream: Array, valid: Array | None = None, skip: int = 0
) -> tuple[Array, Array]:
    """For every end in a stream, the distance of the best span that ends there, over all queries.

    Parameters
    ----------
    stream : (T, d) float32 frames, which may be memory-mapped; read once.
    valid : (T,) bool; no span includes a frame that is not valid.
    skip : leave out the ends before this frame; they serve as context for the later ones.

    Returns
    -------
    scores : (T - skip,) float32, normalised by the query's length; infinite where no span ends.
    which : (T - skip,) int16, the query that gave it.
    """
    if stream.ndim != 2 or stream.shape[1] != queries.values.shape[1]:
        raise InputError(f"the stream has shape {stream.shape}, expected (T, {queries.values.shape[1]})")
    count = max(0, len(stream) - skip)
    best, which = np.full(count, np.inf, np.float32), np.zeros(count, np.int16)
    valid = np.ones(len(stream), np.bool_) if valid is None else valid
    unit = queries.distance == "cosine"
    _scan(
        queries.values,
        queries.norms,
        queries.edges,
        queries.centre,
        0.5 if unit else 1.0,
        queries.distance == "l2",
        unit,
        stream,
        valid,
        skip,
        max(BLOCK, 4 * queries.longest),
        best,
        which,
    )
    return best, which
