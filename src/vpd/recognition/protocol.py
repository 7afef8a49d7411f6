"""The few-shot protocol: fit each recogniser to each saved subset, and test it on the whole test part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]  # it ships no stubs
from sklearn.base import clone

from vpd.counting import counted
from vpd.errors import InputError
from vpd.recognition.outcomes import ALL, MISSING, Example, KeptOutcomes, Outcome, digest
from vpd.recognition.subsets import Subsets
from vpd.strings import Sentence
from vpd.types import Array


def seeded(estimator: Any, seed: int) -> Any:
    """A clone in which every parameter called ``seed`` has the value ``seed``."""
    copy = clone(estimator)
    seeds = {name: seed for name in copy.get_params() if name.rpartition("__")[2] == "seed"}
    return copy.set_params(**seeds)


Validation = Callable[[Array, int], Array]
"""Indices of the examples that choose the epoch, for a subset and its k. Examples of the subset among them
are not trained on.
"""


def takes_validation(estimator: Any) -> bool:
    """Whether the recogniser chooses its epoch on validation examples."""
    return "X_validation" in signature(estimator.fit).parameters


def _one(
    recogniser: str,
    estimator: Any,
    X: Sequence[Example | None],
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
    """Raise InputError where a subset holds a test example, or where no test class is trained.

    A single test class that is not trained, as in a data set with missing videos, is no error: its test
    examples count as wrong.
    """
    outside = {int(i) for lists in subsets.values() for one in lists for i in one} - set(train.tolist())
    if outside:
        raise InputError(
            f"the subsets hold {counted(len(outside), 'example')} from outside the training part: correct "
            "their file, or delete it to have it made again"
        )
    if not set(y[test]) & set(y[train]):
        raise InputError(Sentence("error_untaught", {"classes": ", ".join(sorted(set(y[test])))}))


Task = tuple[str, Array, int, int]
"""Recogniser, training examples, k, number of the subset."""


def _tasks(
    recognisers: Mapping[str, Any],
    subsets: Subsets,
    train: Array,
    with_all: bool,
    ks: Mapping[str, Sequence[int]],
) -> list[Task]:
    tasks: list[Task] = [
        (name, chosen, k, i)
        for name in recognisers
        for k, lists in subsets.items()
        if k in ks.get(name, subsets)
        for i, chosen in enumerate(lists)
    ]
    if with_all:
        seeds = min(3, max((len(lists) for lists in subsets.values()), default=1))
        for name, estimator in recognisers.items():
            random = any(one.rpartition("__")[2] == "seed" for one in estimator.get_params())
            tasks += [(name, train, ALL, i) for i in range(seeds if random else 1)]
    # The longest first, so that no core waits for the last.
    return sorted(tasks, key=lambda task: -len(task[1]))


def run_few_shot(
    X: Sequence[Example | None],
    y: Sequence[str] | Array,
    train: Array,
    test: Array,
    subsets: Subsets,
    recognisers: Mapping[str, Any],
    with_all: bool = True,
    jobs: int = 1,
    progress: Callable[[Outcome, int, int], None] = lambda outcome, done, tasks: None,
    validation: Validation | None = None,
    kept: KeptOutcomes | None = None,
    features: str = "",
    ks: Mapping[str, Sequence[int]] | None = None,
    of: str = "",
) -> list[Outcome]:
    """Fit every recogniser to every subset, and to the whole training part, and test each.

    Subset i seeds a random recogniser with i. On the whole training part, a random recogniser runs with as
    many seeds as there are subsets, at most three. A segment without features (None) is left out of training
    and counts as wrong in the test. An error of a prediction is raised.

    Parameters
    ----------
    progress : called with each new outcome, how many tasks are done, and how many there are.
    validation : gives recognisers that take them the examples that choose their epoch.
    kept : outcomes of earlier runs, which are not computed again; new ones are added as they come.
    features : the name of the features, for the file of ``kept``.
    ks : restricts a recogniser, by name, to some k of the subsets.
    of : what outcomes depend on, for ``kept``; needed where the examples are no features.
    """
    labels = np.asarray(y)
    check_subsets(subsets, labels, train, test)
    if all(X[i] is None for i in test):
        raise InputError("no segment of the test part has features, so that nothing can be measured")
    judging = {r for r in recognisers if validation is not None and takes_validation(recognisers[r])}
    tasks = _tasks(recognisers, subsets, train, with_all, ks or {})
    judges = [validation(chosen, k) if validation and r in judging else None for r, chosen, k, _ in tasks]
    of = of or ("" if kept is None else digest(X, labels, test))
    outcomes: list[Outcome] = []
    due = []
    for (r, chosen, k, i), judge in zip(tasks, judges, strict=True):
        key = "" if kept is None else kept.key(of, recognisers[r], chosen, k, i, judge)
        known = None if kept is None else kept.find(key)
        if known is None:
            due.append(delayed(_keyed)(key, r, recognisers[r], X, labels, chosen, test, k, i, judge))
        else:
            outcomes.append(known)
    results: Iterable[tuple[str, Outcome]] = Parallel(n_jobs=jobs, return_as="generator_unordered")(due)
    for key, outcome in results:
        if kept is not None:
            kept.add(key, features, outcome)
        outcomes.append(outcome)
        progress(outcome, len(outcomes), len(tasks))
    order = list(recognisers)
    return sorted(outcomes, key=lambda o: (order.index(o.recogniser), o.k == ALL, o.k, o.subset))


def _keyed(key: str, *task: Any) -> tuple[str, Outcome]:
    """The key with the outcome. Outcomes arrive in any order."""
    return key, _one(*task)
