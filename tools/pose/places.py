"""What is behind and before athletes: baked places, made textures, and things that cover."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SIDE = 256
GAMMA = 2.2
MADE = 0.25
"""Share of backgrounds that are made textures."""
COVERED = 0.2
"""Share of pictures in which a thing covers a part."""
STEPS = 7
"""Pictures averaged where the camera moves."""


def read_pictures(path: Path) -> np.ndarray:
    """(N, S, S, 3) uint8 RGB of a file of `tools.pose.bake`."""
    with np.load(path) as stored:
        parts = np.split(stored["bytes"], np.cumsum(stored["lengths"])[:-1])
    return np.stack([cv2.imdecode(part, cv2.IMREAD_COLOR)[..., ::-1] for part in parts])


class Places:
    """Backgrounds and foregrounds on a device."""

    def __init__(self, path: Path, device: torch.device) -> None:
        self.device = device
        pictures = read_pictures(path)
        self.pictures = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).to(device)

    def behind(self, n: int, pan: Tensor) -> Tensor:
        """(n, 3, S, S) linear light, blurred along ``pan`` (n, 2) pixels."""
        device = self.device
        chosen = torch.randint(len(self.pictures), (n,), device=device)
        source = self.pictures[chosen].float() / 255
        made = (torch.rand(n, device=device) < MADE)[:, None, None, None]
        source = torch.where(made, self._texture(n, source.shape[-1]), source)
        gain = torch.exp(
            0.25 * torch.randn(n, 3, 1, 1, device=device) * 0.5
            + 0.25 * torch.randn(n, 1, 1, 1, device=device)
        )
        source = (source * gain).clamp(0, 1) ** GAMMA
        zoom = 0.55 + 0.4 * torch.rand(n, device=device)
        zoom = zoom * torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
        theta = torch.zeros(n, 2, 3, device=device)
        theta[:, 0, 0], theta[:, 1, 1] = zoom, zoom.abs()
        room = (1 - zoom.abs())[:, None]
        theta[:, :, 2] = (torch.rand(n, 2, device=device) * 2 - 1) * room
        total = torch.zeros(n, 3, SIDE, SIDE, device=device)
        for step in range(STEPS):
            moved = theta.clone()
            moved[:, :, 2] += pan * (step / (STEPS - 1) - 0.5) * 2 / SIDE * zoom.abs()[:, None]
            grid = F.affine_grid(moved, [n, 3, SIDE, SIDE], align_corners=False)
            total += F.grid_sample(source, grid, align_corners=False, padding_mode="reflection")
        return total / STEPS

    def _texture(self, n: int, side: int) -> Tensor:
        """Noise of several sizes between random colours; some of it coarse blots like a crowd's."""
        device = self.device
        total = torch.rand(n, 3, 1, 1, device=device).expand(n, 3, side, side).clone()
        strength = torch.rand(n, 1, 1, 1, device=device)
        for cells in (3, 6, 12, 24, 48, 96):
            noise = (
                torch.randn(n, 3, cells, cells, device=device) * 0.25 * torch.rand(n, 1, 1, 1, device=device)
            )
            mode = "nearest" if cells in (12, 48) and torch.rand(()) < 0.5 else "bilinear"
            total += strength * F.interpolate(noise, size=(side, side), mode=mode)
        return total.clamp(0, 1)

    def in_front(self, light: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures with bars, discs and boxes before some, and which joints (N, 17) those hide."""
        n, device = len(light), self.device
        ticks = (torch.arange(SIDE, device=device) + 0.5).float()
        there = torch.rand(n, device=device) < COVERED
        centre = joints.mean(1) + 55 * torch.randn(n, 2, device=device)
        angle = torch.pi * torch.rand(n, device=device)
        size = torch.stack(
            [4 + 26 * torch.rand(n, device=device), 12 + 130 * torch.rand(n, device=device) ** 2], 1
        )
        round_ = torch.rand(n, device=device) < 0.4

        def covers(x: Tensor, y: Tensor) -> Tensor:
            extra = (1,) * (x.dim() - 1)
            c, s = (f(angle).view(-1, *extra) for f in (torch.cos, torch.sin))
            dx, dy = x - centre[:, 0].view(-1, *extra), y - centre[:, 1].view(-1, *extra)
            a = (c * dx + s * dy).abs() / size[:, 0].view(-1, *extra)
            b = (c * dy - s * dx).abs() / size[:, 1].view(-1, *extra)
            inside = torch.where(round_.view(-1, *extra), a * a + b * b < 1, (a < 1) & (b < 1))
            return inside & there.view(-1, *extra)

        mask = covers(ticks[None, None, :].expand(n, 1, SIDE), ticks[None, :, None].expand(n, SIDE, 1))
        thing = self._texture(n, 64)
        thing = F.interpolate(thing, size=(SIDE, SIDE), mode="bilinear") ** GAMMA
        covered = covers(joints[..., 0], joints[..., 1])
        return torch.where(mask[:, None], thing, light), covered
