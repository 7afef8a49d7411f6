"""Retrieval as the paper measures it: every action queries all others (section 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vpd.dtw import FALLBACK, many_to_many, pack
from vpd.errors import InputError
from vpd.metrics.retrieval import hits, precision_at, retrieval_map
from vpd.recognition.estimator import check_sequences
from vpd.types import Array, FeatureSequence

CUTOFFS = (1, 10, 50)
QUERIES_AT_ONCE = 32


@dataclass(frozen=True)
class Retrieval:
    """Figures over all queries, each in 0..1.

    Attributes
    ----------
    queries : number of actions that were a query.
    precision : by k, for those of the cutoffs that have so many others to find.
    mean_average_precision : over the full ranking.
    chance : the precision of a random order.
    """

    queries: int
    precision: dict[int, float]
    mean_average_precision: float
    chance: float


def retrieval_distances(
    X: Sequence[FeatureSequence],
    pattern: str = FALLBACK,
    distance: str = "l2",
    progress: Callable[[int], None] = lambda done: None,
    queries: Sequence[int] | None = None,
) -> Array:
    """(N, N) float32 DTW distances, both orientations concatenated a frame as in the paper.

    With ``queries``, indices, only these (Q, N) rows. ``progress`` is called with the number of rows done.
    The default pattern is the reference implementation's rule. Distances are infinite where a pattern has no
    path.
    """
    check_sequences(X)
    both = [s.values[s.valid].reshape(int(s.valid.sum()), -1) for s in X]
    packed = pack(both, distance)
    asked = range(len(X)) if queries is None else queries
    out = np.empty((len(asked), len(X)), np.float32)
    for start in range(0, len(asked), QUERIES_AT_ONCE):
        rows = slice(start, min(start + QUERIES_AT_ONCE, len(asked)))
        out[rows] = many_to_many([both[i] for i in asked[rows]], packed, pattern)
        progress(rows.stop)
    return out


def evaluate_retrieval(
    distances: Array,
    labels: Sequence[str] | Array,
    cutoffs: Sequence[int] = CUTOFFS,
    queries: Sequence[int] | None = None,
) -> Retrieval:
    """Precision at the cutoffs and mean average precision of (N, N) distances.

    With ``queries``, indices, of (Q, N) distances. Raises InputError for fewer than two actions, or no query.
    """
    names = np.asarray(labels)
    if len(names) < 2:
        raise InputError("retrieval needs at least two labelled actions")
    asked = np.arange(len(names)) if queries is None else np.asarray(queries, np.int64)
    if not len(asked):
        raise InputError("none of the queries has features")
    ranked = hits(distances, names[asked], names, asked)
    possible = [k for k in cutoffs if k < len(names)]
    return Retrieval(
        len(asked),
        {k: precision_at(ranked, k) for k in possible},
        retrieval_map(ranked),
        float(ranked.mean()),
    )
