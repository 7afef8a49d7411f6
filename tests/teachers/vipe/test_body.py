"""Bodies come apart and together without loss, and everything derived from them has its symmetries."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vpd.pose.skeleton import MIRROR13
from vpd.teachers.vipe.body import L_HIP, R_HIP, mirrored, put_together, take_apart
from vpd.teachers.vipe.synthesis import Chance, on_supports, sampled_bodies
from vpd.teachers.vipe.target import BONES, joints_of, pose_target, trunk_frame


@pytest.fixture
def bodies():
    chance = Chance(torch.Generator().manual_seed(0))
    return on_supports(sampled_bodies(200, chance), chance)


def test_taking_apart_and_putting_together_gives_the_joints_back(bodies):
    joints = put_together(bodies)
    assert joints[:, [L_HIP, R_HIP]].mean(1).abs().max() < 1e-6
    again = put_together(take_apart(joints + 3.0))
    assert torch.allclose(again, joints, atol=1e-5)


def test_a_mirrored_body_is_the_reflection_with_sides_exchanged(bodies):
    """Reflecting points in any plane gives the same body up to a rotation: compare all distances."""
    reflected = put_together(bodies)[:, MIRROR13.tolist()] * torch.tensor([1.0, -1.0, 1.0])
    image = put_together(mirrored(bodies))
    assert torch.allclose(torch.cdist(image, image), torch.cdist(reflected, reflected), atol=1e-4)
    frame, other = trunk_frame(image), trunk_frame(reflected)
    assert torch.allclose(image @ frame, reflected @ other, atol=1e-4)


@pytest.mark.parametrize("heading", [False, True])
def test_the_target_does_not_know_heading_place_or_size(bodies, heading):
    joints = put_together(bodies)
    turn = torch.from_numpy(Rotation.from_euler("z", 130, degrees=True).as_matrix()).float()
    moved = 1.3 * joints @ turn.T + torch.tensor([1.0, 2.0, 3.0])
    assert torch.allclose(pose_target(moved, 1.0, heading), pose_target(joints, 1.0, heading), atol=1e-4)


def test_the_target_knows_tilt_and_side(bodies):
    joints = put_together(bodies)
    tilt = torch.from_numpy(Rotation.from_euler("x", 90, degrees=True).as_matrix()).float()
    image = put_together(mirrored(bodies))
    here = pose_target(joints, 1.0)
    assert (pose_target(joints @ tilt.T, 1.0) - here).norm(dim=1).median() > 0.5
    assert (pose_target(image, 1.0) - here).norm(dim=1).median() > 0.5


@pytest.mark.parametrize(("gravity", "heading"), [(1.0, False), (0.0, True)])
def test_joints_come_back_from_a_target_up_to_heading(bodies, gravity, heading):
    joints = put_together(bodies)
    points = torch.cat(
        [joints, joints[:, [1, 2]].mean(1, keepdim=True), joints[:, [7, 8]].mean(1, keepdim=True)], 1
    )
    ends = torch.tensor(BONES)
    lengths = (points[:, ends[:, 1]] - points[:, ends[:, 0]]).norm(dim=-1)
    decoded = torch.cat(
        [
            joints_of(pose_target(joints[i : i + 1], gravity, heading), lengths[i], heading)
            for i in range(len(joints))
        ]
    )
    assert torch.allclose(torch.cdist(decoded, decoded), torch.cdist(joints, joints), atol=1e-3)
    height = joints[..., 2] - joints[:, [7, 8], 2].mean(1, keepdim=True)
    assert torch.allclose(decoded[..., 2], height, atol=1e-2)
    assert torch.allclose(decoded[..., 2], joints[..., 2], atol=1e-3)


def test_sampled_bodies_keep_anatomical_limits(bodies):
    knee = torch.rad2deg(torch.acos((bodies.legs[:, :, 0] * bodies.legs[:, :, 1]).sum(-1).clamp(-1, 1)))
    elbow = torch.rad2deg(torch.acos((bodies.arms[:, :, 0] * bodies.arms[:, :, 1]).sum(-1).clamp(-1, 1)))
    assert knee.max() < 165
    assert elbow.max() < 165
    # A bent knee brings the shin behind the thigh: the turn from thigh to shin is about the left axis.
    turn = torch.linalg.cross(bodies.legs[:, :, 0], bodies.legs[:, :, 1])[..., 1]
    assert (turn[knee > 30] > -0.2).float().mean() > 0.9
    np.testing.assert_allclose(bodies.lengths[:, 0].numpy(), bodies.lengths[:, 1].numpy())
