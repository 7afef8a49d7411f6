"""What cameras, encoders and crops do to pictures: defocus, small sizes, noise, compression, colour."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

GAMMA = 2.2
LUMA = torch.tensor(
    [[16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
     [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
     [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]]
)  # fmt: skip
"""The luminance table of JPEG (ITU-T T.81, K.1)."""
YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
GROUPS = ((1.0, 1.0), (0.55, 1.0), (0.35, 0.6), (0.2, 0.4))
"""Ranges of sizes that a quarter of the pictures each is shrunk to before it is enlarged again."""


def to_screen(light: Tensor) -> Tensor:
    """Linear light as 0..1 values of a screen."""
    return light.clamp(0, 1) ** (1 / GAMMA)


def degraded(pictures: Tensor, *, strength: float = 1.0) -> Tensor:
    """Pictures (N, 3, S, S) in 0..1 as a camera and an encoder leave them, in random order of strength."""
    n, device = len(pictures), pictures.device
    pictures = _colored(pictures, strength)
    order = torch.randperm(n, device=device)
    out = torch.empty_like(pictures)
    for (low, high), rows in zip(GROUPS, order.chunk(len(GROUPS)), strict=False):
        if not len(rows):
            continue
        share = 1 - strength * (1 - (low + (high - low) * float(torch.rand(()))))
        out[rows] = _coded(pictures[rows], share, strength)
    return out


def _colored(pictures: Tensor, strength: float) -> Tensor:
    n, device = len(pictures), pictures.device

    def draw(*shape: int) -> Tensor:
        return strength * torch.randn(n, *shape, 1, 1, device=device)

    gain = torch.exp(0.15 * draw(1) + 0.05 * draw(3))
    gamma = torch.exp(0.2 * draw(1))
    grey = pictures.mean(1, keepdim=True)
    vivid = (1 + 0.3 * draw(1)).clamp(0, 2)
    pictures = (grey + vivid * (pictures - grey)).clamp(1e-4, 1) ** gamma * gain
    middle = pictures.mean((1, 2, 3), keepdim=True)
    return (middle + (1 + 0.2 * draw(1)).clamp(0.3, 2) * (pictures - middle) + 0.04 * draw(1)).clamp(0, 1)


def _coded(pictures: Tensor, share: float, strength: float) -> Tensor:
    side = pictures.shape[-1]
    small = max(8 * round(side * share / 8), 48)
    if small < side:
        pictures = F.interpolate(pictures, size=(small, small), mode="bilinear", antialias=True)
    n, device = len(pictures), pictures.device
    soft = torch.rand(n, device=device) < 0.35 * strength
    blurred = _blurred(pictures, 0.4 + 1.0 * float(torch.rand(())))
    pictures = torch.where(soft[:, None, None, None], blurred, pictures)
    noise = 0.03 * strength * torch.rand(n, 1, 1, 1, device=device) ** 2
    pictures = pictures + noise * torch.randn_like(pictures)
    quality = 1 / (0.06 + 2.2 * strength * torch.rand(n, device=device) ** 2)
    pictures = compressed(pictures.clamp(0, 1), quality)
    if small < side:
        mode = "bilinear" if torch.rand(()) < 0.6 else "bicubic"
        pictures = F.interpolate(pictures, size=(side, side), mode=mode)
    return pictures.clamp(0, 1)


def _blurred(pictures: Tensor, sigma: float) -> Tensor:
    radius = math.ceil(2.5 * sigma)
    ticks = torch.arange(-radius, radius + 1, device=pictures.device)
    kernel = torch.exp(-0.5 * (ticks / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    padded = F.pad(pictures, (radius, radius, radius, radius), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel, groups=3), kernel.transpose(2, 3), groups=3)


def moved(pictures: Tensor, path: Tensor, steps: int = 9) -> Tensor:
    """Pictures (N, 3, S, S) blurred along ``path`` (N, 2) pixels, as by a camera that moves."""
    n, side = len(pictures), pictures.shape[-1]
    theta = torch.eye(2, 3, device=pictures.device).repeat(n, 1, 1)
    total = torch.zeros_like(pictures)
    for step in range(steps):
        theta[:, :, 2] = path * (step / (steps - 1) - 0.5) * 2 / side
        grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
        total += F.grid_sample(pictures, grid, align_corners=False, padding_mode="border")
    return total / steps


def compressed(pictures: Tensor, quality: Tensor) -> Tensor:
    """JPEG's loss: blocks of 8 x 8 of luma and colour, rounded in steps of its table over ``quality`` (N,).

    Sides are multiples of 8. Quality 1 is about JPEG's 50, 4 about 87.
    """
    n, _, height, width = pictures.shape
    device = pictures.device
    k, i = torch.meshgrid(torch.arange(8.0, device=device), torch.arange(8.0, device=device), indexing="ij")
    basis = torch.cos((2 * i + 1) * k * math.pi / 16) * 0.5
    basis[0] /= math.sqrt(2)
    ycc = torch.einsum("ij,njhw->nihw", YCC.to(device), pictures * 255 - 128)
    blocks = ycc.view(n, 3, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5)
    waves = basis @ blocks @ basis.T
    table = LUMA.to(device) * torch.tensor([1.0, 1.6, 1.6], device=device)[:, None, None]
    step = (table / quality[:, None, None, None]).clamp_min(1)[:, :, None, None]
    blocks = basis.T @ ((waves / step).round() * step) @ basis
    ycc = blocks.permute(0, 1, 2, 4, 3, 5).reshape(n, 3, height, width)
    rgb = torch.einsum("ij,njhw->nihw", torch.linalg.inv(YCC).to(device), ycc)
    return ((rgb + 128) / 255).clamp(0, 1)
