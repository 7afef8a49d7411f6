"""Nearest neighbours: the distances of vpd.dtw's plain form, votes, and errors instead of guesses."""

import numpy as np
import pytest

from tests.recognition.made import actions, sequence
from vpd.dtw import dtw_distance
from vpd.errors import InputError, MismatchError
from vpd.recognition.neighbours import DTWNeighbours


def test_distances_are_the_least_over_the_orientations_of_the_example():
    X, y = actions(4)
    test, _ = actions(2, seed=3)
    got = DTWNeighbours(pattern="symmetric2").fit(X, y).distances(test)
    for i, query in enumerate(test):
        for j, example in enumerate(X):
            views = [dtw_distance(query.values[:, 0], example.values[:, o], "symmetric2") for o in (0, 1)]
            assert got[i, j] == pytest.approx(min(views), rel=1e-4)


def test_a_mirrored_query_is_averaged_over_each_pairing():
    X, y = actions(4)
    test, _ = actions(2, seed=3)
    got = DTWNeighbours(pattern="symmetric2", mirror_query=True).fit(X, y).distances(test)
    for i, query in enumerate(test):
        for j, example in enumerate(X):
            d = [
                [dtw_distance(query.values[:, q], example.values[:, o], "symmetric2") for o in (0, 1)]
                for q in (0, 1)
            ]
            wanted = min((d[0][0] + d[1][1]) / 2, (d[0][1] + d[1][0]) / 2)
            assert got[i, j] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("mirror_query", [False, True])
@pytest.mark.parametrize(("sides", "factor"), [("same", 1), ("unsure", 1.2), ("differ", np.inf)])
def test_mirrored_examples_count_as_sides_say(mirror_query, sides, factor):
    X, y = actions(4)
    test, _ = actions(2, seed=3)
    options = {"pattern": "symmetric2", "mirror_query": mirror_query}
    got = DTWNeighbours(**options, sides=sides).fit(X, y).distances(test)

    def d(i, j, q, o):
        return dtw_distance(test[i].values[:, q], X[j].values[:, o], "symmetric2")

    for i in range(2):
        for j in range(4):
            pairings = [
                (d(i, j, 0, o) + d(i, j, 1, 1 - o)) / 2 if mirror_query else d(i, j, 0, o) for o in (0, 1)
            ]
            assert got[i, j] == pytest.approx(min(pairings[0], factor * pairings[1]), rel=1e-4)


def test_a_mirrored_copy_at_no_distance_does_not_count_where_sides_differ():
    x = sequence(np.ones((5, 1)), np.array([-1]))
    turned = sequence(-np.ones((5, 1)), np.array([-1]))
    model = DTWNeighbours(sides={"a": "differ"}).fit([x, sequence(np.full((5, 1), 3.0))], ["a", "b"])
    assert model.predict([turned])[0] == "a"
    assert model.distances([turned])[0, 0] == pytest.approx(
        1.8, rel=1e-3
    )  # the path's first step counts once


def test_many_near_examples_outvote_one_that_is_hardly_nearer():
    X, y = [line(0.0), line(2.01), line(2.02), line(9.0)], ["one", "many", "many", "one"]
    soft = DTWNeighbours(k=None, width=0.1).fit(X, y)
    hard = DTWNeighbours(k=1).fit(X, y)
    assert soft.predict([line(1.0)])[0] == "many"
    assert hard.predict([line(1.0)])[0] == "one"


def test_invalid_frames_do_not_count():
    X, y = actions(4)
    values = np.insert(X[0].values[:, 0], 3, 1e6, axis=0)
    valid = np.insert(np.ones(len(X[0]), bool), 3, False)
    broken = sequence(values, np.where(np.arange(6) % 2, 1, -1), valid=valid)
    model = DTWNeighbours().fit(X, y)
    np.testing.assert_allclose(model.distances([broken])[0, 0], 0, atol=1e-2)


def test_more_neighbours_vote_and_one_is_the_nearest():
    X, y = actions(30, noise=1.0)
    test, truth = actions(30, seed=1, noise=1.0)
    one = DTWNeighbours(k=1, pattern="symmetric2").fit(X, y)
    np.testing.assert_array_equal(one.predict(test), y[one.distances(test).argmin(axis=1)])
    five = DTWNeighbours(k=5, pattern="symmetric2").fit(X, y)
    assert (five.predict(test) == truth).mean() > 0.6
    np.testing.assert_allclose(five.predict_proba(test).sum(axis=1), 1)


def line(value, n=5):
    return sequence(np.full((n, 1), value))


def test_balanced_votes_are_shares_of_a_class():
    X, y = [line(0.0), line(1.1), line(1.2), line(5.0)], ["few", "many", "many", "many"]
    count = DTWNeighbours(k=3, weights="uniform").fit(X, y)
    share = DTWNeighbours(k=3, weights="uniform", balanced=True).fit(X, y)
    assert count.predict([line(0.5)])[0] == "many"
    assert share.predict([line(0.5)])[0] == "few"


def test_a_draw_goes_to_the_nearer():
    model = DTWNeighbours(k=2, weights="uniform").fit([line(0.0), line(1.0)], ["a", "b"])
    assert model.predict([line(0.4), line(0.6)]).tolist() == ["a", "b"]


def test_what_cannot_be_aligned_is_an_error_not_a_class():
    model = DTWNeighbours(pattern="symmetricP2").fit([line(0.0), line(1.0)], ["a", "b"])
    with pytest.raises(InputError, match="lengths differ too much"):
        model.predict([line(0.0, n=40)])
    assert DTWNeighbours(pattern="symmetricP2_or_2").fit([line(0.0), line(1.0)], ["a", "b"]).predict(
        [line(0.0, n=40)]
    ) == ["a"]


def test_another_feature_size_is_refused():
    model = DTWNeighbours().fit([line(0.0)], ["a"])
    with pytest.raises(MismatchError, match="size 1, these have size 6"):
        model.predict(actions(1)[0])
