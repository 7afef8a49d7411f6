"""Means, intervals and per-class figures against scipy, scikit-learn and cases worked by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from vpd.errors import InputError
from vpd.metrics.summary import chance, class_figures, majority, summarise


def test_the_interval_is_students():
    values = [0.5, 0.6, 0.64, 0.55, 0.58]
    got = summarise(values, tests=100)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (got.low, got.high) == (pytest.approx(low), pytest.approx(high))
    assert got.sd == pytest.approx(np.std(values, ddof=1))


def test_a_single_draw_has_the_interval_of_its_test_examples():
    got = summarise([0.8], tests=50)
    assert (got.low, got.high) == (pytest.approx(0.6696, abs=1e-4), pytest.approx(0.8876, abs=1e-4))


def test_nothing_cannot_be_summarised():
    with pytest.raises(InputError):
        summarise([], 10)


def test_guesses():
    assert chance(4) == 0.25
    assert majority(["a", "b", "b"], ["b", "a", "a", "a"]) == 0.25


def test_class_figures_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    true, predicted = rng.choice(list("abc"), 60), rng.choice(list("abc"), 60)
    got = class_figures(true, predicted)
    np.testing.assert_array_equal(got.confusion, metrics.confusion_matrix(true, predicted))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(true, predicted)
    np.testing.assert_allclose(got.precision, precision)
    np.testing.assert_allclose(got.recall, recall)
    np.testing.assert_allclose(got.f1, f1)
