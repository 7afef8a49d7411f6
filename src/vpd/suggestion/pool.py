"""The candidates and the labelled moments, as all strategies see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from vpd.suggestion.described import Described
from vpd.suggestion.kernel import kernel, nearer
from vpd.suggestion.naming import Named, name
from vpd.types import Array

NOTHING = "\x00nothing"
"""The class of rejected moments. They count as labelled, and are never proposed."""


@dataclass(frozen=True, eq=False)
class Pool:
    """N moments, their distances and their labels.

    Attributes
    ----------
    both : (2, N, N) distances, see `vpd.suggestion.kernel.distances`.
    described : N of them.
    labels : (N,) str, "" where not labelled.
    drawn : indices of the labelled ones that were drawn at random. They measure the accuracy, so they steer
        no choice: what is near to them is asked about as if they were not known.
    wrong : by index, the classes of which the user said that it is none.
    overlaps : by index, the moments that are asked on no page with it, see
        `vpd.suggestion.candidates.overlapping`.
    """

    both: Array
    described: Described
    labels: Array
    drawn: Array = field(default_factory=lambda: np.empty(0, int))
    wrong: Mapping[int, frozenset[str]] = field(default_factory=dict)
    overlaps: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def apart(self, order: Iterable[int], n: int, chosen: Iterable[int] = ()) -> list[int]:
        """The first ``n`` moments in an order that overlap neither one another nor the ``chosen``."""
        taken, found = set(chosen), list[int]()
        for index in order:
            if len(found) < n and index not in taken and taken.isdisjoint(self.overlaps.get(index, ())):
                taken.add(index)
                found.append(index)
        return found

    @cached_property
    def distance(self) -> Array:
        """(N, N) of the nearer orientation."""
        return nearer(self.both)

    @cached_property
    def kernel(self) -> Array:
        """(N, N) in 0..1."""
        return kernel(self.distance)

    def labelled_as(
        self, labels: Array, drawn: Array | None = None, wrong: Mapping[int, frozenset[str]] | None = None
    ) -> Self:
        """The same moments with other labels, and with other ``drawn`` and ``wrong`` where given."""
        other = replace(
            self,
            labels=labels,
            drawn=self.drawn if drawn is None else drawn,
            wrong=self.wrong if wrong is None else wrong,
        )
        for kept in ("distance", "kernel"):
            if kept in self.__dict__:
                other.__dict__[kept] = self.__dict__[kept]
        return other

    @property
    def labelled(self) -> Array:
        """Indices of the labelled candidates."""
        found: Array = np.flatnonzero(self.labels != "")
        return found

    @property
    def open(self) -> Array:
        """Indices of the candidates that may be asked about."""
        found: Array = np.flatnonzero(self.labels == "")
        return found

    @cached_property
    def covered(self) -> Array:
        """(N,) how alike each is to the nearest labelled one that was not drawn at random, in 0..1."""
        known = np.setdiff1d(self.labelled, self.drawn)
        nearest: Array = self.kernel[:, known].max(axis=1, initial=0.0)
        return nearest

    @cached_property
    def named(self) -> Named:
        """What the open ones are by the labels; something must be labelled. Classes that the user excluded
        have no probability.
        """
        known, asked = self.labelled, self.open
        found = name(self.both, self.described, known, self.labels[known], asked)
        likely = found.probabilities.copy()
        for row, index in enumerate(asked.tolist()):
            likely[row, np.isin(found.classes, list(self.wrong.get(index, ())))] = 0
        total = likely.sum(axis=1, keepdims=True)
        return Named(found.classes, np.divide(likely, total, out=np.zeros_like(likely), where=total > 0))
