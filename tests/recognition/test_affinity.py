"""Nearness is passed on over near actions."""

import numpy as np

from vpd.recognition.affinity import affinity, ranks_by_affinity


def distances_of(points):
    points = np.asarray(points, float).reshape(len(points), -1)
    return np.linalg.norm(points[:, None] - points[None], axis=-1).astype(np.float32)


def two_lines(count, apart):
    along = np.arange(count)
    return np.concatenate([np.stack([along, np.full(count, at)], axis=1) for at in (0, apart)])


def test_actions_of_one_chain_come_before_nearer_ones_of_another():
    distances = distances_of(two_lines(40, apart=12))
    of_own = np.arange(80) < 40
    by_distance = of_own[np.argsort(distances[0])[:40]]
    by_affinity = of_own[np.argsort(ranks_by_affinity(distances)[0])[:40]]
    assert by_affinity.all()
    assert not by_distance.all()


def test_affinity_is_that_of_pairs_both_ways_and_of_no_order():
    distances = distances_of(np.random.default_rng(0).normal(size=(30, 3)))
    found = affinity(distances)
    np.testing.assert_allclose(found, found.T, atol=1e-12)
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(
        affinity(distances[np.ix_(order, order)]), found[np.ix_(order, order)], atol=1e-9
    )


def test_actions_that_nothing_joins_are_ranked_last_by_distance():
    distances = distances_of([0, 1, 2, 100, 101, 103])
    distances[:3, 3:] = distances[3:, :3] = np.inf
    distances[0, 4] = distances[4, 0] = 7
    near, far = distances.copy(), distances.copy()
    far[0, 4] = far[4, 0] = np.inf
    assert ranks_by_affinity(far)[0, :3].tolist() == [0, 1, 2]
    assert ranks_by_affinity(near)[0, 4] < ranks_by_affinity(near)[0, 3]


def test_equal_actions_and_pairs_are_ranked():
    assert ranks_by_affinity(np.zeros((12, 12), np.float32)).shape == (12, 12)
    assert ranks_by_affinity(distances_of([3, 3])).tolist() == [[0, 1], [1, 0]]
