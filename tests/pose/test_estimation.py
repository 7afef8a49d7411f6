"""Poses over frames and tracks, with an estimator whose answer is known."""

from collections.abc import Iterator

import numpy as np
import pytest

from vpd.pose.estimation import estimate, joint_boxes
from vpd.settings import PoseSettings
from vpd.types import Track
from vpd.video import Frame


class Marks:
    """Finds all joints at the middle of the white square in the crop; remembers how it was called."""

    name, device, size, padding, joint_padding = "marks", "CPU", (64, 64), 1.35, 1.35

    def __init__(self) -> None:
        self.batches: list[int] = []

    def keypoints(self, crops: np.ndarray) -> np.ndarray:
        self.batches.append(len(crops))
        poses = np.zeros((len(crops), 17, 3), np.float32)
        for pose, crop in zip(poses, crops, strict=True):
            y, x = np.nonzero(crop[:, :, 0] > 127)
            pose[:] = (x.mean() + 0.5, y.mean() + 0.5, 0.9) if len(x) else (0, 0, 0)
        return poses


def frames(n: int) -> Iterator[Frame]:
    for t in range(n):
        rgb = np.zeros((120, 200, 3), np.uint8)
        rgb[50:60, 20 + 3 * t : 30 + 3 * t] = 255
        rgb[90:100, 150:160] = 255
        yield Frame(t, t / 30, rgb)


def mover(rows: np.ndarray, athlete: int = 0) -> Track:
    boxes = np.stack(
        [15 + 3 * rows, np.full(len(rows), 45), np.full(len(rows), 20), np.full(len(rows), 20)], axis=1
    )
    return Track(athlete, rows, rows / 30, boxes, np.ones(len(rows)), ["detected"] * len(rows))


def still(rows: np.ndarray, athlete: int = 1) -> Track:
    boxes = np.tile([145, 85, 20, 20], (len(rows), 1))
    return Track(athlete, rows, rows / 30, boxes, np.ones(len(rows)), ["detected"] * len(rows))


@pytest.mark.parametrize("batch", [1, 4, 7])
def test_every_box_gets_the_pose_that_lies_in_it(batch: int) -> None:
    rows, some = np.arange(10), np.array([0, 3, 9])
    settings = PoseSettings(batch=batch, second_pass_below=0.0)
    moving, resting = estimate(frames(10), [mover(rows), still(some)], Marks(), settings)
    np.testing.assert_allclose(moving.keypoints[:, 0, 0], 25 + 3 * rows, atol=0.6)
    np.testing.assert_allclose(moving.keypoints[:, 0, 1], 55, atol=0.6)
    np.testing.assert_allclose(resting.keypoints[:, 4, :2], [[155, 95]] * 3, atol=0.6)
    assert resting.frames.tolist() == some.tolist()
    assert [s.athlete for s in (moving, resting)] == [0, 1]


def test_athletes_and_frames_share_batches() -> None:
    estimator = Marks()
    rows = np.arange(10)
    estimate(frames(10), [mover(rows), still(rows)], estimator, PoseSettings(batch=8, second_pass_below=0.0))
    assert estimator.batches == [8, 8, 4]


def test_a_frame_that_does_not_come_gets_no_pose() -> None:
    (sequence,) = estimate(frames(5), [mover(np.arange(8))], Marks(), PoseSettings())
    assert sequence.frames.tolist() == [0, 1, 2, 3, 4]


def test_no_tracks_no_poses() -> None:
    assert estimate(frames(3), [], Marks(), PoseSettings()) == []


def test_the_second_pass_is_made_where_the_crop_would_be_another() -> None:
    rows = np.arange(4)
    calls = {}
    for below in (0.0, 0.05, 1.0):
        estimator = Marks()
        estimate(frames(4), [mover(rows)], estimator, PoseSettings(second_pass_below=below))
        calls[below] = sum(estimator.batches)
    # The mark is a point: the box of its joints is far smaller than the first crop.
    assert calls == {0.0: 4, 0.05: 8, 1.0: 8}


def test_joint_boxes_hold_the_sure_joints_alone() -> None:
    poses = np.zeros((2, 17, 3), np.float32)
    poses[0, :8] = [[10 + i, 20 + 2 * i, 0.5] for i in range(8)]
    poses[0, 8:, :2] = 1000
    boxes, enough = joint_boxes(poses)
    assert enough.tolist() == [True, False]
    assert boxes[0].tolist() == [10, 20, 7, 14]
