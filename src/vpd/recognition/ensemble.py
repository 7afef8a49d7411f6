"""Several recognisers in one, chosen by cross-validation inside the training examples alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from vpd.errors import InputError
from vpd.recognition.estimator import SequenceClassifier
from vpd.types import Array, FeatureSequence


class ChosenEnsemble(SequenceClassifier):
    """The mean of those members whose mean does best in cross-validation on the training examples.

    Every subset of the members is tried; the highest accuracy wins, ties the lower log loss. With a single
    example of some class there is nothing to validate on, and all members are used.

    Parameters
    ----------
    members : pairs of name and estimator.
    folds : at most; never more than the examples of the smallest class.
    seed : of the folds.

    Attributes
    ----------
    chosen_ : names of the members used.
    validated_ : accuracy in cross-validation of every subset tried, by its names.
    """

    def __init__(self, members: Sequence[tuple[str, Any]], folds: int = 3, seed: int = 0) -> None:
        self.members = members
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

    def fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Self:
        """Choose by cross-validation, then fit the chosen to all examples."""
        if not self.members:
            raise InputError("an ensemble needs a member")
        targets = self._start_fit(X, y)
        labels = self.classes_[targets]
        names = [name for name, _ in self.members]
        folds = min(self.folds, int(np.bincount(targets).min()))
        self.validated_: dict[tuple[str, ...], float] = {}
        self.chosen_ = tuple(names)
        if folds >= 2 and len(names) > 1:
            self.chosen_ = self._choose(X, labels, targets, folds)
        self.fitted_ = [clone(member).fit(X, labels) for name, member in self.members if name in self.chosen_]
        return self

    def _choose(
        self, X: Sequence[FeatureSequence], labels: Array, targets: Array, folds: int
    ) -> tuple[str, ...]:
        held = np.zeros((len(self.members), len(X), len(self.classes_)))
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.seed)
        for train, validation in splitter.split(targets, targets):
            for m, (_, member) in enumerate(self.members):
                model = clone(member).fit([X[i] for i in train], labels[train])
                held[m, validation] = model.predict_proba([X[i] for i in validation])
        best: tuple[float, float, tuple[str, ...]] | None = None
        for size in range(1, len(self.members) + 1):
            for subset in combinations(range(len(self.members)), size):
                mean = held[list(subset)].mean(axis=0)
                accuracy = float((mean.argmax(axis=1) == targets).mean())
                loss = float(log_loss(targets, mean, labels=np.arange(len(self.classes_))))
                names = tuple(self.members[m][0] for m in subset)
                self.validated_[names] = accuracy
                if best is None or (accuracy, -loss) > (best[0], -best[1]):
                    best = accuracy, loss, names
        assert best is not None
        return best[2]

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C), the mean over the chosen members."""
        self._start_predict(X)
        mean: Array = np.mean([member.predict_proba(X) for member in self.fitted_], axis=0)
        return mean
