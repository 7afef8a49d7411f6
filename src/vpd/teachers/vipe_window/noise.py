"""Keypoint noise of windows of a 3D movement: one camera, errors of single frames, errors of the whole
window.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vpd.settings.vipe import VipeSettings, VipeWindowSettings
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import ARMS_SWAPPED, LEGS_SWAPPED, MIN_JOINTS, missing_together
from vpd.teachers.vipe.synthesis import Chance
from vpd.teachers.vipe_window.network import torso_size

JOINTS = 13
SURE = 0.5
"""Least visibility of a joint that the estimator is certain of. Uncertain ones have 0.1 to 0.6."""


def project_windows(joints: Tensor, cameras: VipeSettings, generator: torch.Generator) -> Tensor:
    """(B, K, 13, 2) picture coordinates, y down, of movements (B, K, 13, 3).

    Every movement has one fixed camera. The mean of a pose's joints is at the camera's centre.
    """
    b, k = joints.shape[:2]
    views = random_views(b, cameras, generator)
    xy, _ = project(
        joints.reshape(b, k * JOINTS, 3) - joints.mean(2, keepdim=True).expand_as(joints).reshape(b, -1, 3),
        views,
        cameras,
        generator,
    )
    return xy.view(b, k, JOINTS, 2)


def add_keypoint_noise(
    xy: Tensor, settings: VipeWindowSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Keypoints (B, K, 13, 2) moved, and visibility (B, K, 13), as an estimator gives them over time.

    Some errors are drawn for every pose, others for the whole window: a hidden joint stays misplaced. Left
    and right of arms or legs are exchanged in a run of poses. Joints and limbs are missing in one pose or in
    all. At least five joints of a pose stay.
    """
    b, k = xy.shape[:2]
    chance = Chance(generator)

    def run(p: float) -> Tensor:
        """(B, K) mask of up to half of the window's poses in a row, in a share ``p`` of the windows."""
        place = torch.arange(k, device=xy.device)[None]
        start, length = chance.whole(k, b)[:, None], 1 + chance.whole(k // 2, b)[:, None]
        return chance.true(p, b)[:, None] & (place >= start) & (place < start + length)

    order = torch.arange(JOINTS, device=xy.device).repeat(b, k, 1)
    for exchanged in (ARMS_SWAPPED, LEGS_SWAPPED):
        swapped = run(settings.swapped)
        order[swapped] = order[swapped][:, exchanged]
    xy = torch.gather(xy, 2, order[..., None].expand(-1, -1, -1, 2))

    size = 2 * torso_size(xy).amax(1)
    throughout = chance.true(settings.unsure, b, 1, 1) & chance.true(0.3, b, 1, JOINTS)
    at_times = chance.true(settings.unsure, b, k, 1) & chance.true(0.25, b, k, JOINTS)
    unsure = throughout | at_times
    score = chance.uniform(0, 1, b, k, JOINTS)
    visibility = torch.where(unsure, 0.1 + 0.5 * score, SURE + (1 - SURE) * score)
    each = settings.jitter * torch.where(chance.true(0.1, b, k, JOINTS), 3.0, 1.0)
    each = each + unsure * 0.15 * (0.6 - visibility).clamp_min(0)
    lasting = settings.jitter + 0.06 * unsure.float().mean(1, keepdim=True)
    error = each[..., None] * chance.normal(b, k, JOINTS, 2)
    error = error + lasting[..., None] * chance.normal(b, 1, JOINTS, 2)

    gone = missing_together(b, generator)[:, None] & chance.true(0.5, b, 1, 1)
    gone = gone | (missing_together(b, generator)[:, None] & run(1.0)[..., None])
    gone = (gone | chance.true(0.05, b, k, JOINTS)) & chance.true(settings.dropped, b, 1, 1)
    gone = gone & ((~gone).sum(2, keepdim=True) >= MIN_JOINTS)
    return xy + size[:, None, None, None] * error, visibility.masked_fill(gone, 0)
