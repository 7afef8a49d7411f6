"""Nearest neighbour search against dtw-python, pair by pair."""

import numpy as np

from dtw import dtw
from tests.recognition.made import actions, sequence
from vpd.recognition.nns import NearestNeighbourSearch


def plain(query, examples, pattern):
    """The least distance over both orientations of both sides; infinite without a path."""
    found = []
    for example in examples:
        pairs = []
        for a in (0, 1):
            for b in (0, 1):
                try:
                    x, y = query.values[:, a].astype(float), example.values[:, b].astype(float)
                    pairs.append(dtw(x, y, step_pattern=pattern, distance_only=True).normalizedDistance)
                except ValueError:
                    pairs.append(np.inf)
        found.append(min(pairs))
    return found


def test_distances_are_the_least_of_four_pairings():
    X, y = actions(9, noise=0.8)
    model = NearestNeighbourSearch().fit(X[:6], y[:6])
    expected = [plain(x, X[:6], "symmetricP2") for x in X[6:]]
    np.testing.assert_allclose(model.distances(X[6:]), expected, rtol=1e-4)
    assert model.predict(X[6:]).tolist() == [y[:6][np.argmin(row)] for row in expected]


def test_where_sides_differ_mirrored_pairings_do_not_count():
    X, y = actions(9, noise=0.8)
    model = NearestNeighbourSearch(sides="differ").fit(X[:6], y[:6])
    alike = []
    for x in X[6:]:
        row = []
        for example in X[:6]:
            pairs = [(x.values[:, a].astype(float), example.values[:, a].astype(float)) for a in (0, 1)]
            found = [np.inf]
            for one, other in pairs:
                try:
                    found.append(
                        dtw(one, other, step_pattern="symmetricP2", distance_only=True).normalizedDistance
                    )
                except ValueError:
                    continue
            row.append(min(found))
        alike.append(row)
    np.testing.assert_allclose(model.distances(X[6:]), alike, rtol=1e-4)


def test_a_query_that_aligns_with_nothing_is_compared_by_the_other_pattern_alone():
    X, y = actions(4)
    long = sequence(np.random.default_rng(0).normal(size=(200, 6)), np.array([-1, 1] * 3))
    model = NearestNeighbourSearch().fit(X, y)
    assert np.isinf(model.distances_by("symmetricP2", [long])).all()
    np.testing.assert_allclose(model.distances([long])[0], plain(long, X, "symmetric2"), rtol=1e-4)
