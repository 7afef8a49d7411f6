"""Joints found, against a truth made by hand."""

import numpy as np
import pytest

from vpd.library.layout import Layout
from vpd.report.pose_truth import joints_found
from vpd.types import PoseSequence, Segment


def test_joints_within_a_tenth_of_the_box_count_and_frames_without_a_pose_are_misses(tmp_path, monkeypatch):
    true = np.tile(np.arange(17)[:, None] * [4.0, 8.0], (4, 1, 1))
    boxes = np.tile([0.0, 0.0, 64.0, 128.0], (4, 1))
    np.savez(tmp_path / "truth.npz", **{"v/keypoints2d": true.astype(np.float16), "v/boxes": boxes})
    guess = np.concatenate([true[:3], np.ones((3, 17, 1))], axis=2)
    guess[1, :, 0] += 12.0  # within a tenth of 128
    guess[2, :, 0] += 14.0  # beyond it
    poses = [PoseSequence(0, np.arange(3), guess)]
    monkeypatch.setattr("vpd.report.pose_truth.read_poses", lambda path: poses)
    monkeypatch.setattr("vpd.report.pose_truth.read_times", lambda path: np.arange(4) / 10)
    segments = [
        Segment("v", 0.0, 0.4, label="whole"),
        Segment("v", 0.0, 0.2, label="good"),
        Segment("unknown", 0, 1, label="whole"),
    ]
    found = joints_found(Layout(tmp_path), segments, tmp_path / "truth.npz")
    assert found == pytest.approx({"good": 1.0, "whole": 0.5})
