"""Retrieval figures against scikit-learn and cases worked by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from vpd.errors import InputError
from vpd.metrics.retrieval import hits, precision_at, retrieval_map


def test_by_hand():
    distances = np.array([[0, 1, 2, 3], [1, 0, 5, 2], [2, 5, 0, 1], [3, 2, 1, 0]])
    ranked = hits(distances, list("aabb"), list("aabb"), np.arange(4))
    assert ranked.tolist() == 4 * [[True, False, False]]
    assert precision_at(ranked, 1) == 1
    assert precision_at(ranked, 3) == pytest.approx(1 / 3)
    assert retrieval_map(ranked) == 1


def test_average_precision_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    distances = rng.random((20, 20))
    labels = rng.choice(list("abc"), 20)
    ranked = hits(distances, labels, labels, np.arange(20))
    theirs = [
        average_precision_score(np.delete(labels == labels[i], i), -np.delete(distances[i], i))
        for i in range(20)
    ]
    assert retrieval_map(ranked) == pytest.approx(np.mean(theirs))


def test_what_cannot_be_aligned_comes_last():
    ranked = hits(np.array([[0.0, np.inf, 3.0]]), ["a"], ["a", "a", "b"], np.array([0]))
    assert ranked.tolist() == [[False, True]]


def test_k_beyond_the_results_is_an_error():
    with pytest.raises(InputError, match="between 1 and 2"):
        precision_at(np.ones((1, 2), bool), 3)
