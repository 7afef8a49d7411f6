"""Athletes upside down: turned crops, turned back, and the course that is taken."""

import numpy as np
import pytest

from vpd.pose.estimation import estimate
from vpd.pose.skeleton import mean_score
from vpd.pose.turning import choose, turned_back, turned_poses
from vpd.settings import PoseSettings
from vpd.types import Track
from vpd.video import Frame


class Standing:
    """Finds a red head and a blue foot; sure where the head is above, else it takes one for the other."""

    name, device, padding, joint_padding = "standing", "CPU", 1.2, 1.35

    def __init__(self, size=(64, 64)):
        self.size, self.looks = size, 0

    def keypoints(self, crops):
        poses = np.zeros((len(crops), 17, 3), np.float32)
        for pose, crop in zip(poses, crops, strict=True):
            assert crop.shape == (self.size[1], self.size[0], 3)
            self.looks += 1
            head, foot = (self.middle(crop[..., channel]) for channel in (0, 2))
            stands = head[1] < foot[1] - abs(head[0] - foot[0])
            first, second = (head, foot) if stands else (foot, head)
            pose[:11, :2], pose[11:, :2] = first, second
            pose[:, 2] = 0.9 if stands else 0.3
        return poses

    @staticmethod
    def middle(channel):
        y, x = np.nonzero(channel > 127)
        return np.array([x.mean() + 0.5, y.mean() + 0.5])


HEAD, FOOT = (3, -12), (-3, 12)
TURNS = {0: lambda x, y: (x, y), 1: lambda x, y: (y, -x), 2: lambda x, y: (-x, -y), 3: lambda x, y: (-y, x)}


def frame(number, quarters):
    rgb = np.zeros((120, 160, 3), np.uint8)
    for (x, y), channel in ((HEAD, 0), (FOOT, 2)):
        x, y = TURNS[quarters](x, y)
        rgb[60 + y - 2 : 60 + y + 2, 80 + x - 2 : 80 + x + 2, channel] = 255
    return Frame(number, number / 25, rgb)


def track(n):
    boxes = np.tile([60.0, 40.0, 40.0, 40.0], (n, 1))
    return Track(0, np.arange(n), np.arange(n) / 25, boxes, np.ones(n), ["detected"] * n)


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("size", [(64, 64), (48, 64)])
def test_a_turned_athlete_is_found(quarters, size):
    frames = [frame(t, quarters) for t in range(3)]
    settings = PoseSettings(second_pass_below=0)
    (found,) = estimate(frames, [track(3)], Standing(size), settings)
    (as_is,) = estimate(frames, [track(3)], Standing(size), settings.model_copy(update={"turn_below": 0.0}))
    head = 80 + TURNS[quarters](*HEAD)[0], 60 + TURNS[quarters](*HEAD)[1]
    assert np.abs(found.keypoints[:, 0, :2] - head).max() < 2
    assert (found.keypoints[..., 2] > 0.8).all()
    assert (as_is.keypoints[..., 2] < 0.5).all()


def test_sure_poses_are_looked_for_once():
    estimator = Standing()
    estimate([frame(t, 0) for t in range(3)], [track(3)], estimator, PoseSettings(second_pass_below=0))
    assert estimator.looks == 3


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_points_are_turned_back(quarters):
    rng = np.random.default_rng(quarters)
    picture = np.zeros((40, 30), np.uint8)
    y, x = rng.integers(0, 40), rng.integers(0, 30)
    picture[y, x] = 1
    (seen_y,), (seen_x,) = np.nonzero(np.rot90(picture, quarters))
    pose = np.zeros((1, 17, 3), np.float32)
    pose[..., :] = seen_x + 0.5, seen_y + 0.5, 0.7
    np.testing.assert_allclose(
        turned_back(pose, quarters, (30, 40))[0, 0], [x + 0.5, y + 0.5, 0.7], rtol=1e-6
    )


def pose(x, score):
    return np.concatenate([np.full((17, 1), x), np.zeros((17, 1)), np.full((17, 1), score)], 1).astype("f4")


def test_the_course_that_moves_least_is_taken():
    """A surer pose far away is not believed between two that are sure; it is where all are unsure."""
    frames, boxes = np.arange(3), np.tile([0, 0, 50.0, 100.0], (3, 1))
    poses = np.stack([pose(10, 0.9), pose(12, 0.3), pose(14, 0.9)])
    others = {1: np.stack([pose(90, 0.6), pose(12.5, 0.2), pose(50, 0.1)])}
    np.testing.assert_array_equal(choose(poses, others, frames, boxes), poses)
    # apart by more than two frames nothing is compared
    apart = choose(poses, others, frames * 5, boxes)
    assert apart[1, 0, 0] == 90
    unsure = np.stack([pose(10, 0.3), pose(12, 0.3), pose(14, 0.3)])
    others = {t: np.stack([pose(90 + t, 0.6)] * 3) for t in range(3)}
    np.testing.assert_array_equal(choose(unsure, others, frames, boxes)[:, 0, 0], [90, 91, 92])


def test_the_course_costs_least_of_all():
    """Against all courses tried one by one."""
    rng = np.random.default_rng(0)
    frames, boxes = np.array([0, 1, 2, 3, 8]), rng.uniform(30, 60, (5, 4))
    poses = rng.uniform(0, 1, (5, 17, 3)).astype("f4") * (40, 40, 0.5)
    others = {t: rng.uniform(0, 1, (3, 17, 3)).astype("f4") * (40, 40, 0.9) for t in (0, 2, 3)}
    found = choose(poses, others, frames, boxes)

    def cost(course):
        total = 0.0
        for t, one in enumerate(course):
            turned = not np.array_equal(one, poses[t])
            total += 1 - mean_score(one) + 0.1 * turned
            if t and frames[t] - frames[t - 1] <= 2:
                moved = np.linalg.norm((one - course[t - 1])[[0, *range(5, 17)], :2], axis=1)
                total += 7 * np.minimum(moved / boxes[t, 2:].max(), 0.3).mean()
        return total

    options = [[poses[t], *others.get(t, [])] for t in range(5)]
    courses = [[options[t][i] for t, i in enumerate(c)] for c in np.ndindex(*map(len, options))]
    assert cost(found) == pytest.approx(min(map(cost, courses)))


def test_an_estimator_of_tall_crops_sees_tall_crops():
    pictures = [frame(0, q).rgb for q in (1, 3)]
    poses = turned_poses(pictures, np.tile([60.0, 40.0, 40.0, 40.0], (2, 1)), Standing((48, 64)))
    assert poses.shape == (2, 3, 17, 3)
    assert np.argmax(mean_score(poses), axis=1).tolist() == [2, 0]
