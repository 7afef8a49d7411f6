"""What is chosen on held-out scores."""

import pytest

from vpd.detection.choice import operating_score
from vpd.types import Detection, Segment


def test_shown_down_to_halfway_between_the_best_f1_and_the_next():
    truth = [Segment("v", start, start + 1, 0, "a") for start in (0.0, 10.0, 20.0)]
    right = [Detection("v", 0.0, 1.0, 0, "a", 0.9), Detection("v", 10.0, 11.0, 0, "a", 0.8)]
    wrong = [Detection("v", 5.0, 6.0, 0, "a", 0.2)]
    # F1 is 0.5, 0.8 and, with the wrong one, 0.67.
    assert operating_score(truth, right + wrong) == pytest.approx(0.5)
    # Below the last that was found nothing is known.
    assert operating_score(truth, right) == pytest.approx(0.4)
    assert operating_score(truth, []) == 0


def test_a_hundredth_of_the_best_f1_is_given_for_lower_scores():
    truth = [Segment("v", 10 * n, 10 * n + 1, label="a") for n in range(100)]
    right = [Detection("v", 10 * n, 10 * n + 1, 0, "a", 0.9 - n / 1000) for n in range(80)]
    wrong = [Detection("v", 10 * n + 5, 10 * n + 6, 0, "a", 0.5 - n / 10) for n in range(4)]
    # F1 is 0.889, and 0.884, 0.879 and 0.874 with one to three wrong ones.
    assert operating_score(truth, right + wrong) == pytest.approx(0.35)
    assert operating_score(truth, wrong) == pytest.approx(0.45)
