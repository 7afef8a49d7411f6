"""The decoding of MoveNet's heads, and poses on real pictures."""

import numpy as np

from tests.shared import shared_path
from vpd.pose.estimation import poses_of
from vpd.pose.estimator import PoseEstimator
from vpd.pose.movenet import MoveNet, decode
from vpd.video import frame_at


def published(heatmap, center_weighted, regress, offset):  # type: ignore[no-untyped-def]
    """The decoding as the model's description gives it, step by step and in float64."""
    poses = []
    for h, c, r, o in zip(heatmap, center_weighted, regress, offset, strict=True):
        yc, xc = np.unravel_index(c[0].argmax(), c[0].shape)
        joints = []
        for j in range(len(h)):
            ky, kx = yc + float(r[2 * j, yc, xc]), xc + float(r[2 * j + 1, yc, xc])
            yy, xx = np.mgrid[: h.shape[1], : h.shape[2]]
            w = h[j] / (np.sqrt((yy - ky) ** 2 + (xx - kx) ** 2) + 1.8)
            y, x = np.unravel_index(w.argmax(), w.shape)
            joints.append(((y + o[2 * j, y, x]) / 64, (x + o[2 * j + 1, y, x]) / 64, h[j, y, x]))
        poses.append(joints)
    return np.array(poses)


def test_decodes_as_published() -> None:
    rng = np.random.default_rng(0)
    heads = [rng.random((3, c, 64, 64)).astype(np.float32) for c in (17, 1, 34, 34)]
    heads[2] = (heads[2] - 0.5) * 40
    np.testing.assert_allclose(decode(*heads), published(*heads), atol=1e-5)


def test_finds_the_joints_of_a_walker() -> None:
    path = shared_path("data/clips/whole.mp4")
    rgb = frame_at(path, 0.8)
    estimator: PoseEstimator = MoveNet(threads=1)
    height, width = rgb.shape[:2]
    whole = np.array([[0, 0, width, height]], np.float32)
    pose = poses_of([rgb], whole, estimator, second_pass_below=1.0)[0]
    assert pose[5:, 2].mean() > 0.4
    head, hips, ankles = pose[0, 1], pose[[11, 12], 1].mean(), pose[[15, 16], 1].mean()
    assert head < hips < ankles


def test_a_batch_gives_what_its_items_give() -> None:
    crops = np.random.default_rng(0).integers(0, 255, (3, 256, 256, 3), np.uint8)
    network = MoveNet(threads=1)
    single = np.concatenate([network.keypoints(crop[None]) for crop in crops])
    np.testing.assert_allclose(network.keypoints(crops), single, atol=1e-3)
