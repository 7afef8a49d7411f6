"""The body in three dimensions: convert 13 joints into frames and bone directions, and back.

World: metres, z up. A body frame has the columns forward, left, up. Joints are COCO-17 without eyes and ears
(`vpd.pose.skeleton.BODY13`). B is a batch of poses.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

NOSE, L_SHOULDER, R_SHOULDER, L_ELBOW, R_ELBOW, L_WRIST, R_WRIST = range(7)
L_HIP, R_HIP, L_KNEE, R_KNEE, L_ANKLE, R_ANKLE = range(7, 13)
JOINTS = 13

LENGTH_NAMES = ("hips", "spine", "shoulders", "head", "upper arm", "forearm", "thigh", "shin")
MEAN_LENGTHS = (0.24, 0.50, 0.36, 0.22, 0.28, 0.25, 0.42, 0.41)
"""Mean lengths in metres of an adult of 1.75 m: hip and shoulder widths between joint centres, mid-hip to
neck, neck to nose.
"""


def unit(v: Tensor) -> Tensor:
    """Vectors of length 1 along the last axis; a zero vector stays zero."""
    normalised: Tensor = v / v.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    return normalised


def frame_of(left: Tensor, up: Tensor) -> Tensor:
    """(..., 3, 3) rotations with the columns forward, left, up. ``left`` is kept, and ``up`` is made
    orthogonal to it.
    """
    left = unit(left)
    up = unit(up - (up * left).sum(-1, keepdim=True) * left)
    return torch.stack([torch.linalg.cross(left, up), left, up], dim=-1)


@dataclass(frozen=True)
class Body:
    """Poses as rotations and unit bone directions.

    Attributes
    ----------
    pelvis : (B, 3, 3) rotation from the pelvis' frame to the world.
    chest : (B, 3, 3) rotation from the chest's frame to the pelvis'.
    spine : (B, 3) direction mid-hip to neck, in the pelvis' frame.
    head : (B, 3) direction neck to nose, in the chest's frame.
    arms : (B, 2, 2, 3) side (left, right), bone (upper, fore), in the chest's frame.
    legs : (B, 2, 2, 3) side, bone (thigh, shin), in the pelvis' frame.
    lengths : (B, 2, 8) side, ``LENGTH_NAMES``, metres; the first four are read from the left side.
    """

    pelvis: Tensor
    chest: Tensor
    spine: Tensor
    head: Tensor
    arms: Tensor
    legs: Tensor
    lengths: Tensor

    def __len__(self) -> int:
        return len(self.pelvis)

    def __getitem__(self, rows: Tensor) -> Body:
        return Body(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def to(self, device: torch.device) -> Body:
        """Copy to ``device``."""
        return Body(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def with_(self, **changes: Any) -> Body:
        """A copy with some attributes replaced."""
        return replace(self, **changes)


def take_apart(joints: Tensor) -> Body:
    """The body of (B, 13, 3) joints. `put_together` returns the joints, centred on the mid-hip."""
    hips, shoulders = joints[:, [L_HIP, R_HIP]], joints[:, [L_SHOULDER, R_SHOULDER]]
    mid_hip, neck = hips.mean(1), shoulders.mean(1)
    pelvis = frame_of(hips[:, 0] - hips[:, 1], neck - mid_hip)
    chest = frame_of(shoulders[:, 0] - shoulders[:, 1], neck - mid_hip)

    def chain(ids: list[list[int]]) -> Tensor:
        points = joints[:, torch.tensor(ids, device=joints.device)]
        return points[:, :, 1:] - points[:, :, :-1]

    arms = chain([[L_SHOULDER, L_ELBOW, L_WRIST], [R_SHOULDER, R_ELBOW, R_WRIST]])
    legs = chain([[L_HIP, L_KNEE, L_ANKLE], [R_HIP, R_KNEE, R_ANKLE]])
    spine, head = neck - mid_hip, joints[:, NOSE] - neck
    trunk = torch.stack(
        [(hips[:, 0] - hips[:, 1]).norm(dim=-1), spine.norm(dim=-1),
         (shoulders[:, 0] - shoulders[:, 1]).norm(dim=-1), head.norm(dim=-1)], dim=-1
    )  # fmt: skip
    lengths = torch.cat([trunk[:, None].expand(-1, 2, -1), arms.norm(dim=-1), legs.norm(dim=-1)], dim=-1)

    def local(frame: Tensor, v: Tensor) -> Tensor:
        flat = v.reshape(len(v), -1, 3)
        return unit(flat @ frame).reshape(v.shape)

    return Body(
        pelvis, pelvis.transpose(1, 2) @ chest, local(pelvis, spine), local(chest, head), local(chest, arms),
        local(pelvis, legs), lengths,
    )  # fmt: skip


def put_together(body: Body) -> Tensor:
    """(B, 13, 3) joints in metres, with the mid-hip at the origin."""
    pelvis, chest, n = body.pelvis, body.pelvis @ body.chest, body.lengths[:, 0]
    neck = (pelvis @ body.spine[..., None])[..., 0] * n[:, 1:2]
    nose = neck + (chest @ body.head[..., None])[..., 0] * n[:, 3:4]
    side = body.pelvis.new_tensor([0.5, -0.5])[None, :, None]
    shoulders = neck[:, None] + chest[:, None, :, 1] * n[:, None, 2:3] * side
    hips = pelvis[:, None, :, 1] * n[:, None, 0:1] * side

    def limbs(start: Tensor, frame: Tensor, directions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        bones = (directions.flatten(1, 2) @ frame.transpose(1, 2)).view_as(directions) * lengths[..., None]
        middle = start + bones[:, :, 0]
        return middle, middle + bones[:, :, 1]

    elbows, wrists = limbs(shoulders, chest, body.arms, body.lengths[..., 4:6])
    knees, ankles = limbs(hips, pelvis, body.legs, body.lengths[..., 6:8])
    return torch.cat([nose[:, None], shoulders, elbows, wrists, hips, knees, ankles], dim=1)


def mirrored(body: Body) -> Body:
    """The mirror image: left directions are negated, and the sides are exchanged."""
    flip = body.pelvis.new_tensor([1.0, -1.0, 1.0])
    return Body(
        body.pelvis * flip[:, None] * flip, body.chest * flip[:, None] * flip, body.spine * flip,
        body.head * flip, body.arms.flip(1) * flip, body.legs.flip(1) * flip, body.lengths.flip(1),
    )  # fmt: skip
