"""The paper's augmentations (supplement), applied to a batch on the device.

Random parameters are drawn on the CPU for the whole batch of all processes. So a seed means the same on every
device and with any number of processes. Only the noise's pixels are drawn on the device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from vpd.crops.encoding import ZERO_FLOW
from vpd.settings.distill import AugmentSettings
from vpd.student.corpus.batches import Batch
from vpd.student.corpus.inputs import InputSpec

HULL_DIRECTIONS = 24
"""Number of directions in which a person's hull is bounded."""
GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey (ITU-R BT.601), as in torchvision."""


@dataclass(frozen=True)
class Draw:
    """Random parameters of N crops.

    Attributes
    ----------
    corner, extent : (N, 2) x, y of the random crop in fractions of the crop.
    flip : (N,) bool.
    colour : (N, 4) factors of brightness, contrast, saturation, and turn of hue in radians.
    noise : (N,) bool.
    """

    corner: Tensor
    extent: Tensor
    flip: Tensor
    colour: Tensor
    noise: Tensor

    def rows(self, rows: slice | Tensor) -> Draw:
        """The parameters of some crops."""
        return Draw(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def to(self, device: torch.device) -> Draw:
        """Copy to a device."""
        return Draw(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def draw(n: int, settings: AugmentSettings, generator: torch.Generator) -> Draw:
    """Draw parameters for ``n`` crops, on the CPU."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator)

    area = uniform(settings.min_area, 1)
    aspect = uniform(-math.log(settings.max_aspect), math.log(settings.max_aspect)).exp()
    extent = torch.stack([(area * aspect).sqrt(), (area / aspect).sqrt()], 1).clamp(max=1)
    corner = (1 - extent) * uniform(0, 1, 2)
    flip = uniform(0, 1) < 0.5 * settings.flip
    reach = [settings.brightness, settings.contrast, settings.saturation]
    factors = torch.stack([uniform(1 - r, 1 + r) for r in reach], 1)
    turn = uniform(-settings.hue, settings.hue, 1) * 2 * math.pi
    noise = uniform(0, 1) < settings.noise_share
    return Draw(corner, extent, flip, torch.cat([factors, turn], 1), noise)


def _resample(pictures: Tensor, drawn: Draw) -> Tensor:
    """Cut the random crops of (N, C, S, S), mirror them where drawn, and resize them to S."""
    sign = 1 - 2 * drawn.flip.float()
    centre = 2 * (drawn.corner + drawn.extent / 2) - 1
    theta = torch.zeros(len(pictures), 2, 3, device=pictures.device)
    theta[:, 0, 0], theta[:, 1, 1] = drawn.extent[:, 0] * sign, drawn.extent[:, 1]
    theta[:, :, 2] = centre
    grid = affine_grid(theta, list(pictures.shape), align_corners=False)
    return grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


def colour_matrices(colour: Tensor) -> tuple[Tensor, Tensor]:
    """Brightness, saturation and hue as one matrix (N, 3, 3), and the share (N,) of the mean grey that
    contrast adds.

    Each is linear in the colours. Hue is a rotation about the grey axis.
    """
    n, device = len(colour), colour.device
    brightness, contrast, saturation, turn = colour.unbind(1)
    grey = torch.tensor(GREY, device=device).expand(3, 3)
    one = torch.eye(3, device=device)
    saturate = saturation.view(n, 1, 1) * one + (1 - saturation).view(n, 1, 1) * grey
    axis = torch.ones(3, 3, device=device) / 3
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=device) / math.sqrt(3)
    cos, sin = turn.cos().view(n, 1, 1), turn.sin().view(n, 1, 1)
    hue = cos * one + (1 - cos) * axis + sin * cross
    return (brightness * contrast).view(n, 1, 1) * (hue @ saturate), (1 - contrast) * brightness


def jitter(colours: Tensor, colour: Tensor) -> Tensor:
    """Change colours (N, 3, H, W) in 0..255 by the factors (N, 4). The result is not yet limited to
    0..255.
    """
    matrix, share = colour_matrices(colour)
    grey = torch.tensor(GREY, device=colours.device)
    mean = torch.einsum("nchw,c->n", colours, grey) / (colours.shape[2] * colours.shape[3])
    flat = colours.flatten(2)
    return torch.baddbmm((share * mean).view(-1, 1, 1), matrix, flat).view(colours.shape)


