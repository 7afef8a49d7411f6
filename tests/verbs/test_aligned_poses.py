"""Poses of an execution have one scale, so that no frame sends its hands and feet away."""

from __future__ import annotations

import numpy as np

from tests.web.made import RECIPE, standing
from vpd.library.layout import Layout
from vpd.library.poses import write_poses
from vpd.teachers.joints2d import HIPS, normalise
from vpd.types import FeatureSequence, PoseSequence
from vpd.verbs.aligned_poses import poses_of

SHOULDERS = (5, 6)


def test_a_torso_that_is_guessed_too_small_in_one_frame_moves_the_feet_but_little(tmp_path):
    times_s = np.arange(9) / 30
    keypoints = standing(times_s, np.zeros(9))
    torso = [*SHOULDERS, *HIPS]
    middle = keypoints[4, torso, :2].mean(axis=0)
    keypoints[4, torso, :2] = middle + (keypoints[4, torso, :2] - middle) / 10
    layout = Layout(tmp_path)
    write_poses(layout.poses("v"), [PoseSequence(0, np.arange(9), keypoints)], RECIPE)
    seen = np.ones(9)
    features = FeatureSequence("v", 0, np.arange(9), times_s, np.zeros((9, 2, 2), np.float32), seen > 0, seen)
    points = poses_of(layout, features, np.arange(9))
    np.testing.assert_allclose(points[0], normalise(keypoints)[0], atol=1e-6)
    assert np.abs(normalise(keypoints)[4]).max() > 5
    assert np.abs(points[4]).max() < 1.2
