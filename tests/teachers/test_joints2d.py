"""Normalised joints do not know where the athlete is or how large; mirroring is an involution."""

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.pose.skeleton import BODY13, COCO17, MIRROR17
from vpd.teachers import TEACHERS, joints2d, teacher
from vpd.types import PoseSequence


def poses(n=20, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(0, 300, (n, 17, 2)), rng.uniform(0.1, 1, (n, 17, 1))], 2).astype(
        np.float32
    )


def test_by_hand():
    pose = np.zeros((1, 17, 3), np.float32)
    for name, point in {
        "left_shoulder": (120, 100), "right_shoulder": (100, 100), "left_hip": (120, 140),
        "right_hip": (100, 140), "nose": (110, 80),
    }.items():  # fmt: skip
        pose[0, COCO17.index(name), :2] = point
    found = dict(zip(np.array(COCO17)[BODY13], joints2d.normalise(pose)[0], strict=True))
    twice = 2 * np.hypot(20, 40)
    np.testing.assert_allclose(found["nose"], (0, -60 / twice), atol=1e-6)
    np.testing.assert_allclose(found["left_hip"], (10 / twice, 0), atol=1e-6)
    torso = [found[n] for n in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]
    assert max(np.linalg.norm(a - b) for a in torso for b in torso) == pytest.approx(0.5)


def test_place_and_size_do_not_matter():
    p = poses()
    moved = p.copy()
    moved[..., :2] = moved[..., :2] * 3.5 + (1000, -40)
    np.testing.assert_allclose(joints2d.normalise(moved), joints2d.normalise(p), atol=2e-5)


def test_mirroring_the_picture_is_mirroring_the_feature():
    p = poses()
    picture = p[:, MIRROR17].copy()
    picture[..., 0] = 639 - picture[..., 0]
    once = joints2d.mirror(joints2d.normalise(p))
    np.testing.assert_allclose(joints2d.normalise(picture), once, atol=1e-5)
    np.testing.assert_array_equal(joints2d.mirror(once), joints2d.normalise(p))


def test_no_torso_is_finite():
    p = poses(1)
    p[0, 5:, :2] = 7
    assert np.isfinite(joints2d.normalise(p)).all()


@pytest.mark.parametrize("name", TEACHERS)
def test_every_teacher(name):
    p = poses()
    p[3, 9, 0] = np.nan
    p[5, :, 2] = 0
    frames = np.arange(20) * 2 + 1
    times = np.arange(60) / 30
    found = teacher(name)(PoseSequence(4, frames, p), times, "v")
    assert (found.d, found.athlete, found.video) == (TEACHERS[name].d, 4, "v")
    lost = [3, 5] if name == "joints2d" else [5]
    assert set(lost) <= set(np.flatnonzero(~found.valid)) <= {3, 5}
    assert np.isfinite(found.values).all()
    np.testing.assert_array_equal(found.times_s, times[frames])
    whole = np.delete(np.arange(20), [3, 5])
    np.testing.assert_allclose(found.scores[whole], p[whole][:, BODY13, 2].mean(1), rtol=1e-6)
    mirrored = p[:, MIRROR17] * (-1, 1, 1)
    other = teacher(name)(PoseSequence(4, frames, mirrored), times, "v")
    np.testing.assert_allclose(other.values[whole, 0], found.values[whole, 1], atol=1e-4)


def test_no_poses():
    empty = teacher("joints2d")(PoseSequence(0, np.empty(0), np.empty((0, 17, 3))), np.arange(5.0))
    assert len(empty) == 0
    assert empty.d == 26


def test_unknown_teacher():
    with pytest.raises(InputError, match="joints2d"):
        teacher("hrnet")
