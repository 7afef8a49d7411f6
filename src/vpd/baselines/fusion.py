"""Late fusion: add the members' logits, as for two streams and for MS-G3D's ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from vpd.errors import InputError
from vpd.types import Array


class LateFusion(ClassifierMixin, _BaseComposition):  # type: ignore[misc]  # sklearn has no types
    """Fit members to the same examples, and add their weighted logits.

    Parameters
    ----------
    members : (name, estimator) pairs, each with `decision_function`.
    weights : of each member's logits; None for 1 each.
    """

    def __init__(self, members: list[tuple[str, Any]], weights: Sequence[float] | None = None) -> None:
        self.members = members
        self.weights = weights

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters; those of the members as NAME__PARAMETER."""
        found: dict[str, Any] = self._get_params("members", deep=deep)
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of the members as NAME__PARAMETER."""
        self._set_params("members", **params)
        return self

    def fit(
        self,
        X: Sequence[Any],
        y: Sequence[str] | Array,
        X_validation: Sequence[Any] | None = None,
        y_validation: Sequence[str] | Array | None = None,
    ) -> Self:
        """Fit each member. Validation data choose each one's epoch.

        Raises InputError where weights and members differ in number.
        """
        if self.weights is not None and len(self.weights) != len(self.members):
            raise InputError(f"there are {len(self.weights)} weights for {len(self.members)} members")
        self.classes_ = np.unique(np.asarray(y))
        self.members_ = [clone(member).fit(X, y, X_validation, y_validation) for _, member in self.members]
        return self

    @property
    def started_(self) -> str:
        """Which weights the members started from."""
        return "; ".join(dict.fromkeys(member.started_ for member in self.members_))

    def decision_function(self, X: Sequence[Any]) -> Array:
        """(N, C) added logits."""
        check_is_fitted(self, "members_")
        weights = self.weights or [1.0] * len(self.members_)
        logits = [w * m.decision_function(X) for w, m in zip(weights, self.members_, strict=True)]
        total: Array = np.sum(logits, axis=0)
        return total

    def predict_proba(self, X: Sequence[Any]) -> Array:
        """(N, C) probabilities in the order of ``classes_``."""
        probabilities: Array = softmax(self.decision_function(X), axis=1)
        return probabilities

    def predict(self, X: Sequence[Any]) -> Array:
        """(N,) labels."""
        labels: Array = self.classes_[self.decision_function(X).argmax(1)]
        return labels
