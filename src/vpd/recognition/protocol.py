"""The few-shot protocol: each recogniser fitted to each saved subset, tested on the full test part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]  # it ships no stubs
from sklearn.base import clone

from vpd.errors import InputError
from vpd.recognition.subsets import Subsets
from vpd.types import Array, FeatureSequence

ALL = 0
"""The k that stands for the whole training part."""

MISSING = ""
"""What is predicted for a test segment without features: counted as wrong, never left out."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one recogniser, fitted to one subset, predicted for the test part.

    Attributes
    ----------
    recogniser : name of the recogniser.
    k : examples a class, ``ALL`` for the whole training part.
    subset : number of the subset.
    predicted : (tests,) labels.
    accuracy : top-1 in 0..1.
    """

    recogniser: str
    k: int
    subset: int
    predicted: Array
    accuracy: float


def seeded(estimator: Any, seed: int) -> Any:
    """A clone whose every parameter called ``seed`` is ``seed``."""
    copy = clone(estimator)
    seeds = {name: seed for name in copy.get_params() if name.rpartition("__")[2] == "seed"}
    return copy.set_params(**seeds)


Validation = Callable[[Array, int], Array]
"""Indices of the examples that choose the epoch, for a subset and its k; what they share with the subset is
not trained on."""


def takes_validation(estimator: Any) -> bool:
    """Whether the recogniser chooses its epoch on validation examples."""
    return "X_validation" in signature(estimator.fit).parameters


def _one(
    recogniser: str,
    estimator: Any,
    X: Sequence[FeatureSequence | None],
    y: Array,
    chosen: Array,
    test: Array,
    k: int,
    subset: int,
    validation: Array | None = None,
) -> Outcome:
    judged = {} if validation is None else {i: x for i in validation if (x := X[i]) is not None}
    chosen = np.array([i for i in chosen if i not in judged], np.int64)
    shown = {i: x for i in chosen if (x := X[i]) is not None}
    asked = {n: x for n, i in enumerate(test) if (x := X[i]) is not None}
    if not shown:
        raise InputError(f"no example of subset {subset} for k = {k} has features")
    model, own = seeded(estimator, subset), {}
    if judged:
        own = {"X_validation": list(judged.values()), "y_validation": y[list(judged)]}
    model.fit(list(shown.values()), y[list(shown)], **own)
    predicted = np.full(len(test), MISSING, dtype=object)
    predicted[list(asked)] = model.predict(list(asked.values()))
    return Outcome(recogniser, k, subset, predicted.astype(str), float((predicted == y[test]).mean()))


def check_subsets(subsets: Subsets, y: Array, train: Array, test: Array) -> None:
    """Raise InputError where a subset holds a test example, or no test class is ever trained.

    A single class that is tested and not trained, as in a data set of which videos are missing, is no error:
    its test examples count as wrong.
    """
    outside = {int(i) for lists in subsets.values() for one in lists for i in one} - set(train.tolist())
    if outside:
        raise InputError(f"the subsets hold {len(outside)} examples that are not in the training part")
    if not set(y[test]) & set(y[train]):
        raise InputError(f"the training part has no example of {', '.join(sorted(set(y[test])))}")


def run_few_shot(
    X: Sequence[FeatureSequence | None],
    y: Sequence[str] | Array,
    train: Array,
    test: Array,
    subsets: Subsets,
    recognisers: Mapping[str, Any],
    with_all: bool = True,
    jobs: int = 1,
    progress: Callable[[Outcome], None] = lambda outcome: None,
    known: Callable[[str, Array, int, int], Outcome | None] = lambda recogniser, chosen, k, subset: None,
    validation: Validation | None = None,
) -> list[Outcome]:
    """Fit every recogniser to every subset, and to the whole training part, and test each.

    Subset i seeds what is random in a recogniser with i. With all data, recognisers that are random run as
    many seeds as there are subsets, up to three. A segment without features (None) is left out of training
    and counts as wrong in the test; a prediction that fails raises. What
    ``known(recogniser, chosen, k, subset)`` has is not computed again, and not reported to ``progress``.
    ``validation`` gives recognisers that take them the examples that choose their epoch.
    """
    labels = np.asarray(y)
    check_subsets(subsets, labels, train, test)

    def judges(recogniser: str, chosen: Array, k: int) -> Array | None:
        wanted = validation is not None and takes_validation(recognisers[recogniser])
        return validation(chosen, k) if wanted and validation is not None else None

    tasks: list[tuple[str, Array, int, int]] = [
        (recogniser, chosen, k, i)
        for recogniser in recognisers
        for k, lists in subsets.items()
        for i, chosen in enumerate(lists)
    ]
    if with_all:
        seeds = min(3, max((len(lists) for lists in subsets.values()), default=1))
        for recogniser, estimator in recognisers.items():
            random = any(name.rpartition("__")[2] == "seed" for name in estimator.get_params())
            tasks += [(recogniser, train, ALL, i) for i in range(seeds if random else 1)]
    # The longest first, so that no core waits for the last.
    tasks.sort(key=lambda task: -len(task[1]))
    found = [known(*task) for task in tasks]
    tasks = [task for task, outcome in zip(tasks, found, strict=True) if outcome is None]
    results: Iterable[Outcome] = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_one)(
            recogniser, recognisers[recogniser], X, labels, chosen, test, k, i, judges(recogniser, chosen, k)
        )
        for recogniser, chosen, k, i in tasks
    )
    outcomes = [outcome for outcome in found if outcome is not None]
    for outcome in results:
        progress(outcome)
        outcomes.append(outcome)
    order = list(recognisers)
    return sorted(outcomes, key=lambda o: (order.index(o.recogniser), o.k == ALL, o.k, o.subset))
