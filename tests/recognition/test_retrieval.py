"""Retrieval aligns both orientations together and finds the actions of a class."""

import numpy as np
import pytest

from tests.recognition.made import actions
from vpd.dtw import dtw_distance
from vpd.errors import InputError
from vpd.recognition.retrieval import evaluate_retrieval, retrieval_distances


def test_distances_are_those_of_concatenated_orientations():
    X, _ = actions(4)
    got = retrieval_distances(X, "symmetric2")
    both = [x.values.reshape(len(x), -1) for x in X]
    assert got[1, 3] == pytest.approx(dtw_distance(both[1], both[3], "symmetric2"), rel=1e-4)


def test_classes_are_found_and_cutoffs_beyond_the_list_left_out():
    X, y = actions(12, noise=0.1)
    figures = evaluate_retrieval(retrieval_distances(X, "symmetric2"), y)
    assert sorted(figures.precision) == [1, 10]
    assert figures.precision[1] > figures.chance
    assert figures.chance == pytest.approx(3 / 11)
    assert figures.mean_average_precision > 0.5
    assert np.isfinite(figures.mean_average_precision)


def test_some_actions_alone_may_be_the_queries():
    X, y = actions(12, noise=0.1)
    whole = retrieval_distances(X, "symmetric2")
    some = [7, 2, 11]
    distances = retrieval_distances(X, "symmetric2", queries=some)
    np.testing.assert_array_equal(distances, whole[some])
    found = evaluate_retrieval(distances, y, queries=some)
    each = [evaluate_retrieval(whole[[i]], y, queries=[i]) for i in some]
    assert found.queries == 3
    for k, value in found.precision.items():
        assert value == pytest.approx(np.mean([one.precision[k] for one in each]))
    assert evaluate_retrieval(whole, y) == evaluate_retrieval(whole, y, queries=range(12))
    with pytest.raises(InputError, match="none of the queries"):
        evaluate_retrieval(whole[:0], y, queries=[])
