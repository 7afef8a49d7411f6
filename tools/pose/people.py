"""Real people: views of them upright for the teacher, and the same views turned by any angle and spoilt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tools.pose.places import read_pictures

SIDE = 256
LEAN = 0.1
"""Standard deviation in radians of what counts as upright."""


@dataclass(frozen=True, eq=False)
class Views:
    """``upright`` and ``turned`` (N, 3, 256, 256) in 0..1 of the same people; ``angles`` (N,) in radians."""

    upright: Tensor
    turned: Tensor
    angles: Tensor


class People:
    """The pictures of ``people.npz`` (see `tools.pose.bake`) on a device."""

    def __init__(self, path: Path, device: torch.device) -> None:
        pictures = read_pictures(path)
        self.device = device
        self.pictures = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).to(device)

    def views(self, n: int) -> Views:
        """``n`` people, each upright and turned about the same point."""
        device = self.device
        source = self.pictures[torch.randint(len(self.pictures), (n,), device=device)].float() / 255
        gain = torch.exp(
            0.2 * torch.randn(n, 1, 1, 1, device=device) + 0.1 * torch.randn(n, 3, 1, 1, device=device)
        )
        source = (source * gain).clamp(0, 1) ** torch.exp(0.25 * torch.randn(n, 1, 1, 1, device=device))
        mirrored = torch.rand(n, device=device) < 0.5
        source = torch.where(mirrored[:, None, None, None], source.flip(3), source)
        zoom = 0.66 + 0.26 * torch.rand(n, device=device)
        shift = 0.06 * torch.randn(n, 2, device=device)
        first = LEAN * torch.randn(n, device=device)
        angles = 2 * torch.pi * torch.rand(n, device=device)
        return Views(_cut(source, zoom, first, shift), _cut(source, zoom, first + angles, shift), angles)


def _cut(source: Tensor, zoom: Tensor, angle: Tensor, shift: Tensor) -> Tensor:
    theta = torch.cat([zoom[:, None, None] * rotation(angle), shift[:, :, None]], 2)
    grid = F.affine_grid(theta, [len(source), 3, SIDE, SIDE], align_corners=False)
    return F.grid_sample(source, grid, align_corners=False, padding_mode="zeros")


def rotation(angle: Tensor) -> Tensor:
    """(N, 2, 2) of angles (N,)."""
    c, s = angle.cos(), angle.sin()
    return torch.stack([torch.stack([c, -s], 1), torch.stack([s, c], 1)], 1)


def turned_maps(logits: Tensor, angles: Tensor) -> tuple[Tensor, Tensor]:
    """Maps (N, C, S, S) of upright views as turned views have them, and where they are known (N, 1, S, S)."""
    theta = torch.cat([rotation(angles), torch.zeros_like(angles)[:, None, None].expand(-1, 2, 1)], 2)
    grid = F.affine_grid(theta, list(logits.shape), align_corners=False)
    known = (grid.abs() < 1).all(-1)[:, None]
    return F.grid_sample(logits, grid, align_corners=False, padding_mode="border"), known


def turned_joints(joints: Tensor, angles: Tensor) -> Tensor:
    """Joints (N, 17, 2) in pixels of upright views in the turned views."""
    middle = SIDE / 2
    return (joints - middle) @ rotation(angles) + middle
