"""Summarise accuracies over subsets of training examples: mean, spread, interval, and chance levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from vpd.errors import InputError
from vpd.types import Array

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Summary:
    """Summary of accuracies, one a subset, each in 0..1.

    Attributes
    ----------
    subsets : number of subsets.
    mean, sd : over the subsets; the standard deviation is that of a sample, 0 for a single subset.
    low, high : 95 % interval of the mean by Student's t; of a single subset, by Wilson's score for ``tests``
        independent test examples. The first says how far the mean depends on which examples were labelled,
        not on which were tested.
    """

    subsets: int
    mean: float
    sd: float
    low: float
    high: float


def wilson(right: int, tests: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score: ``right`` of ``tests`` independent trials."""
    interval = stats.binomtest(right, tests).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def clopper_pearson(right: int, tests: int) -> tuple[float, float]:
    """The 95 % interval of a share by Clopper and Pearson: it holds the true share at least as often."""
    interval = stats.binomtest(right, tests).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)


def summarise(accuracies: Sequence[float] | Array, tests: int) -> Summary:
    """Mean, spread and 95 % interval of the accuracies of several subsets on the same test examples.

    Parameters
    ----------
    accuracies : sequence of float
        One a subset, in 0..1.
    tests : int
        Number of test examples, from 1 on.

    Returns
    -------
    Summary
        Interval of the mean by Student's t; of a single subset, Wilson's for the test examples.

    Raises
    ------
    InputError
        Where there is no accuracy.

    Examples
    --------
    >>> found = summarise([0.5, 0.7], tests=100)
    >>> found.subsets, round(found.mean, 2), round(found.sd, 3)
    (2, 0.6, 0.141)
    """
    values = np.asarray(accuracies, np.float64)
    if not len(values) or tests < 1:
        raise InputError("there is no accuracy to summarise")
    mean = float(values.mean())
    if len(values) == 1:
        return Summary(1, mean, 0.0, *wilson(round(mean * tests), tests))
    sd = float(values.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * sd / len(values) ** 0.5
    return Summary(len(values), mean, sd, max(0.0, mean - half), min(1.0, mean + half))


def chance(classes: int) -> float:
    """Accuracy of a guess that is uniform over the classes."""
    return 1 / classes


def majority(train_labels: Sequence[str] | Array, test_labels: Sequence[str] | Array) -> float:
    """Test accuracy of always naming the most frequent training label (the first of several)."""
    names, counts = np.unique(np.asarray(train_labels), return_counts=True)
    return float((np.asarray(test_labels) == names[counts.argmax()]).mean())


@dataclass(frozen=True, eq=False)
class ClassFigures:
    """Per-class figures (C,) in the order of ``classes``; precision is NaN for a class never predicted."""

    classes: Array
    confusion: Array
    """(C, C) counts, rows the true class, columns the predicted."""
    recall: Array
    precision: Array
    f1: Array


def class_figures(true: Sequence[str] | Array, predicted: Sequence[str] | Array) -> ClassFigures:
    """Confusion matrix and the figures made from it; of several subsets, concatenated."""
    true, predicted = np.asarray(true), np.asarray(predicted)
    classes = np.unique(np.concatenate([true, predicted]))
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (np.searchsorted(classes, true), np.searchsorted(classes, predicted)), 1)
    hits = np.diag(confusion).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = hits / confusion.sum(axis=1), hits / confusion.sum(axis=0)
        f1 = 2 * hits / (confusion.sum(axis=1) + confusion.sum(axis=0))
    return ClassFigures(classes, confusion, recall, precision, f1)
