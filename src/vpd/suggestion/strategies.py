"""Rank candidates by how informative their labels would be: one function a strategy, in one table.

Each takes a pool of N candidates and gives indices in the order in which to ask. MaxHerding (Bae, Oh,
Sutherland, 2024) covers the pool: with kernel k and chosen set S it adds the x that raises
sum_i max_{s in S} k(i, s) most. Weighted by unsureness it prefers what the present labels leave open.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from vpd.suggestion.pool import Pool
from vpd.types import Array

BLOCK = 256
"""Candidates whose gains are computed together."""


def random(pool: Pool, n: int, rng: np.random.Generator) -> Array:
    """Uniformly random order."""
    order: Array = rng.permutation(pool.open)[:n]
    return order


def margin(pool: Pool, n: int, rng: np.random.Generator) -> Array:
    """The most uncertain first; random before there are two classes."""
    if len(np.unique(pool.labels[pool.labelled])) < 2:
        return random(pool, n, rng)
    order = rng.permutation(len(pool.open))
    least_sure: Array = pool.open[order[np.argsort(-pool.named.unsureness[order], kind="stable")]][:n]
    return least_sure


def core_set(pool: Pool, n: int, rng: np.random.Generator) -> Array:
    """The candidates farthest from all that are labelled or chosen (Sener and Savarese, 2018)."""
    known = pool.labelled
    away = pool.distance[:, known].min(axis=1) if len(known) else np.full(len(pool.labels), np.inf)
    away = np.where(pool.labels == "", away, -np.inf)
    chosen = []
    for _ in range(min(n, len(pool.open))):
        best = int(rng.choice(pool.open)) if np.isinf(away).all() and away.max() > 0 else int(away.argmax())
        chosen.append(best)
        away = np.minimum(away, pool.distance[:, best])
        away[chosen] = -np.inf
    return np.array(chosen, int)


def max_herding(pool: Pool, n: int, rng: np.random.Generator) -> Array:
    """The candidates that, with the labelled ones, cover the pool best."""
    return _herd(pool, n, np.ones(len(pool.labels)))


def unsure_herding(pool: Pool, n: int, rng: np.random.Generator) -> Array:
    """As `max_herding`, with more weight on candidates that the labels leave uncertain."""
    weights = np.zeros(len(pool.labels))
    weights[pool.open] = pool.named.unsureness if len(pool.labelled) else 1.0
    return _herd(pool, n, weights)


def _herd(pool: Pool, n: int, weights: Array) -> Array:
    """The greedy choice. A gain only falls when more is covered (it is submodular), so that a candidate whose
    gain is still above all others' former gains is the best (Minoux, 1978).
    """
    covered = pool.covered
    candidates = pool.open
    gains = [
        weights @ np.maximum(pool.kernel[:, candidates[i : i + BLOCK]] - covered[:, None], 0)
        for i in range(0, len(candidates), BLOCK)
    ]
    queue = [(-float(gain), int(c)) for gain, c in zip(np.concatenate([*gains, []]), candidates, strict=True)]
    heapq.heapify(queue)
    chosen: list[int] = []
    while queue and len(chosen) < n:
        _, best = heapq.heappop(queue)
        now = (-float(weights @ np.maximum(pool.kernel[:, best] - covered, 0)), best)
        if queue and now > queue[0]:
            heapq.heappush(queue, now)
            continue
        chosen.append(best)
        covered = np.maximum(covered, pool.kernel[:, best])
    return np.array(chosen, int)


def covers(pool: Pool, index: int) -> int:
    """Number of candidates that are near to this one, and nearer to it than to anything that covers them."""
    near = pool.kernel[:, index]
    return int(((near > pool.covered) & (near > np.exp(-1))).sum())


Strategy = Callable[[Pool, int, np.random.Generator], Array]
STRATEGIES: dict[str, Strategy] = {
    "random": random,
    "margin": margin,
    "core-set": core_set,
    "max-herding": max_herding,
    "unsure-herding": unsure_herding,
}
