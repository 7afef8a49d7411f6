"""Penn Action's sequences as skeletons, and the examples of its protocols."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from benchmarks.skeletons_penn import drawn, parts_of, read_penn

ROWS = [
    ("0001", "bowl", "left", "train"),
    ("0002", "bowl", "front", "test"),
    ("0003", "squat", "left", "test"),
    ("0004", "squat", "back", "train"),
]


@pytest.fixture
def penn(tmp_path):
    """Four sequences. Joint j of frame t is at (100 t + j, 10); the head is never visible."""
    offsets = np.array([0, 1, 3, 6, 10])
    joints = np.ones((10, 13, 3), np.float32) * (0, 10, 1)
    joints[..., 0] = 100 * np.arange(10)[:, None] + np.arange(13)
    joints[:, 0, 2] = 0
    np.savez(tmp_path / "penn_action.npz", keypoints=joints, offsets=offsets)
    with (tmp_path / "index.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["sequence", "action", "view", "split", "width", "height"])
        out.writerows((*row, 480, 360) for row in ROWS)
    return read_penn(tmp_path)


def test_the_joints_stand_at_their_places(penn):
    skeletons, columns = penn
    assert [len(s) for s in skeletons] == [1, 2, 3, 4]
    points = skeletons[1].keypoints
    assert points.shape == (1, 2, 17, 3)
    assert not points[:, :, :5].any()  # the head is not visible, eyes and ears are not labelled
    assert points[0, :, 5, 0].tolist() == [101, 201]  # the left shoulder is the second of the 13
    assert points[0, 1, 16].tolist() == [212, 10, 1]
    assert columns["action"].tolist() == ["bowl", "bowl", "squat", "squat"]


def test_examples_and_queries_of_a_protocol(penn):
    _, columns = penn
    assert [part.tolist() for part in parts_of(columns, "official")] == [[0, 3], [1, 2]]
    assert [part.tolist() for part in parts_of(columns, "left")] == [[0, 2], [1, 3]]


def test_examples_are_drawn_evenly():
    actions = np.array(["a"] * 20 + ["b"] * 3 + ["c"] * 20)
    train = np.arange(1, 43)
    found = drawn(train, actions, 11)
    assert set(found) <= set(train)
    assert [int((actions[found] == name).sum()) for name in "abc"] == [4, 3, 4]
    assert drawn(train, actions, 0) is train
