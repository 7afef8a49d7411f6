"""Random cameras around a pose: rotations and projections of a batch on the device."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vpd.settings.vipe import VipeSettings


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, generator=generator, device=generator.device)


def random_views(n: int, settings: VipeSettings, generator: torch.Generator) -> Tensor:
    """(n, 3, 3) rotations from the world to the camera: x to the right, y down, z away from the camera."""
    azimuth = _uniform(n, 0, 2 * math.pi, generator)
    wild = torch.rand(n, generator=generator, device=generator.device) < settings.wild_cameras
    near = math.radians(settings.elevation)
    # Directions of wild cameras are uniform over the sphere.
    sphere = torch.asin(_uniform(n, -1, 1, generator))
    elevation = torch.where(wild, sphere, _uniform(n, -near, near, generator))
    tilt = math.radians(settings.roll)
    roll = torch.where(wild, _uniform(n, -math.pi, math.pi, generator), _uniform(n, -tilt, tilt, generator))
    return view_rotation(azimuth, elevation, roll)


def view_rotation(azimuth: Tensor, elevation: Tensor, roll: Tensor) -> Tensor:
    """(n, 3, 3) world to camera of cameras at these angles (radians); elevation is positive from above."""
    ca, sa, ce, se = azimuth.cos(), azimuth.sin(), elevation.cos(), elevation.sin()
    zero = torch.zeros_like(ca)
    away = torch.stack([-ca * ce, -sa * ce, -se], dim=-1)
    right = torch.stack([-sa, ca, zero], dim=-1)
    down = torch.linalg.cross(away, right)
    cr, sr = roll.cos()[:, None], roll.sin()[:, None]
    return torch.stack([cr * right + sr * down, -sr * right + cr * down, away], dim=1)


def project(
    joints: Tensor, views: Tensor, settings: VipeSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """(B, J, 2) picture coordinates (y down, arbitrary scale) and (B, J) depth in metres from the centre."""
    seen = joints @ views.transpose(1, 2)
    seen = seen - seen.mean(1, keepdim=True)
    n = len(joints)
    body = seen.norm(dim=-1).amax(1) * 2
    far = body * torch.exp(_uniform(n, math.log(2), math.log(10), generator))
    perspective = torch.rand(n, generator=generator, device=generator.device) < settings.perspective
    shrink = torch.where(perspective[:, None], 1 + seen[..., 2] / far[:, None], torch.ones_like(seen[..., 2]))
    return seen[..., :2] / shrink[..., None], seen[..., 2]
