"""How near actions are by way of others: a graph of nearest neighbours on which nearness is passed on."""

from __future__ import annotations

import numpy as np

from vpd.types import Array

NEIGHBOURS = 10
SCALE = 7
"""A distance counts in units of those of both actions to their neighbour of this rank, as Zelnik-Manor and
Perona have it."""
PASSED = 0.9
"""Share of its nearness that an action passes on at each step (docs/experiments/recognition.md,
"Retrieval")."""
MOST = 3000
"""Actions for which a graph is made: its matrices have a row and a column for each."""


def affinity(distances: Array) -> Array:
    """(N, N) nearness of actions, 0 and more, by all paths over near actions.

    Two actions that differ much are near if actions between them pass from one to the other. Each action is
    joined with its `NEIGHBOURS` nearest; a pair of which one alone is among the nearest of the other counts
    half.

    Parameters
    ----------
    distances : (N, N), 0 and more, infinite where two actions cannot be compared. The mean of both directions
        counts; the diagonal is not read.

    References
    ----------
    Zhou et al., Ranking on data manifolds, NeurIPS 2003; Zelnik-Manor and Perona, Self-tuning spectral
    clustering, NeurIPS 2004.
    """
    apart = (distances.astype(np.float64) + distances.T) / 2
    np.fill_diagonal(apart, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(apart) - 1)]
    near = np.zeros(apart.shape)
    np.put_along_axis(near, order, 0.5, axis=1)
    unit = _units(apart)
    links = np.exp(-(apart**2) / (unit[:, None] * unit)) * (near + near.T)
    sums = np.maximum(links.sum(axis=1), np.finfo(float).tiny)
    links /= np.sqrt(sums[:, None] * sums)
    found: Array = np.maximum(np.linalg.inv(np.eye(len(links)) - PASSED * links), 0)
    return found


def _units(apart: Array) -> Array:
    """(N,) distance of each action to its neighbour of rank `SCALE`, or to the last that it can be compared
    with.
    """
    ranked = np.sort(apart, axis=1)[:, :SCALE]
    last = np.where(np.isfinite(ranked), ranked, 0).max(axis=1)
    units: Array = np.maximum(last, np.finfo(np.float32).tiny)
    return units


def ranks_by_affinity(distances: Array) -> Array:
    """(N, N) int64 rank of each action (column) for each query (row), nearest first, by `affinity`.

    Actions that no path joins are ranked by their distance, after all others.
    """
    joined = affinity(distances)
    joined[joined < joined.max(axis=1, keepdims=True) * np.finfo(np.float32).eps] = 0
    order = np.lexsort((distances, -joined), axis=1)
    ranks = np.empty(order.shape, np.int64)
    np.put_along_axis(ranks, order, np.arange(len(order))[None], axis=1)
    return ranks
