"""Pieces of tracks, as a leap, a bystander or a doubtful end leaves them."""

from collections.abc import Callable

import numpy as np
import pytest

from vpd.athletes.bytetrack import Tracklet
from vpd.athletes.linking import join_pieces, lengthen
from vpd.athletes.person_detector import PersonBoxes

STEP = 5
"""Frames between two looks, of 30 a second."""


def piece(first: int, last: int, box: Callable[[int], tuple[float, ...]], score: float = 0.8) -> Tracklet:
    """Somebody found in the looks from ``first`` to ``last``."""
    made = Tracklet()
    for look in range(first, last + 1):
        made.add(look * STEP, look * STEP / 30, np.array(box(look), float), score)
    return made


def standing(x: float, w: float = 40, h: float = 100) -> Callable[[int], tuple[float, ...]]:
    return lambda look: (x, 50, w, h)


def looks(tracklet: Tracklet) -> list[int]:
    return [frame // STEP for frame in tracklet.frames]


def test_a_leap_is_one_track() -> None:
    """Half a size on in a sixth of a second, without overlap."""
    joined = join_pieces([piece(0, 9, standing(100)), piece(10, 20, standing(142))], 1.0)
    assert [looks(t) for t in joined] == [list(range(21))]


@pytest.mark.parametrize(
    "other",
    [
        piece(10, 20, standing(142, 20, 50)),  # far smaller
        piece(10, 20, standing(220)),  # too far in the time
        piece(17, 25, standing(100)),  # too late
        piece(5, 25, standing(142)),  # beside, at the same time, and as sure
    ],
)
def test_others_stay_others(other: Tracklet) -> None:
    assert len(join_pieces([piece(0, 9, standing(100)), other], 1.0)) == 2


def test_the_nearest_goes_on() -> None:
    near, far = piece(10, 20, standing(130)), piece(10, 20, standing(60))
    first, second = join_pieces([piece(0, 9, standing(100)), far, near], 1.0)
    assert looks(first) == list(range(21))
    assert first.boxes[-1][0] == 130
    assert second.boxes[0][0] == 60


def test_a_track_that_holds_on_to_a_part_ends_where_a_surer_one_begins() -> None:
    held = piece(0, 9, standing(100))
    for look in range(10, 20):
        held.add(look * STEP, look * STEP / 30, np.array((110, 100, 20, 30.0)), 0.15)
    (joined,) = join_pieces([held, piece(10, 30, standing(104))], 1.0)
    assert looks(joined) == list(range(31))
    assert min(joined.scores) == 0.8


def test_doubtful_detections_lengthen_both_ends() -> None:
    track = piece(5, 10, standing(100))
    unused = [
        (
            look * STEP,
            look * STEP / 30,
            PersonBoxes(np.array([(104, 52, 40, 96), (200, 50, 40, 100)], np.float32), np.array([0.2, 0.3])),
        )
        for look in range(20)
        if not 5 <= look <= 10
    ]
    lengthen([track], unused, 1.0)
    assert looks(track) == list(range(20))
    assert {box[0] for box in track.boxes} == {100, 104}


def test_of_two_detections_the_surer_lengthens() -> None:
    track = piece(0, 5, standing(100))
    boxes = np.array([(100, 55, 30, 90), (102, 50, 44, 100)], np.float32)
    lengthen([track], [(30, 1.0, PersonBoxes(boxes, np.array([0.11, 0.34])))], 1.0)
    assert track.scores[-1] == 0.34


def test_pieces_that_share_time_are_not_joined_over_a_distance() -> None:
    assert len(join_pieces([piece(0, 9, standing(100)), piece(7, 25, standing(400))], 1.0)) == 2


def test_the_size_of_a_person_is_that_of_the_last_detections() -> None:
    """A child's height for three seconds, then a grown-up's: the box held a part of the body."""
    grown = piece(0, 19, standing(100, 18, 45))
    for look in range(20, 31):
        grown.add(look * STEP, look * STEP / 30, np.array((100, 50, 40, 100.0)), 0.8)
    assert len(join_pieces([grown, piece(31, 40, standing(142))], 1.0)) == 1


def test_scores_are_compared_from_where_the_next_piece_begins() -> None:
    held = piece(0, 9, standing(100))
    for look, score in zip(range(10, 14), (0.9, 0.3, 0.3, 0.3), strict=True):
        held.add(look * STEP, look * STEP / 30, np.array((100, 50, 40, 100.0)), score)
    assert len(join_pieces([held, piece(10, 30, standing(104))], 1.0)) == 2
