"""Dynamic time warping of one pair in float64: the cost, the path, and how each is normalised.

This is the plain form, driven by the table of step patterns. `vpd.dtw.many` has the fast one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from vpd.compiling import compiled
from vpd.dtw.patterns import FALLBACK, get_distance, get_pattern
from vpd.errors import InputError
from vpd.types import Array

NO_STEP = -1

SUBSEQUENCE = "asymmetricP1"
"""The pattern of subsequence search: normalised by the query alone, slopes from 1/2 to 2."""


@compiled(nogil=True)
def _fill(dist: Array, steps: Array, weights: Array, window: int, open_begin: bool) -> tuple[Array, Array]:
    """Accumulated costs (n, m) and the step taken into each cell; infinite where no path leads.

    A path begins at (0, 0), or with ``open_begin`` anywhere in the first row, at the cost of that cell.
    """
    n, m = dist.shape
    cost = np.full((n, m), np.inf)
    taken = np.full((n, m), NO_STEP, np.int8)
    sums = np.full(steps[-1, 0] + 1, np.inf)
    begins = m if open_begin else 1
    # Not by slices: numba's message for unequal shapes takes two seconds to compile.
    for j in range(begins):
        cost[0, j] = dist[0, j]
    for i in range(n):
        for j in range(m):
            if (i == 0 and j < begins) or abs(i - j) > window:
                continue
            before = -1
            for s in range(len(steps)):
                p = steps[s, 0]
                ii, jj = i - steps[s, 1], j - steps[s, 2]
                if p != before:
                    before = p
                    sums[p] = cost[ii, jj] if ii >= 0 and jj >= 0 else np.inf
                elif ii >= 0 and jj >= 0:
                    sums[p] += weights[s] * dist[ii, jj]
            best = np.argmin(sums)
            if sums[best] < np.inf:
                cost[i, j] = sums[best]
                taken[i, j] = best
    return cost, taken


@dataclass(frozen=True, eq=False)
class Alignment:
    """How two sequences correspond.

    Attributes
    ----------
    distance : float
        Cost of the path, normalised where that was asked for.
    query, reference : array (L,) int64
        The frames that correspond, in order; each pair is one cell of the path.
    pattern : str
        Name of the step pattern that was used.

    Examples
    --------
    >>> import numpy as np
    >>> dtw_path(np.zeros((3, 2)), np.zeros((3, 2))).distance
    0.0
    """

    distance: float
    query: Array
    reference: Array
    pattern: str


def frame_distances(x: Array, y: Array, distance: str = "l2") -> Array:
    """Distances (n, m) float64 between the frames of ``x`` (n, d) and ``y`` (m, d)."""
    get_distance(distance)
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise InputError(f"the sequences have shapes {x.shape} and {y.shape}; expected (n, d) and (m, d)")
    if not len(x) or not len(y):
        raise InputError("an empty sequence cannot be warped")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError("a sequence holds a value that is not finite; drop the frames without a feature")
    out: Array = cdist(x, y, metric="euclidean" if distance == "l2" else distance)
    if distance == "cosine":
        out[np.isnan(out)] = 1
    return out


def _window(window: int | None) -> int:
    if window is not None and window < 0:
        raise InputError(f"the window {window} is negative")
    return np.iinfo(np.int64).max if window is None else window


def _solve(x: Array, y: Array, name: str, distance: str, window: int | None) -> tuple[str, Array, Array]:
    dist = frame_distances(x, y, distance)
    for tried in ("symmetricP2", "symmetric2") if name == FALLBACK else (name,):
        pattern = get_pattern(tried)
        cost, taken = _fill(dist, *pattern.as_arrays(), _window(window), False)
        if cost[-1, -1] < np.inf:
            break
    return tried, cost, taken


def _scale(name: str, cost: Array, normalise: bool) -> float:
    return float(get_pattern(name).weight(cost.shape[0], cost.shape[1])) if normalise else 1.0


def _backtrack(taken: Array, name: str) -> tuple[Array, Array]:
    """Return the cells of the best path into the last cell, as two arrays of indices, in order."""
    steps = get_pattern(name).steps
    i, j = taken.shape[0] - 1, taken.shape[1] - 1
    cells = [(i, j)]
    while taken[i, j] != NO_STEP:
        step = steps[taken[i, j]]
        cells.extend((i - di, j - dj) for di, dj, _ in step[-2::-1])
        i, j = i - step[0][0], j - step[0][1]
    query, reference = np.array(cells[::-1], np.int64).T
    return query, reference


def dtw_distance(
    x: Array,
    y: Array,
    pattern: str = "symmetricP2",
    distance: str = "l2",
    normalise: bool = True,
    window: int | None = None,
) -> float:
    """Distance of two sequences by dynamic time warping: the least cost of a path of frame distances.

    With frame distances c(i, j), pattern symmetric2 has D(i, j) = min(D(i-1, j-1) + 2 c(i, j),
    D(i-1, j) + c(i, j), D(i, j-1) + c(i, j)); the result is D(n, m) / (n + m). Other patterns restrict the
    slope of the path.

    Parameters
    ----------
    x : array (n, d)
        The query.
    y : array (m, d)
        The reference.
    pattern : str
        A name of `vpd.dtw.PATTERNS`; symmetricP2 is the paper's.
    distance : {"l2", "sqeuclidean", "cosine"}
        Distance of two frames.
    normalise : bool
        Divide by n + m, or by n, as the pattern says.
    window : int, optional
        Sakoe and Chiba's: at most so many frames between the positions of two frames that correspond.

    Returns
    -------
    float
        In units of the frame distance; infinite where the pattern has no path for these lengths.

    Raises
    ------
    InputError
        For unknown names, empty sequences or unequal d.

    References
    ----------
    Sakoe and Chiba, Dynamic programming algorithm optimization for spoken word recognition, 1978. The paper
    uses symmetricP2 in section 4.1.1.

    Examples
    --------
    >>> import numpy as np
    >>> up = np.arange(10.0)[:, None]
    >>> dtw_distance(up, up), dtw_distance(up, up[:3])
    (0.0, inf)
    """
    used, cost, _ = _solve(x, y, pattern, distance, window)
    return float(cost[-1, -1]) / _scale(used, cost, normalise)


def dtw_path(
    x: Array,
    y: Array,
    pattern: str = "symmetricP2",
    distance: str = "l2",
    normalise: bool = True,
    window: int | None = None,
) -> Alignment:
    """The best path between two sequences: which frames correspond.

    Parameters
    ----------
    x : array (n, d)
        The query.
    y : array (m, d)
        The reference.
    pattern : str
        A name of `vpd.dtw.PATTERNS`; symmetricP2 is the paper's.
    distance : {"l2", "sqeuclidean", "cosine"}
        Distance of two frames.
    normalise : bool
        Divide by n + m, or by n, as the pattern says.
    window : int, optional
        Sakoe and Chiba's: at most so many frames between the positions of two frames that correspond.

    Returns
    -------
    Alignment
        ``distance``, and the frames of ``query`` and ``reference`` that correspond, in order.

    Raises
    ------
    InputError
        Where there is no path, and as `dtw_distance`.

    References
    ----------
    Sakoe and Chiba, Dynamic programming algorithm optimization for spoken word recognition, 1978. The paper
    uses symmetricP2 in section 4.1.1.

    Examples
    --------
    >>> import numpy as np
    >>> up = np.arange(6.0)[:, None]
    >>> path = dtw_path(up, up[::2], pattern="symmetric2")
    >>> path.query.tolist(), path.reference.tolist()
    ([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2])
    """
    used, cost, taken = _solve(x, y, pattern, distance, window)
    if not cost[-1, -1] < np.inf:
        n, m = cost.shape
        raise InputError(f"{pattern} has no path between sequences of {n} and {m} frames")
    query, reference = _backtrack(taken, used)
    value = float(cost[-1, -1]) / _scale(used, cost, normalise)
    return Alignment(distance=value, query=query, reference=reference, pattern=used)


def subsequence_path(x: Array, y: Array, distance: str = "l2") -> Alignment:
    """The best path of all of ``x`` into ``y`` that ends with the last frame of ``y``; its begin is open.

    Step pattern asymmetricP1: every path weighs n, so the best begin is exact, and the tempo stays within
    half and double at every point.

    Parameters
    ----------
    x : array (n, d)
        The query.
    y : array (m, d)
        The reference.
    distance : {"l2", "sqeuclidean", "cosine"}
        Distance of two frames.

    Returns
    -------
    Alignment
        ``distance`` is normalised by n; infinite, with an empty path, where y is too short.

    Examples
    --------
    >>> import numpy as np
    >>> up = np.arange(5.0)[:, None]
    >>> subsequence_path(up, np.concatenate([np.full((4, 1), 9.0), up])).reference.tolist()
    [4, 5, 6, 7, 8]
    """
    dist = frame_distances(x, y, distance)
    # A row before the first query frame, where begins are free, and a column before the first frame of y,
    # which cannot be matched, so that a path may enter y's first frame as it enters any other.
    padded = np.pad(dist, ((1, 0), (1, 0)), constant_values=np.inf)
    padded[0] = 0
    cost, taken = _fill(padded, *get_pattern(SUBSEQUENCE).as_arrays(), _window(None), True)
    if not cost[-1, -1] < np.inf:
        return Alignment(np.inf, np.empty(0, np.int64), np.empty(0, np.int64), SUBSEQUENCE)
    query, reference = _backtrack(taken, SUBSEQUENCE)
    return Alignment(float(cost[-1, -1]) / len(x), query[1:] - 1, reference[1:] - 1, SUBSEQUENCE)
