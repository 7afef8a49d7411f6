"""Late fusion: add the members' logits, as for two streams and for MS-G3D's ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from vpd.baselines.checkpoint import named, read_network, save_network, under
from vpd.errors import InputError, MismatchError
from vpd.types import Array


def _apart(member: Any, name: str) -> Any:
    """The member with a folder of checkpoints of its own, where it has one."""
    folder = getattr(member, "folder", None)
    return member if folder is None else member.set_params(folder=Path(folder) / name)


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
        self.members_ = [
            _apart(clone(member), name).fit(X, y, X_validation, y_validation) for name, member in self.members
        ]
        return self

    def check_weights(self) -> None:
        """Raise InputError where the weights are not of the members' networks."""
        for _, member in self.members:
            member.check_weights()

    @property
    def started_(self) -> str:
        """Which weights the members started from."""
        return "; ".join(dict.fromkeys(member.started_ for member in self.members_))

    def decision_function(self, X: Sequence[Any]) -> Array:
        """(N, C) added logits."""
        check_is_fitted(self, "members_")
        logits = [w * m.decision_function(X) for w, m in zip(self._weights(), self.members_, strict=True)]
        total: Array = np.sum(logits, axis=0)
        return total

    def save(self, path: Path | str) -> None:
        """Write the trained members to one .safetensors file."""
        check_is_fitted(self, "members_")
        tensors: dict[str, Tensor] = {}
        about: dict[str, Any] = {"class": type(self).__name__, "weights": self._weights(), "members": {}}
        for (name, _), member in zip(self.members, self.members_, strict=True):
            own, about["members"][name] = member.kept()
            tensors |= named(f"{name}.", own)
        save_network(Path(path), tensors, about)

    def restore(self, path: Path | str) -> Self:
        """Load the members that `save` wrote with these parameters.

        Raises MismatchError for a file of other parameters, ArtefactError for a damaged one.
        """
        path = Path(path)
        tensors, about = read_network(path)
        names = [name for name, _ in self.members]
        if list(about.get("members", ())) != names or about["weights"] != self._weights():
            raise MismatchError(f"{path} was not saved by the members {', '.join(names)} with these weights")
        self.members_ = [
            clone(member).take(under(f"{name}.", tensors), about["members"][name], path)
            for name, member in self.members
        ]
        self.classes_ = self.members_[0].classes_
        return self

    def _weights(self) -> list[float]:
        return [1.0] * len(self.members) if self.weights is None else [float(w) for w in self.weights]

    def predict_proba(self, X: Sequence[Any]) -> Array:
        """(N, C) probabilities in the order of ``classes_``."""
        probabilities: Array = softmax(self.decision_function(X), axis=1)
        return probabilities

    def predict(self, X: Sequence[Any]) -> Array:
        """(N,) labels."""
        chosen = self.decision_function(X).argmax(1)  # first: it refuses what is not fitted
        labels: Array = self.classes_[chosen]
        return labels
