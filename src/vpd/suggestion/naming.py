"""Name candidates by those that are labelled, as the recogniser `together` does, from known distances.

Members are warping and both regressions, without class averages, which would have to be laid over all
candidates after each answer. Random patterns have thresholds drawn from all candidates, so that what they
find is known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.recognition.ensemble import mixture_weights
from vpd.recognition.linear import LinearClassifier
from vpd.recognition.neighbours import soft_votes
from vpd.recognition.recognisers import QUICK_JOINTS_PRIOR, QUICK_PRIOR, WIDTH_BESIDE
from vpd.recognition.together import MOST_TOGETHER, balanced, neighbour_votes, spread
from vpd.sequences.sides import ClassSides, decide, mirror_costs
from vpd.suggestion.described import Described
from vpd.types import Array

VOTERS = 5
"""Candidates and examples that vote for a candidate."""


@dataclass(frozen=True, eq=False)
class Named:
    """Probabilities (N, C) of candidates for the classes (C,)."""

    classes: Array
    probabilities: Array

    @property
    def labels(self) -> Array:
        """(N,) the likeliest class of each."""
        found: Array = self.classes[self.probabilities.argmax(axis=1)]
        return found

    @property
    def unsureness(self) -> Array:
        """(N,) 1 less the margin of the likeliest class over the second, in 0..1."""
        if len(self.classes) < 2:
            return np.ones(len(self.probabilities))
        first, second = np.sort(self.probabilities, axis=1).T[[-1, -2]]
        unsure: Array = 1 - (first - second)
        return unsure


def _oriented(both: Array, rows: Array, columns: Array, cost: float) -> Array:
    """(R, C) distances, where the mirrored one counts at ``cost`` more of itself."""
    alike, apart = (side[np.ix_(rows, columns)].astype(np.float64) for side in both)
    nearest: Array = alike if np.isinf(cost) else np.minimum(alike, apart * (1 + cost))
    return nearest


def _weights(prior: Array, held_out: Sequence[Array], targets: Array) -> Array:
    """(M,) weights of the members by what each says (K, C) of a labelled one that is left out."""
    truth = np.arange(len(targets)), targets
    return mixture_weights(np.array([one[truth] for one in held_out]), prior)


def name(
    both: Array,
    described: Described,
    known: Array,
    labels: Sequence[str] | Array,
    asked: Array,
) -> Named:
    """The probabilities of the candidates ``asked``, which are named together, in lots of `MOST_TOGETHER`.

    Parameters
    ----------
    both : (2, N, N), see `vpd.suggestion.kernel.distances`.
    described : N of them.
    known : (K,) indices of the labelled ones, at least one.
    labels : (K,) their classes.
    asked : (A,) indices.
    """
    classes, targets = np.unique(np.asarray(labels, str), return_inverse=True)
    if len(classes) < 2 or not len(asked):
        return Named(classes, np.full((len(asked), len(classes)), 1 / len(classes)))
    among = np.ix_(known, known)
    side: ClassSides = decide(both[0][among], both[1][among], targets)
    cost = float(mirror_costs({"": side}, [""])[0])
    regressions = [
        LinearClassifier(sides=side).fit_described(blocks, classes[targets])
        for blocks in described.at(known).blocks
    ]
    counts = np.bincount(targets)
    prior = np.array(QUICK_JOINTS_PRIOR if described.joints else QUICK_PRIOR)
    weights = prior / prior.sum()
    if counts.min() > 1:
        between = _oriented(both, known, known, cost)
        np.fill_diagonal(between, np.inf)
        others = counts - np.eye(len(classes))[targets]
        warping = soft_votes(between, targets, others, WIDTH_BESIDE)
        weights = _weights(prior, [warping, *(model.held_out_ for model in regressions)], targets)
    strength = float((len(known) / len(classes)) ** -0.5)
    answers = np.zeros((len(asked), len(classes)))
    lots = -(-len(asked) // MOST_TOGETHER)
    for lot in range(lots):
        some = asked[lot::lots]
        to_examples = _oriented(both, some, known, cost)
        warping = soft_votes(to_examples, targets, counts, WIDTH_BESIDE)
        by_regression = [
            model.described_proba(blocks)
            for model, blocks in zip(regressions, described.at(some).blocks, strict=True)
        ]
        own = np.tensordot(weights, np.array([warping, *by_regression]), axes=1)
        votes = neighbour_votes(to_examples, _oriented(both, some, some, cost), VOTERS, WIDTH_BESIDE)
        told = spread(balanced(own, strength), votes, float(weights[0]))
        answers[lot::lots] = balanced(told, strength)
    return Named(classes, answers)
