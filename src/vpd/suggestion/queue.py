"""Choose the next questions: strategies by stage, pages of proposals, and an unbiased accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.metrics.summary import clopper_pearson
from vpd.suggestion.naming import name
from vpd.suggestion.pool import NOTHING, Pool
from vpd.suggestion.strategies import covers, max_herding, random, unsure_herding
from vpd.types import Array

ENOUGH = 3
"""Number of labels that every class needs before uncertainty counts."""
RANDOM_EVERY = 8
"""One question in this many is drawn at random. Only these measure the accuracy."""
PROBABLE = 0.65
"""Least probability of a proposal. A wrong one costs the user an action, and naming a moment costs one."""
LEAST_NAMED, JOINTS_LEAST_NAMED = 8, 16
"""Labels before which nothing is proposed; more by joints, whose first proposals are too often wrong."""
SINGLE = 0.25
"""Largest share of labels that are the only one of their class. It is Good's estimate (1953) of the chance
that a moment shows a class without a label, for which every proposal is wrong.
"""

PAGE = 24
"""Proposals by whose answers it is judged whether they are worth their while."""
WORTH = 1 / 3
"""Share of a wrong proposal that a right one makes up for."""

TYPICAL, UNSURE, RANDOM, PROPOSAL = "typical", "unsure", "random", "proposal"


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
    """(N,) str, what the open candidates are by the labels; "" for labelled ones, for what shows no action,
    and where nothing is labelled.
    """
    found = np.full(len(pool.labels), "", dtype=object)
    if len(pool.labelled):
        found[pool.open] = pool.named.labels
        found[found == NOTHING] = ""
    return found


def _counts(pool: Pool) -> Array:
    """Number of labels of each class."""
    actions = pool.labels[(pool.labels != "") & (pool.labels != NOTHING)].astype(str)
    found: Array = np.unique(actions, return_counts=True)[1]
    return found


def questions(pool: Pool, n: int, rng: np.random.Generator, asked: int = 0) -> list[Question]:
    """The next ``n`` candidates to name. ``asked`` is the number of earlier questions, so that the share of
    those at random holds across pages.
    """
    counts = _counts(pool)
    settled = len(counts) >= 2 and counts.min() >= ENOUGH
    places = range(asked, asked + n)
    drawn = sum(place % RANDOM_EVERY == RANDOM_EVERY - 1 for place in places) if len(pool.labelled) else 0
    chosen = dict.fromkeys(pool.apart(random(pool, drawn, rng).tolist(), n), RANDOM)
    strategy, why = (unsure_herding, UNSURE) if settled else (max_herding, TYPICAL)
    order = strategy(pool, (1 + bool(pool.overlaps)) * n, rng).tolist()
    chosen |= dict.fromkeys(pool.apart(order, n - len(chosen), chosen), why)
    names = guesses(pool)
    return [Question(i, why, str(names[i]), covers(pool, i)) for i, why in chosen.items()]


def least_named(pool: Pool) -> int:
    """Number of labels that are needed before what others are is proposed."""
    return JOINTS_LEAST_NAMED if pool.described.joints else LEAST_NAMED


def may_propose(pool: Pool) -> bool:
    """Whether there are labels enough, and of classes enough, to propose what others are."""
    counts = _counts(pool)
    return bool(counts.sum() >= least_named(pool) and (counts == 1).sum() <= SINGLE * counts.sum())


def owed(proposals: Sequence[bool], named: int) -> int:
    """Number of moments to name before more are proposed: as many as proposals of the last page were wrong,
    less what its right ones made up for (`WORTH`), and less those that were ``named`` since.

    Parameters
    ----------
    proposals : whether each was right, in the order of the answers.
    """
    last = proposals[-PAGE:]
    right = sum(last)
    return max(0, math.ceil(len(last) - right - WORTH * right) - named)


def verify_page(pool: Pool, n: int) -> list[Question]:
    """The ``n`` surest proposals, class by class, the class with most of them first; fewer where not so many
    are sure, none before `may_propose`.
    """
    if not may_propose(pool) or not len(pool.open):
        return []
    sure, labels = pool.named.probabilities.max(axis=1), pool.named.labels
    proposed = np.flatnonzero((sure >= PROBABLE) & (labels != NOTHING))
    rows = proposed[np.argsort(-sure[proposed], kind="stable")]
    row_of = dict(zip(pool.open[rows].tolist(), rows.tolist(), strict=True))
    best = np.array([row_of[index] for index in pool.apart(row_of, n)], int)
    names, counts = np.unique(labels[best].astype(str), return_counts=True)
    size = dict(zip(names.tolist(), counts.tolist(), strict=True))
    order = sorted(best.tolist(), key=lambda row: (-size[str(labels[row])], str(labels[row]), -sure[row]))
    return [Question(int(pool.open[row]), PROPOSAL, str(labels[row])) for row in order]


def held_out(pool: Pool) -> list[bool]:
    """Whether each candidate that was drawn at random is named right by all labels that were not."""
    teach = np.setdiff1d(pool.labelled, pool.drawn)
    if not len(teach) or not len(pool.drawn):
        return []
    asked = np.concatenate([pool.drawn, pool.open])
    found = name(pool.both, pool.described, teach, pool.labels[teach], asked).labels[: len(pool.drawn)]
    return [bool(told == true) for told, true in zip(found, pool.labels[pool.drawn], strict=True)]


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
    low, high = clopper_pearson(sum(right), len(right))
    return Accuracy(sum(right) / len(right), low, high, len(right))
