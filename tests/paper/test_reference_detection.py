"""The reference's decoding as it runs, against hand-computed cases and a plain repetition of its rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpd.paper.reference_detection import TIOUS, average_precision, clamped, limits, proposals, runs


def scores_of(text):
    return np.array([int(c) for c in text], float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0111100", []),
        ("0111110", [(1, 5)]),
        ("11111011111", [(0, 4), (6, 10)]),
        ("011111111", [(1, 8)]),
        ("0000", []),
    ],
)
def test_runs_are_not_joined_and_need_five_frames(text, expected):
    assert [(a, b) for a, b, _ in runs(scores_of(text), 0.5)] == expected


def test_a_perfect_five_frame_run_overlaps_by_four_fifths():
    found = proposals({"v": scores_of("00111110")}, 0.5, (0, 100))
    assert average_precision(found, {"v": [(2, 7)]}, 0.8) == 1.0
    assert average_precision(found, {"v": [(2, 7)]}, 0.81) == 0.0


def test_a_proposal_takes_every_event_it_overlaps_and_counts_once():
    found = [("v", 0, 10, 0.9), ("v", 4, 10, 0.8), ("v", 20, 30, 0.7)]
    truth = {"v": [(0, 5), (5, 10), (20, 30)]}
    # Right, wrong, right: recall 1/3, 1/3, 2/3 at precision 1, 1/2, 2/3. The step at 1/3 is lost (below).
    assert average_precision(found, truth, 0.5) == pytest.approx(2 / 3 * 2 / 3)


def test_the_references_steps_of_precision():
    three = {"v": [(0, 10), (20, 30), (40, 50)]}
    one = [("v", 0, 10, 0.9)]
    assert average_precision(one, three, 0.5) == 0.0, "the surest proposals' step is never kept"
    two = [*one, ("v", 20, 30, 0.8)]
    assert average_precision(two, three, 0.5) == pytest.approx(2 / 3)
    with_wrong = [("v", 60, 70, 0.95), *one, ("v", 60, 70, 0.85), ("v", 20, 30, 0.8)]
    # precision 0, 1/2, 1/3, 1/2 at recall 0, 1/3, 1/3, 2/3: usually 1/2 * 2/3
    assert average_precision(with_wrong, three, 0.5) == pytest.approx(1 / 2 * 2 / 3)


def test_an_overlap_of_just_three_tenths_does_not_count_at_the_references_three_tenths():
    found = [("v", 0, 3, 0.9)]
    assert average_precision(found, {"v": [(0, 10)]}, 0.3) == 1.0
    assert average_precision(found, {"v": [(0, 10)]}, TIOUS[2]) == 0.0


def test_lengths_are_clamped_about_a_whole_middle():
    shortest, longest = limits([(0, 5), (3, 8)])
    assert (shortest, longest) == pytest.approx((3.35, 6.65))
    assert clamped(10, 12, shortest, longest) == (10.0, 12.0)
    assert clamped(0, 1, shortest, longest) == (0.0, 1.0)
    assert clamped(10, 30, shortest, longest) == (17.0, 23.0)


def slow_runs(scores, threshold):
    """Frame by frame, as util/proposal.py walks."""
    found, current = [], None
    for i, score in enumerate([*scores, -1.0]):
        if score >= threshold:
            current = (i, i) if current is None else (current[0], i)
        elif current is not None:
            found.append(current)
            current = None
    return [p for p in found if p[1] - p[0] > 3]


@given(st.lists(st.floats(0, 1), max_size=60), st.floats(0.05, 0.95))
def test_runs_equal_a_walk_frame_by_frame(scores, threshold):
    values = np.array(scores)
    assert [(a, b) for a, b, _ in runs(values, threshold)] == slow_runs(values, threshold)
