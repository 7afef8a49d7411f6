"""Boxes between detections."""

import numpy as np

from vpd.athletes.interpolation import between

FRAMES = np.arange(20, 31)
TIMES = np.arange(11) / 10


def test_near_the_start_of_a_gap_a_box_is_near_the_start() -> None:
    boxes = np.array([[0.0, 0, 10, 20], [100, 50, 10, 40]])
    rows, filled, scores, known = between(
        np.array([20, 30]), boxes, np.array([0.9, 0.5]), FRAMES, TIMES, max_gap_s=1.0
    )
    assert rows.tolist() == list(range(11))
    np.testing.assert_allclose(filled[1], [10, 5, 10, 22])
    np.testing.assert_allclose(filled[9], [90, 45, 10, 38])
    np.testing.assert_allclose(scores[1], 0.86)
    assert known.tolist() == [True, *[False] * 9, True]


def test_time_weighs_and_not_the_number_of_the_frame() -> None:
    times = np.array([0.0, 0.1, 0.9, 1.0])
    _, filled, _, _ = between(
        np.array([0, 3]), np.array([[0.0, 0, 1, 1], [100, 0, 1, 1]]), np.ones(2), np.arange(4), times, 1.0
    )
    np.testing.assert_allclose(filled[:, 0], [0, 10, 90, 100])


def test_long_gaps_stay_empty_while_short_ones_are_filled() -> None:
    known_at = np.array([20, 22, 30])
    rows, _, _, known = between(known_at, np.ones((3, 4)), np.ones(3), FRAMES, TIMES, max_gap_s=0.5)
    assert FRAMES[rows].tolist() == [20, 21, 22, 30]
    assert known.tolist() == [True, False, True, True]


def test_a_single_box_stays_single() -> None:
    rows, filled, _, _ = between(np.array([23]), np.ones((1, 4)), np.ones(1), FRAMES, TIMES, 0.5)
    assert rows.tolist() == [3]
    assert filled.tolist() == [[1, 1, 1, 1]]
