"""Choose the next questions: strategies by stage, pages of proposals, and an unbiased accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.metrics.summary import wilson
from vpd.suggestion.strategies import NOTHING, Pool, core_set, covers, max_herding, random, unsure_herding
from vpd.types import Array

ENOUGH = 3
"""Number of labels that every class needs before uncertainty counts."""
RARE_EVERY = 4
"""Before that, one question in this many is about the candidate farthest from all labels, to find rare
classes.
"""
RANDOM_EVERY = 8
"""One question in this many is drawn at random. Only these measure the accuracy."""
PRECISION = 0.95
"""Proposals lie within the distance at which this share of held-out labels is right."""
LEAST_HELD_OUT = 8
"""With fewer labels than this, the distance is that of the nearest labels of one class."""

TYPICAL, NEW, UNSURE, RANDOM, PROPOSAL = "typical", "new", "unsure", "random", "proposal"


@dataclass(frozen=True)
class Question:
    """One candidate to ask about: its index, the reason, its guessed class ("" where unknown), and the number
    of candidates that the answer covers.
    """

    index: int
    why: str
    label: str
    covers: int = 0


def guesses(pool: Pool) -> Array:
    """(N,) str, the class of the nearest labelled candidate; "" where that one shows no action, or nothing is
    labelled.
    """
    known = pool.labelled
    if not len(known):
        return np.full(len(pool.labels), "", dtype=object)
    nearest: Array = pool.labels[known][pool.distance[:, known].argmin(axis=1)].astype(object)
    nearest[nearest == NOTHING] = ""
    return nearest


def questions(pool: Pool, n: int, rng: np.random.Generator, asked: int = 0) -> list[Question]:
    """The next ``n`` candidates to name. ``asked`` is the number of earlier questions, so that the shares
    hold across pages.
    """
    actions = pool.labels[(pool.labels != "") & (pool.labels != NOTHING)]
    counts = np.unique(actions, return_counts=True)[1]
    settled = len(counts) >= 2 and counts.min() >= ENOUGH
    names = guesses(pool)
    chosen: dict[int, str] = {}

    def take(order: Array, why: str, count: int) -> None:
        for index in order:
            if count <= 0:
                return
            if int(index) not in chosen:
                chosen[int(index)] = why
                count -= 1

    places = range(asked, asked + n)
    drawn = sum(place % RANDOM_EVERY == RANDOM_EVERY - 1 for place in places) if len(pool.labelled) else 0
    rare = 0 if settled or not len(pool.labelled) else sum(place % RARE_EVERY == 0 for place in places)
    take(random(pool, n, rng), RANDOM, drawn)
    take(core_set(pool, n, rng), NEW, rare)
    rest = n - len(chosen)
    take((unsure_herding if settled else max_herding)(pool, n, rng), UNSURE if settled else TYPICAL, rest)
    return [Question(i, why, str(names[i]), covers(pool, i)) for i, why in chosen.items()]


def trusted_distance(pool: Pool) -> float:
    """The distance up to which the nearest label is right for `PRECISION` of the held-out labels."""
    known = pool.labelled
    if len(known) < 2:
        return float(np.median(pool.distance[pool.distance > 0])) if (pool.distance > 0).any() else 0.0
    among = pool.distance[np.ix_(known, known)].copy()
    np.fill_diagonal(among, np.inf)
    nearest = among.argmin(axis=1)
    away, right = among.min(axis=1), pool.labels[known][nearest] == pool.labels[known]
    order = np.argsort(away)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= PRECISION)
    if len(known) < LEAST_HELD_OUT:
        return float(np.median(away))
    return float(away[order][good[-1]]) if len(good) else float(away.min())


def verify_page(pool: Pool, n: int) -> list[Question]:
    """Up to ``n`` proposals of one class, the surest ones; empty where nothing is near enough."""
    known, candidates = pool.labelled, pool.open
    if not len(known) or not len(candidates):
        return []
    away = pool.distance[np.ix_(candidates, known)]
    nearest, least = pool.labels[known][away.argmin(axis=1)], away.min(axis=1)
    trusted = least <= trusted_distance(pool)
    pages: list[tuple[int, float, str, Array]] = []
    for name in np.unique(nearest[trusted & (nearest != NOTHING)]):
        own = np.flatnonzero(trusted & (nearest == name))
        best = own[np.argsort(least[own])][:n]
        pages.append((-len(best), float(least[best].mean()), str(name), candidates[best]))
    if not pages:
        return []
    _, _, name, indices = min(pages, key=lambda page: page[:2])
    return [Question(int(i), PROPOSAL, name) for i in indices]


def held_out(pool: Pool, drawn: Array) -> list[bool]:
    """Whether each labelled candidate in ``drawn`` (indices) is guessed right by the other labels."""
    known = pool.labelled
    right = []
    for index in drawn:
        others = known[known != index]
        if len(others):
            nearest = others[pool.distance[index, others].argmin()]
            right.append(bool(pool.labels[nearest] == pool.labels[index]))
    return right


@dataclass(frozen=True)
class Accuracy:
    """The share of right guesses among questions drawn at random, with its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int


def accuracy(right: Sequence[bool]) -> Accuracy | None:
    """The accuracy of guesses on questions drawn at random; None before there is one."""
    if not right:
        return None
    low, high = wilson(sum(right), len(right))
    return Accuracy(sum(right) / len(right), low, high, len(right))
