"""Whether poses are where the flow carries them."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.student.synthetic import RECIPE, stick_poses, stick_source, tiny_settings
from vpd.crops import CropFile, make_crops, write_crops
from vpd.errors import InputError
from vpd.pose.skeleton import BODY13, MIRROR13
from vpd.settings import CropSettings
from vpd.settings.distill import HeadSettings
from vpd.student.corpus.consistency import strays
from vpd.student.corpus.corpus import build_corpus
from vpd.student.corpus.targets import agreement
from vpd.types import PoseSequence, Track

N = 12


def moving_crops(path, poses, flow, there=None):
    """Crops of 64 pixels whose square stands still at (0, 0, 96 px), with the flow that ``flow`` says."""
    blank = np.zeros((96, 96, 3), np.uint8)
    number = np.arange(len(poses)) if there is None else np.asarray(there)
    frames = (SimpleNamespace(frame=i, time_s=i / 25, rgb=blank) for i in range(number[-1] + 1))
    box = np.tile([8.0, 8, 80, 80], (len(number), 1))
    track = Track(0, number, number / 25, box, np.ones(len(number)), np.full(len(number), "detected"))
    write_crops(path, make_crops(frames, [track], flow, CropSettings(size=64, padding=0.1)), RECIPE)
    return CropFile(path)


def no_motion(before, now):
    return np.zeros((*now.shape[:3], 2), np.float32)


def test_joints_that_move_alike_do_not_stray_and_one_that_jumps_does(tmp_path):
    """The camera's motion and the median taken off the flow move all joints alike: they are no mistake."""
    poses = np.repeat(stick_poses(1, np.random.default_rng(0)), N, axis=0)
    poses[:, :, :2] += np.arange(N)[:, None, None] * np.array([0.4, -0.2], np.float32)
    poses[5, 9, 0] += 12
    crops = moving_crops(tmp_path / "v.arrow", poses, no_motion)
    found = strays(crops, np.arange(N), PoseSequence(0, np.arange(N), poses))
    side = crops.squares[0, 2]
    assert found[5, 9] == pytest.approx(12 / side, abs=1e-5)
    found[5, 9] = 0
    np.testing.assert_allclose(found, 0, atol=1e-5)


def test_a_limb_that_the_flow_follows_does_not_stray(tmp_path):
    """A wrist 4 px further each frame, in a flow that says so below the waist's height, 0 above."""
    poses = np.repeat(stick_poses(1, np.random.default_rng(0)), N, axis=0)
    poses[:, 9, :2] = 20, 80
    poses[:, 9, 0] += 4 * np.arange(N)
    side = 96

    def flow(before, now):
        out = no_motion(before, now)
        out[:, 44:, :, 0] = 4 * 64 / side
        return out

    crops = moving_crops(tmp_path / "v.arrow", poses, flow)
    assert crops.squares[0, 2] == side
    found = strays(crops, np.arange(N), PoseSequence(0, np.arange(N), poses))
    assert np.nanmax(found[:, 9]) < 0.2 / 64
    still = strays(
        moving_crops(tmp_path / "w.arrow", poses, no_motion),
        np.arange(N),
        PoseSequence(0, np.arange(N), poses),
    )
    np.testing.assert_allclose(still[:, 9], 4 / side, atol=1e-5)


def test_what_is_not_known_is_nan(tmp_path):
    poses = stick_poses(N, np.random.default_rng(0))
    poses[3, 10, :2] = np.nan
    poses[:, 16, 0] = 300
    crops = moving_crops(tmp_path / "v.arrow", poses, no_motion, there=[*range(4), *range(6, 14)])
    kept = np.array([0, 1, 2, 3, 7, 8, 9])
    found = strays(crops, np.arange(N), PoseSequence(0, kept, poses[: len(kept)]))
    assert np.isnan(found[:, 16]).all()
    assert np.isnan(found[3, 10])
    known = np.isfinite(found[:, 0])
    assert crops.frames[known].tolist() == kept.tolist()

    def fast(before, now):
        return np.where(np.arange(64)[None, None, :, None] % 2, 30.0, -30.0) + no_motion(before, now)

    crops = moving_crops(tmp_path / "w.arrow", poses, fast)
    assert np.isnan(strays(crops, np.arange(N), PoseSequence(0, np.arange(N), poses))).all()


def test_mistaken_joints_of_a_drawn_figure_stray(tmp_path):
    """Real flow of a moving figure: a tenth of the joints set wrong are told from the others."""
    rng = np.random.default_rng(4)
    n = 80
    source = stick_source(tmp_path, n=n, seed=4, size=128)
    poses = source.poses[0].keypoints.copy()
    wrong = rng.random((n, 17)) < 0.1
    poses[wrong, :2] += 14 * np.array([np.cos(a := rng.uniform(0, 7, wrong.sum())), np.sin(a)]).T
    found = strays(CropFile(source.crops), np.arange(n), PoseSequence(0, np.arange(n), poses))
    assert np.isfinite(found).mean() > 0.95
    known = np.isfinite(found)
    above = found[wrong & known][:, None] > found[~wrong & known][None]
    assert above.mean() > 0.95


def test_crops_without_flow_say_so(tmp_path):
    source = stick_source(tmp_path, n=6, flow="none")
    head = HeadSettings(teacher="joints2d", consistency=0.05)
    with pytest.raises(InputError, match="consistency"):
        build_corpus([source], tiny_settings(heads=(head,)))


def test_agreement_is_half_where_it_should_be():
    found = agreement(np.array([0, 0.04, 0.12, np.nan], np.float32), 0.04)
    np.testing.assert_allclose(found, [1, 0.5, 0.1, 1], rtol=1e-6)


def test_targets_weigh_by_consistency(tmp_path):
    """Of each joint where weights are of joints, both orientations; else of the frame, by its mean."""
    source = stick_source(tmp_path, n=20, size=128)
    crops, poses = CropFile(source.crops), source.poses[0]
    agreed = agreement(strays(crops, np.arange(20), poses)[:, BODY13], 0.02)
    assert agreed.std() > 0.01

    def weights(**values):
        head = HeadSettings(teacher="joints2d", consistency=0.02, **values)
        return build_corpus([source], tiny_settings(heads=(head,))).heads[0].weights

    by_joint = weights(weighting="joint").reshape(20, 2, 13, 2)
    expected = agreed * poses.keypoints[:, BODY13, 2]
    np.testing.assert_allclose(by_joint[:, 0, :, 0], expected / expected.mean(), rtol=1e-5)
    np.testing.assert_array_equal(by_joint[:, 1][:, MIRROR13], by_joint[:, 0])
    by_frame = weights()
    expected = agreed.mean(1) / agreed.mean()
    np.testing.assert_allclose(by_frame, np.broadcast_to(expected[:, None, None], by_frame.shape), rtol=1e-5)
