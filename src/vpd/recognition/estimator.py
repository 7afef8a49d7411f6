"""The base of all recognisers: scikit-learn's interface over lists of feature sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from vpd.errors import InputError, MismatchError
from vpd.sequences.sides import ClassSides, Sides, sides_by_class
from vpd.types import Array, FeatureSequence


def check_sequences(sequences: Sequence[FeatureSequence]) -> int:
    """The feature size d of all ``sequences``. Raises InputError where they cannot be recognised:

    no sequence, different d, a sequence without a valid frame, or values that are not finite.
    """
    if not len(sequences):
        raise InputError("there is no sequence to work on")
    sizes = sorted({s.d for s in sequences})
    if len(sizes) > 1:
        raise MismatchError(f"the sequences have features of different sizes: {sizes}")
    for s in sequences:
        where = f"{s.video}, athlete {s.athlete}"
        if not s.valid.any():
            raise InputError(f"a sequence of {where} has no valid frame; leave it out or choose another span")
        if not np.isfinite(s.values[s.valid]).all():
            raise InputError(f"a sequence of {where} has valid frames that are not finite")
    return sizes[0]


def orientations(sequence: FeatureSequence) -> tuple[Array, Array]:
    """The valid frames as they are and mirrored, each (T, d) float32."""
    values = sequence.values[sequence.valid]
    return values[:, 0], values[:, 1]


class SequenceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """The base class of recognisers. It checks the inputs and predicts the most probable class.

    Attributes
    ----------
    classes_ : (C,) the labels, sorted.
    n_features_in_ : d.
    sides_ : of each class whether its mirrored examples count, in recognisers that have the parameter
        ``sides`` (`vpd.sequences.sides`).
    """

    classes_: Array
    n_features_in_: int
    sides: Sides
    sides_: dict[str, ClassSides]

    def _start_fit(self, X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> Array:
        """Check the training data. Returns the class of each sequence as its index in ``classes_``."""
        d = check_sequences(X)
        if len(X) != len(y):
            raise InputError(f"there are {len(X)} sequences but {len(y)} labels")
        self.classes_, targets = np.unique(np.asarray(y), return_inverse=True)
        self.n_features_in_ = d
        return targets

    def _settle_sides(self, X: Sequence[FeatureSequence], targets: Array) -> None:
        self.sides_ = sides_by_class(self.sides, self.classes_, X, targets)

    @property
    def _some_differ(self) -> bool:
        """Whether the sides of some class differ. Then a mirrored query may show another class."""
        return "differ" in self.sides_.values()

    def _start_predict(self, X: Sequence[FeatureSequence]) -> None:
        check_is_fitted(self, "classes_")
        d = check_sequences(X)
        if d != self.n_features_in_:
            raise MismatchError(
                f"the recogniser was fitted to features of size {self.n_features_in_}, these have size {d}"
            )

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C) probabilities in the order of ``classes_``."""
        raise NotImplementedError

    def predict(self, X: Sequence[FeatureSequence]) -> Array:
        """(N,) labels."""
        probabilities = self.predict_proba(X)
        labels: Array = self.classes_[probabilities.argmax(axis=1)]
        return labels
