"""The parts of a rank by hand."""

import numpy as np
import pytest

from vpd.athletes.bytetrack import Tracklet
from vpd.athletes.ranking import LIVELY, rank


def person(*boxes):
    made = Tracklet()
    for i, box in enumerate(boxes):
        made.add(i, i / 25, np.array(box, float), 0.9)
    return made


@pytest.mark.parametrize(
    ("box", "centrality"),
    [
        ((90, 40, 20, 20), 1.0),
        ((-10, 40, 20, 20), 1 - 0.5 / np.sqrt(0.5)),
        ((90, -10, 20, 20), 1 - 0.5 / np.sqrt(0.5)),
        ((-10, -10, 20, 20), 0.0),
    ],
)
def test_centrality_falls_from_the_middle_to_the_corners(box, centrality):
    assert rank(person(box), 200, 100, 1).centrality == pytest.approx(centrality)


def test_size_duration_motion_and_score():
    wide = np.exp(2 * LIVELY)
    found = rank(person((90, 40, 20, 20), (90, 40, 20 * wide, 20)), 200, 100, 4)
    assert found.duration == 0.5
    assert found.size == pytest.approx((1 + np.sqrt(wide)) / 2 * 20 / np.sqrt(20_000))
    assert found.motion == pytest.approx(1)  # the logarithms of width over height spread by LIVELY
    weight = (0.5 + 0.5 * found.centrality) * (0.5 + 0.5 * found.motion)
    assert found.score == pytest.approx(found.size * found.duration * weight)