def person_masks(joints: Tensor, size: int, margin: float) -> Tensor:
    """Mask of the person: (N, 1, size, size) bool, the hull of the joints (N, J, 2) grown by ``margin``.

    Joints and margin are fractions of the crop. The hull is bounded in 24 directions. Joints that are not
    finite give an empty mask.
    """
    angles = torch.arange(HULL_DIRECTIONS, device=joints.device) * (2 * math.pi / HULL_DIRECTIONS)
    directions = torch.stack([angles.cos(), angles.sin()])
    reach = (joints @ directions).amax(1) + margin
    ticks = (torch.arange(size, device=joints.device) + 0.5) / size
    inside = torch.ones(len(joints), size, size, dtype=torch.bool, device=joints.device)
    for k in range(HULL_DIRECTIONS):
        x, y = directions[:, k]
        inside &= (ticks * x)[None, None, :] + (ticks * y)[None, :, None] <= reach[:, k, None, None]
    return inside[:, None]


def _add_noise(
    colours: Tensor, batch: Batch, drawn: Draw, settings: AugmentSettings, generator: torch.Generator
) -> Tensor:
    """Add noise to the background of the crops drawn for it. A crop without a pose and a mask gets none."""
    joints, wanted = batch.joints, batch.joints.isfinite().all(dim=(1, 2))
    if batch.masks is not None:
        wanted = wanted | batch.masks[1]
    rows = (drawn.noise & wanted).nonzero()[:, 0]
    if not len(rows):
        return colours
    points = (joints[rows] - drawn.corner[rows, None]) / drawn.extent[rows, None]
    x = torch.where(drawn.flip[rows, None], 1 - points[..., 0], points[..., 0])
    points = torch.stack([x, points[..., 1]], -1)
    background = ~person_masks(points, colours.shape[-1], settings.person_margin)
    if batch.masks is not None:
        masks, there = batch.masks[0][rows], batch.masks[1][rows]
        given = _resample(masks[:, None].float(), drawn.rows(rows)) > 0
        background = torch.where(there.view(-1, 1, 1, 1), ~given, background)
    shape = (len(rows), *colours.shape[1:])
    noise = torch.randn(shape, generator=generator, device=colours.device)
    noise *= 255 * math.sqrt(settings.noise_variance)
    return colours.index_add(0, rows, noise * background)


def augment(
    batch: Batch,
    drawn: Draw,
    spec: InputSpec,
    settings: AugmentSettings,
    generator: torch.Generator,
) -> Tensor:
    """Change the channels (N, C, S, S) float32, in the units of bytes, as drawn.

    ``generator`` is the device's. Flow is scaled with the crop. Its x is negated where the crop is mirrored.
    """
    pictures = batch.raw.permute(0, 3, 1, 2).float().contiguous()
    pictures = _resample(pictures, drawn)
    colours = pictures[:, : 3 * spec.pictures]
    if spec.pictures:
        n, _, size, _ = colours.shape
        each = drawn.colour.repeat_interleave(spec.pictures, 0)
        colours = jitter(colours.reshape(n * spec.pictures, 3, size, size), each).view(n, -1, size, size)
        colours = _add_noise(colours, batch, drawn, settings, generator).clamp(0, 255)
    if not spec.flow:
        return colours
    sign = torch.stack([1 - 2 * drawn.flip.float(), torch.ones_like(drawn.extent[:, 1])], 1)
    flow = pictures[:, 3 * spec.pictures :]
    flow = ZERO_FLOW + (flow - ZERO_FLOW) * (sign / drawn.extent)[:, :, None, None]
    return torch.cat([colours, flow], 1)


def oriented(values: Tensor, flip: Tensor) -> Tensor:
    """Targets (N, D) of the inputs' orientation, from those of both (N, 2, D). ``flip`` (N,) marks mirrored
    inputs.
    """
    return torch.where(flip[:, None], values[:, 1], values[:, 0])
