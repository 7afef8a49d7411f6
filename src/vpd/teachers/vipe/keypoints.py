"""The encoder's input, 13 normalised joints with their visibility, and the errors of pose estimators."""

from __future__ import annotations

import torch
from torch import Tensor

from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.body import L_HIP, L_SHOULDER, R_HIP, R_SHOULDER

INPUTS = 39
"""Size of the encoder's input: x, y and visibility of 13 joints."""
MIN_JOINTS = 5
"""Least number of joints of a pose."""
_SIDES = ((1, 3, 5, 7, 9, 11), (2, 4, 6, 8, 10, 12))
ARMS_SWAPPED = [0, 2, 1, 4, 3, 6, 5, 7, 8, 9, 10, 11, 12]
LEGS_SWAPPED = [0, 1, 2, 3, 4, 5, 6, 8, 7, 10, 9, 12, 11]
_GROUPS = (
    (0,),
    (3, 5),
    (4, 6),
    (5,),
    (6,),
    (9, 11),
    (10, 12),
    (11,),
    (12,),
    (9, 10, 11, 12),
    _SIDES[0],
    _SIDES[1],
)
"""Groups of joints that are missing together: head, arms, hands, legs, feet, both legs (out of the picture),
one side.
"""


def missing_together(n: int, generator: torch.Generator) -> Tensor:
    """(n, 13) mask of a random group of joints that is missing; empty half of the time."""
    device = generator.device
    table = torch.zeros(len(_GROUPS) + 1, 13, dtype=torch.bool, device=device)
    for place, group in enumerate(_GROUPS):
        table[place, list(group)] = True
    # The last row is empty.
    row = torch.randint(2 * len(_GROUPS), (n,), generator=generator, device=device)
    return table[row.clamp_max(len(_GROUPS))]


def encoder_input(xy: Tensor, visibility: Tensor) -> Tensor:
    """(B, 39) normalised joints and visibility from (B, 13, 2) in pixels or metres, y down, and (B, 13)
    visibility in 0..1.

    The mid-hip is the origin, and the largest distance between two torso joints becomes 0.5 (paper,
    supplement). Where torso joints are missing, the origin is the visible hip, or without hips the middle of
    all visible joints. Without a shoulder and a hip the scale is the spread of the visible joints. Missing
    joints (visibility 0) are 0 with visibility 0, which no other input has.
    """
    seen = (visibility > 0).to(xy.dtype)
    torso = [L_SHOULDER, R_SHOULDER, L_HIP, R_HIP]
    hips = seen[:, L_HIP : R_HIP + 1]
    middle = (xy * seen[..., None]).sum(1) / seen.sum(1, keepdim=True).clamp_min(1)
    mid_hip = (xy[:, L_HIP : R_HIP + 1] * hips[..., None]).sum(1) / hips.sum(1, keepdim=True).clamp_min(1)
    any_hip = hips.any(1, keepdim=True)
    centred = xy - torch.where(any_hip, mid_hip, middle)[:, None]
    t, s = centred[:, torso], seen[:, torso]
    distance = (t[:, :, None] - t[:, None]).norm(dim=-1) * s[:, :, None] * s[:, None]
    scale = 2 * distance.flatten(1).amax(1)
    # 1.2: the mean ratio of this spread to the full rule's scale over the captured poses.
    spread = (((centred**2).sum(-1) * seen).sum(1) / seen.sum(1).clamp_min(1)).sqrt() * 1.2
    trunk_seen = s[:, :2].any(1) & s[:, 2:].any(1)
    scale = torch.where(trunk_seen, scale, spread)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    normalised = centred / scale[:, None, None] * seen[..., None]
    return torch.cat([normalised, visibility[..., None]], dim=-1).flatten(1)


def with_errors(
    xy: Tensor, depth: Tensor, settings: VipeSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Add the errors of an estimator: (B, 13, 2) moved keypoints and (B, 13) visibility.

    Errors are Gaussian; a tenth of them is three times as large. A share of the poses has uncertain joints,
    whose error grows as the visibility falls. Joints are missing singly, by limb or on the side away from the
    camera. In a few poses left and right of the arms or legs are exchanged.
    """
    n, device = len(xy), generator.device

    def chance(p: float, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device) < p

    swap = torch.arange(13, device=device).repeat(n, 1)
    arms, legs = chance(settings.swapped, n), chance(settings.swapped, n)
    swap[arms] = swap[arms][:, ARMS_SWAPPED]
    swap[legs] = swap[legs][:, LEGS_SWAPPED]
    xy = torch.gather(xy, 1, swap[..., None].expand(-1, -1, 2))

    torso = xy[:, [L_SHOULDER, R_SHOULDER, L_HIP, R_HIP]]
    size = 2 * (torso[:, :, None] - torso[:, None]).norm(dim=-1).flatten(1).amax(1)[:, None, None]
    unsure = chance(settings.unsure, n, 1) & chance(0.4, n, 13)
    score, least = torch.rand(n, 13, generator=generator, device=device), settings.least_score
    visibility = torch.where(unsure, 0.1 + 0.8 * score, least + (1 - least) * score)
    deviation = settings.jitter * torch.where(chance(0.1, n, 13), 3.0, 1.0)
    deviation = torch.where(unsure, deviation + 0.12 * (0.9 - visibility), deviation)
    noise = torch.randn(n, 13, 2, generator=generator, device=device)
    # Without jitter there is no error at all: the switch of the ablations.
    xy = xy + (noise * deviation[..., None] * size if settings.jitter else 0)

    gone = chance(0.08, n, 13)
    for _ in range(2):
        gone = gone | missing_together(n, generator)
    # In profile, the joints of the far side hide behind the near ones.
    nearest = depth.amin(1, keepdim=True)
    behind = (depth - nearest) / (depth.amax(1, keepdim=True) - nearest).clamp_min(1e-6)
    gone = gone | ((behind > 0.6) & chance(0.3, n, 1) & chance(0.6, n, 13))
    gone = gone & chance(settings.dropped, n, 1)
    gone = gone & ((~gone).sum(1, keepdim=True) >= MIN_JOINTS)
    return xy, torch.where(gone, torch.zeros_like(visibility), visibility)
