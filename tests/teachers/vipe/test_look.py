"""Cameras, keypoint errors and the encoder's input: sides, masks and invariances."""

import math

import numpy as np
import torch

from vpd.settings.vipe import VipeSettings
from vpd.teachers.joints2d import normalise
from vpd.teachers.vipe.camera import project, random_views, view_rotation
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.model import mirrored_2d

EXACT = VipeSettings(jitter=0.0, unsure=0.0, dropped=0.0, swapped=0.0, perspective=0.0)


def test_a_person_who_faces_the_camera_has_the_left_side_on_the_right():
    """x forward, y left, z up; the camera at azimuth 0 stands in front."""
    view = view_rotation(*(torch.zeros(1) for _ in range(3)))[0]
    left, head = torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])
    assert torch.allclose(view @ left, torch.tensor([1.0, 0.0, 0.0]), atol=1e-6)
    assert torch.allclose(view @ head, torch.tensor([0.0, -1.0, 0.0]), atol=1e-6)


def test_views_are_rotations_and_keep_to_their_ranges():
    generator = torch.Generator().manual_seed(0)
    views = random_views(500, VipeSettings(wild_cameras=0.0, elevation=30.0, roll=15.0), generator)
    assert torch.allclose(views @ views.transpose(1, 2), torch.eye(3).expand(500, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(views), torch.ones(500), atol=1e-5)
    assert views[:, 2, 2].abs().max() <= math.sin(math.radians(30)) + 1e-6


def test_perspective_makes_what_is_near_larger():
    joints = torch.zeros(1, 13, 3)
    joints[0, 1:3] = torch.tensor([[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])
    view = view_rotation(*(torch.zeros(1) for _ in range(3)))
    xy, depth = project(joints, view, EXACT.model_copy(update={"perspective": 1.0}), torch.Generator())
    assert depth[0, 1] < depth[0, 2]
    assert xy[0, 1, 0] - xy[0, 0, 0] > xy[0, 2, 0] - xy[0, 0, 0]


def test_seen_whole_the_input_is_the_normalisation_of_joints2d():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 500, (20, 17, 3)).astype(np.float32)
    keypoints[..., 2] = 1
    ours = encoder_input(torch.from_numpy(keypoints[:, [0, *range(5, 17)], :2]), torch.ones(20, 13))
    np.testing.assert_allclose(ours.view(20, 13, 3)[..., :2].numpy(), normalise(keypoints), atol=1e-5)


def test_the_place_of_a_missing_joint_is_not_looked_at():
    generator = torch.Generator().manual_seed(0)
    xy = torch.randn(50, 13, 2, generator=generator)
    seen = (torch.rand(50, 13, generator=generator) > 0.4).float()
    moved = xy + 1000 * torch.randn(50, 13, 2, generator=generator) * (seen == 0)[..., None]
    assert torch.equal(encoder_input(xy, seen), encoder_input(moved, seen))
    assert torch.isfinite(encoder_input(xy, torch.zeros(50, 13))).all()


def test_size_and_place_in_the_picture_do_not_matter():
    xy = torch.randn(50, 13, 2, generator=torch.Generator().manual_seed(0))
    seen = torch.ones(50, 13)
    assert torch.allclose(encoder_input(xy * 7 + 300, seen), encoder_input(xy, seen), atol=1e-4)


def test_errors_are_off_when_switched_off_and_leave_five_joints_otherwise():
    generator = torch.Generator().manual_seed(0)
    xy, depth = torch.randn(2000, 13, 2, generator=generator), torch.randn(2000, 13, generator=generator)
    same, seen = with_errors(xy, depth, EXACT, generator)
    assert torch.equal(same, xy)
    assert (seen > 0).all()
    _, seen = with_errors(xy, depth, VipeSettings(dropped=1.0), generator)
    count = (seen > 0).sum(1)
    assert count.min() >= 5
    assert count.float().mean() < 11


def test_mirroring_twice_changes_nothing():
    xy = np.random.default_rng(0).normal(size=(5, 13, 2)).astype(np.float32)
    seen = np.random.default_rng(1).uniform(size=(5, 13)).astype(np.float32)
    again = mirrored_2d(*mirrored_2d(xy, seen))
    np.testing.assert_array_equal(again[0], xy)
    np.testing.assert_array_equal(again[1], seen)
