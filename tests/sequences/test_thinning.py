"""Frames of fast videos are left out as the reference leaves them out."""

import numpy as np
import pytest

from vpd.library.dataset import Thinning
from vpd.sequences.people import mean_of_people
from vpd.sequences.thinning import kept
from vpd.types import FeatureSequence

FLOOR, DIVING = Thinning(25.0), Thinning(25.0, begin=0.0, slack=0.01)


@pytest.mark.parametrize(("fps", "count"), [(25, 120), (29.97, 101), (30, 101), (50, 61), (60, 51)])
def test_how_many_of_120_frames_of_floor_exercise_are_kept(fps, count):
    assert kept(120, fps, FLOOR).sum() == count


@pytest.mark.parametrize(
    ("rule", "first"), [(FLOOR, [0, 1, 3, 5, 8, 10, 12]), (DIVING, [0, 3, 5, 8, 10, 12, 15])]
)
def test_which_frames_at_60_a_second_are_kept(rule, first):
    assert np.flatnonzero(kept(16, 60, rule))[:7].tolist() == first


def person(athlete, frames, value):
    frames = np.array(frames)
    n = len(frames)
    values = np.full((n, 2, 3), value, np.float32)
    return FeatureSequence("v", athlete, frames, frames / 25, values, np.ones(n, bool), np.full(n, 0.5))


def test_two_people_are_averaged_where_both_are_seen():
    mean = mean_of_people([person(0, [1, 2, 3], 2.0), person(1, [2, 4], 4.0)])
    assert mean.frames.tolist() == [1, 2, 3, 4]
    assert mean.values[:, 0, 0].tolist() == [2, 3, 2, 4]
    assert mean.times_s.tolist() == pytest.approx([0.04, 0.08, 0.12, 0.16])
    assert mean.scores.tolist() == [0.5] * 4
