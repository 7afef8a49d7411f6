"""Combine several recognisers, weighted by their predictions for examples that they were fitted without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline

from vpd.errors import InputError
from vpd.recognition.estimator import SequenceClassifier
from vpd.sequences.sides import mirror_keeps_distances
from vpd.types import Array, FeatureSequence

ROUNDS = 50
"""Steps of expectation maximisation. The weights are stable after some twenty."""
USUAL_PRIOR = 4.0
"""Pseudo-examples given to each member, so that few examples change the weights little."""
LEAST_PROBABILITY = 1e-3
"""Least probability of an example, so that a single confident error does not exclude a member."""


def held_out_proba(
    estimator: Any, X: Sequence[FeatureSequence], y: Array, folds: int = 5, seed: int = 0
) -> Array:
    """(N, C) probabilities of each example by an estimator fitted without it. Columns are in sorted order.

    The estimator's own ``held_out_proba`` gives them where it has one, else cross-validation in at most
    ``folds`` folds. ``estimator`` is not changed. Every class needs two examples.
    """
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            X = clone(step).fit(X, y).transform(X)
        return held_out_proba(estimator.steps[-1][1], X, y, folds, seed)
    if hasattr(estimator, "held_out_proba"):
        own: Array = clone(estimator).held_out_proba(X, y)
        return own
    classes, targets = np.unique(y, return_inverse=True)
    out = np.zeros((len(y), len(classes)))
    splitter = StratifiedKFold(min(folds, int(np.bincount(targets).min())), shuffle=True, random_state=seed)
    for train, held in splitter.split(targets, targets):
        model = clone(estimator).fit([X[i] for i in train], y[train])
        out[held] = model.predict_proba([X[i] for i in held])
    return out


def mixture_weights(probabilities: Array, prior: Array) -> Array:
    """(M,) weights of a mixture, by expectation maximisation.

    Parameters
    ----------
    probabilities : (M, N) that each member gives to the true class of each held-out example.
    prior : (M,) pseudo-examples that each member is given beforehand; without examples the weights are these.
    """
    weights = prior / prior.sum()
    likely = probabilities + LEAST_PROBABILITY
    for _ in range(ROUNDS):
        shares = weights[:, None] * likely
        weights = prior + (shares / shares.sum(axis=0)).sum(axis=1)
        weights = weights / weights.sum()
    settled: Array = weights
    return settled


class WeightedEnsemble(SequenceClassifier):
    """The weighted mean of its members' probabilities.

    The weights are those of a mixture (`mixture_weights`) on the training examples, each predicted by members
    that were fitted without it. Where a class has a single example they are those of the prior.

    Parameters
    ----------
    members : pairs of name and estimator.
    prior : pseudo-examples by member; None for `USUAL_PRIOR` each.
    joints_prior : the same for joints in the picture (`vpd.sequences.sides.mirror_keeps_distances`); None for
        ``prior``.
    folds : of the cross-validation, at most; never more than the examples of the smallest class.
    seed : of the folds.

    Attributes
    ----------
    weights_ : (M,) of the members, with sum 1.
    """

    def __init__(
        self,
        members: Sequence[tuple[str, Any]],
        prior: Sequence[float] | None = None,
        folds: int = 5,
        seed: int = 0,
        joints_prior: Sequence[float] | None = None,
    ) -> None:
        self.members = members
        self.prior = prior
        self.joints_prior = joints_prior
        self.folds = folds
        self.seed = seed

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, and with ``deep`` the members' as name__parameter."""
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for name, member in self.members:
                params |= {f"{name}__{key}": value for key, value in member.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of the members, by name__parameter."""
        own = {key: value for key, value in params.items() if "__" not in key}
        super().set_params(**own)
        named = dict(self.members)
        for key, value in params.items():
            name, nested, rest = key.partition("__")
            if nested:
                if name not in named:
                    raise ValueError(f"there is no member {name!r}; known: {', '.join(named)}")
                named[name].set_params(**{rest: value})
        return self

    def _prior(self, X: Sequence[FeatureSequence]) -> Array:
        given = self.prior
        if self.joints_prior is not None and mirror_keeps_distances(X):
            given = self.joints_prior
        prior = np.full(len(self.members), USUAL_PRIOR) if given is None else np.array(given)
        if len(prior) != len(self.members) or not (prior > 0).all():
            raise InputError(f"a prior of {prior.tolist()} does not fit {len(self.members)} members")
        return prior

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Fit all members and their weights."""
        if not self.members:
            raise InputError("an ensemble needs a member")
        targets = self._start_fit(X, y)
        labels = self.classes_[targets]
        prior = self._prior(X)
        self.weights_ = prior / prior.sum()
        if np.bincount(targets).min() > 1 and len(self.members) > 1:
            of_truth = [
                held_out_proba(member, X, labels, self.folds, self.seed)[np.arange(len(labels)), targets]
                for _, member in self.members
            ]
            self.weights_ = mixture_weights(np.array(of_truth), prior)
        self.fitted_ = [clone(member).fit(X, labels) for _, member in self.members]
        return self

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C), the weighted mean over the members."""
        self._start_predict(X)
        answers = np.array([member.predict_proba(X) for member in self.fitted_])
        mean: Array = np.tensordot(self.weights_, answers, axes=1)
        return mean

    def held_out_proba(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Array:
        """(N, C) probabilities of each example by members fitted without it, with the same weights."""
        labels = np.asarray(y)
        targets = np.unique(labels, return_inverse=True)[1]
        prior = self._prior(X)
        held = np.array([held_out_proba(m, X, labels, self.folds, self.seed) for _, m in self.members])
        weights = mixture_weights(held[:, np.arange(len(labels)), targets], prior)
        mean: Array = np.tensordot(weights, held, axes=1)
        return mean
