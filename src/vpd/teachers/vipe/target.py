"""The 3D target of the pose embedding: bone directions, joint angles and directions from the root.

The paper's target first turns the pose to face forward, which jumps when a body passes through lying on its
side. Here directions are given in the frame of the body's own trunk, which never jumps, with the vertical
component of each, which no rotation about the vertical changes. Together they determine the pose up to its
heading.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vpd.teachers.vipe.body import JOINTS, L_HIP, L_SHOULDER, R_HIP, R_SHOULDER, frame_of, unit

NECK, ROOT = JOINTS, JOINTS + 1
BONES = (
    (ROOT, NECK), (NECK, 0), (NECK, 1), (1, 3), (3, 5), (NECK, 2), (2, 4), (4, 6),
    (ROOT, 7), (7, 9), (9, 11), (ROOT, 8), (8, 10), (10, 12),
)  # fmt: skip
"""Bones from parent to child joint; 13 is the neck (mid-shoulders), 14 the root (mid-hips)."""
PARENT = (0, 0, 0, 2, 3, 0, 5, 6, 0, 8, 9, 0, 11, 12)
"""The parent of each bone. Bones at the root are measured against the spine."""
SIZE = len(BONES) * 3 + len(BONES) + JOINTS * 3 + len(BONES) + JOINTS
"""Size of a target: directions, angles, root directions, vertical components."""


def _extended(joints: Tensor) -> Tensor:
    neck = joints[:, [L_SHOULDER, R_SHOULDER]].mean(1, keepdim=True)
    root = joints[:, [L_HIP, R_HIP]].mean(1, keepdim=True)
    return torch.cat([joints, neck, root], dim=1)


def bone_directions(joints: Tensor) -> Tensor:
    """(B, 14, 3) unit vectors along ``BONES`` of (B, 13, 3) joints."""
    points = _extended(joints)
    ends = torch.tensor(BONES, device=joints.device)
    return unit(points[:, ends[:, 1]] - points[:, ends[:, 0]])


def trunk_frame(joints: Tensor) -> Tensor:
    """(B, 3, 3) the trunk's forward, left and up. Left is midway between that of the hips and of the
    shoulders.
    """
    left = unit(joints[:, L_HIP] - joints[:, R_HIP]) + unit(joints[:, L_SHOULDER] - joints[:, R_SHOULDER])
    up = joints[:, [L_SHOULDER, R_SHOULDER]].mean(1) - joints[:, [L_HIP, R_HIP]].mean(1)
    return frame_of(left, up)


def heading_frame(joints: Tensor) -> Tensor:
    """(B, 3, 3) forward, left and up of a body turned about the vertical alone, so that its tilt stays
    (paper).
    """
    left = joints[:, L_HIP] - joints[:, R_HIP] + joints[:, L_SHOULDER] - joints[:, R_SHOULDER]
    level = left * left.new_tensor([1.0, 1.0, 0.0])
    return frame_of(level, left.new_tensor([0.0, 0.0, 1.0]).expand_as(left))


def pose_target(joints: Tensor, gravity: float, heading: bool = False) -> Tensor:
    """(B, ``SIZE``) targets of (B, 13, 3) joints, world z up. ``gravity`` is the weight of the vertical
    components.

    Directions are in the trunk's frame; with ``heading``, in that of a body turned to face forward (paper).
    The scale makes the distance between two targets about 1 where bones differ by 45 degrees on average.
    """
    frame = heading_frame(joints) if heading else trunk_frame(joints)
    bones = bone_directions(joints)
    root = joints[:, [L_HIP, R_HIP]].mean(1, keepdim=True)
    from_root = unit(joints - root)
    cosine = (bones * bones[:, list(PARENT)]).sum(-1).clamp(-1 + 1e-6, 1 - 1e-6)
    angles = torch.acos(cosine) / math.pi - 0.5
    parts = (
        (bones @ frame).flatten(1),
        angles,
        (from_root @ frame).flatten(1),
        bones[..., 2] * gravity,
        from_root[..., 2] * gravity,
    )
    return torch.cat(parts, dim=1) / math.sqrt(len(BONES) * 0.75)


def joints_of(target: Tensor, lengths: Tensor, heading: bool = False) -> Tensor:
    """(B, 13, 3) joints in the trunk's frame, turned upright by gravity, from decoded targets.

    Targets with ``heading`` are upright already. ``lengths`` (14,) are the metres of ``BONES``. The body
    keeps its tilt against the vertical and faces +x.
    """
    bones = unit(target[:, : 3 * len(BONES)].reshape(-1, len(BONES), 3))
    vertical = target[:, 3 * len(BONES) + len(BONES) + 3 * JOINTS :][:, : len(BONES)]
    vertical = vertical * math.sqrt(len(BONES) * 0.75)
    # The vertical in the trunk's frame: the direction whose products with the bones are their z components.
    up = torch.linalg.lstsq(bones, vertical[..., None]).solution[..., 0]
    up = up.new_tensor([0.0, 0.0, 1.0]).expand_as(up) if heading else unit(up)
    forward = up.new_tensor([1.0, 0.0, 0.0]).expand_as(up)
    other = up.new_tensor([0.0, 0.0, -1.0]).expand_as(up)
    # Lying face up or down, forward is vertical: take the way from head to feet as heading instead.
    ahead = torch.where(up[:, :1].abs() < 0.9, forward, other)
    ahead = unit(ahead - (ahead * up).sum(-1, keepdim=True) * up)
    world = torch.stack([ahead, torch.linalg.cross(up, ahead), up], dim=-1)
    points: list[Tensor] = [bones.new_zeros(len(bones), 3)] * (JOINTS + 2)
    for number, (parent, child) in enumerate(BONES):
        points[child] = points[parent] + bones[:, number] * lengths[number]
    return torch.stack(points[:JOINTS], dim=1) @ world
