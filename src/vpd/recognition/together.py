"""Clips that are named at once help one another: near clips vote for a clip, whether labelled or not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from vpd.recognition.estimator import SequenceClassifier
from vpd.recognition.neighbours import vote_weights
from vpd.sequences.sides import mirror_costs, mirror_distances
from vpd.types import Array, FeatureSequence

ROUNDS = 30
"""Of votes; the answers have settled after some twenty."""
BALANCING_ROUNDS = 60
LEAST_PROBABILITY = 1e-3
"""Added to each probability before classes are balanced, so that none is excluded by one sure answer."""
ANSWERS_ADDED = 5
"""Answers of each class that are added before classes are balanced. With one, a class that few or none of the
clips show gained so much that joints lost up to three points (docs/experiments/recognition.md)."""
MOST_TOGETHER = 1000
"""Clips that vote for one another; more are named in several lots, as the distances of all pairs are
computed."""


def neighbour_votes(to_examples: Array, between: Array, neighbours: int, width: float) -> Array:
    """(N, N) votes that each clip (row) takes from the other clips; each row's rest, up to 1, is of examples.

    The nearest ``neighbours`` among examples and clips vote (`vpd.recognition.neighbours.vote_weights`).

    Parameters
    ----------
    to_examples : (N, M) distances to the labelled examples.
    between : (N, N) distances of the clips to one another; the diagonal is not read.
    """
    itself = np.eye(len(between), dtype=bool)
    distances = np.concatenate([to_examples, np.where(itself, np.inf, between)], axis=1)
    votes = vote_weights(distances, width)
    last = -np.partition(-votes, min(neighbours, votes.shape[1]) - 1, axis=1)
    votes[votes < last[:, [min(neighbours, votes.shape[1]) - 1]]] = 0
    shares: Array = votes / votes.sum(axis=1, keepdims=True)
    return shares[:, to_examples.shape[1] :]


def spread(probabilities: Array, votes: Array, weight: float) -> Array:
    """(N, C) answers in which each clip keeps its own and takes over its neighbours'.

    A clip that takes the share s of its votes from others keeps 1 - ``weight`` s of its ``probabilities``.
    """
    taken = weight * votes
    kept = (1 - taken.sum(axis=1, keepdims=True)) * probabilities
    answers = probabilities
    for _ in range(ROUNDS):
        answers = kept + taken @ answers
    return answers


def balanced(probabilities: Array, strength: float) -> Array:
    """(N, C) probabilities with a factor for each class that makes classes with few answers likelier.

    The factor is (1 / (C share)) ** ``strength``, for the share of all answers that the class has after it;
    `ANSWERS_ADDED` answers of each class are added to the N. ``strength`` is in 0..1.
    """
    likely = probabilities + LEAST_PROBABILITY
    classes = likely.shape[1]
    factors = np.ones(classes)
    for _ in range(BALANCING_ROUNDS):
        answers = likely * factors
        answers /= answers.sum(axis=1, keepdims=True)
        shares = (answers.sum(axis=0) + ANSWERS_ADDED) / (len(answers) + ANSWERS_ADDED * classes)
        # The root damps steps that would swing around the solution.
        factors = np.sqrt(factors * (classes * shares) ** -strength)
    answers = likely * factors
    normalised: Array = answers / answers.sum(axis=1, keepdims=True)
    return normalised


class _Clips:
    """Clips as a key: equal where all their values are."""

    def __init__(self, X: Sequence[FeatureSequence]) -> None:
        self.X = list(X)
        self._key = tuple((s.values.shape, s.values.tobytes(), s.valid.tobytes()) for s in self.X)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Clips) and self._key == other._key


@lru_cache(maxsize=2)
def _distances_between(clips: _Clips) -> tuple[Array, Array]:
    """`mirror_distances`, kept: an evaluation names the same clips by one subset after the other."""
    return mirror_distances(clips.X)


class Together(SequenceClassifier):
    """A weighted ensemble whose answers are carried from clip to clip among those that are named at once.

    The answer of a clip depends on the other clips of the same call, of which no label is known; alone, it is
    the ensemble's. Clips take over answers of near clips as far as warping counts in the ensemble, and the
    answers are balanced between classes before and after, with a strength of one over the root of the number
    of examples a class (`balanced`).

    Parameters
    ----------
    ensemble : `vpd.recognition.ensemble.WeightedEnsemble`.
    nearest : its member that has the distances to the examples, a `DTWNeighbours`.
    warping : its members that compare by warping.
    neighbours : that vote for a clip.
    width : of a vote, see `neighbour_votes`.

    References
    ----------
    Zhou et al., Learning with local and global consistency, NeurIPS 2004; Ziko et al., Laplacian regularized
    few-shot learning, ICML 2020. How it was chosen: docs/experiments/recognition.md.
    """

    def __init__(
        self, ensemble: Any, nearest: str, warping: Sequence[str], neighbours: int = 5, width: float = 0.06
    ) -> None:
        self.ensemble = ensemble
        self.nearest = nearest
        self.warping = warping
        self.neighbours = neighbours
        self.width = width

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Fit the ensemble."""
        targets = self._start_fit(X, y)
        self.fitted_ = clone(self.ensemble).fit(X, self.classes_[targets])
        names = [name for name, _ in self.fitted_.members]
        self.nearest_ = self.fitted_.fitted_[names.index(self.nearest)]
        self.weight_ = float(self.fitted_.weights_[[name in self.warping for name in names]].sum())
        self.strength_ = float((len(targets) / len(self.classes_)) ** -0.5)
        return self

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C); clips of one call help one another, in lots of at most `MOST_TOGETHER`."""
        self._start_predict(X)
        answers: Array = self.fitted_.predict_proba(X)
        lots = -(-len(X) // MOST_TOGETHER)
        for lot in range(lots):
            answers[lot::lots] = self._together(X[lot::lots], answers[lot::lots])
        return answers

    def _together(self, X: Sequence[FeatureSequence], answers: Array) -> Array:
        if len(X) < 2 or len(self.classes_) < 2:
            return answers
        alike, apart = _distances_between(_Clips(X))
        # Of a clip without a label it is not known which class' sides hold: those that allow least.
        cost = mirror_costs(self.nearest_.sides_, self.classes_).max()
        between = alike if np.isinf(cost) else np.minimum(alike, apart * (1 + cost))
        votes = neighbour_votes(self.nearest_.distances(X), between, self.neighbours, self.width)
        answers = spread(balanced(answers, self.strength_), votes, self.weight_)
        return balanced(answers, self.strength_)

    def held_out_proba(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Array:
        """(N, C) probabilities of each example by the ensemble on all others."""
        held_out: Array = clone(self.ensemble).held_out_proba(X, y)
        return held_out
