"""Precision at k and mean average precision of a ranking by distance (paper, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpd.errors import InputError
from vpd.types import Array


def hits(
    distances: Array, query_labels: Sequence[str] | Array, labels: Sequence[str] | Array, own: Array
) -> Array:
    """(Q, N - 1) bool: whether the label at each rank is the query's.

    Parameters
    ----------
    distances : (Q, N); what is infinite is ranked last.
    own : (Q,) the column of the query itself, which is left out.
    """
    distances = np.asarray(distances, np.float64)
    queries, columns = np.asarray(query_labels), np.asarray(labels)
    if distances.shape != (len(queries), len(columns)):
        raise InputError(
            f"{distances.shape} distances do not fit {len(queries)} queries, {len(columns)} labels"
        )
    order = np.argsort(distances, axis=1, kind="stable")
    ranked = order[order != np.asarray(own)[:, None]].reshape(len(queries), len(columns) - 1)
    same: Array = columns[ranked] == queries[:, None]
    return same


def precision_at(ranked_hits: Array, k: int) -> float:
    """Mean share of hits among the first k, over the queries. Raises InputError for k out of range."""
    if not 1 <= k <= ranked_hits.shape[1]:
        raise InputError(f"precision at {k} needs between 1 and {ranked_hits.shape[1]} results")
    return float(ranked_hits[:, :k].mean())


def retrieval_map(ranked_hits: Array) -> float:
    """Mean average precision over the queries. Queries without a hit to find are left out."""
    found = ranked_hits.sum(axis=1)
    if not found.any():
        raise InputError("no query has another example of its label")
    precision = ranked_hits.cumsum(axis=1) / np.arange(1, ranked_hits.shape[1] + 1)
    with np.errstate(invalid="ignore"):
        average = (precision * ranked_hits).sum(axis=1) / found
    return float(average[found > 0].mean())
