"""What MoveNet's heads should say, as its published weights say it, and how far they are from it.

On sure joints of the published network: heatmaps are round, about 1.6 cells wide and 0.9 high, centred on the
middle of the cell that holds the joint; the centre of a person is the mean of the joints; offsets and
regressions count from the cell's corner, and hold in all cells about.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tools.pose.pictures import Batch

CELL = 4.0
"""Pixels of a cell."""
CELLS = 64
SPREAD, CENTRE_SPREAD = 1.6, 1.4
HEIGHT, CENTRE_HEIGHT = 0.92, 0.95
HIDDEN_HEIGHT = 0.5
"""Of joints that something else covers."""
OUTSIDE_WEIGHT = 0.2
"""Of regressions to joints out of the picture."""
WEIGHTS = {"heatmap": 1.0, "center": 0.3, "regress": 0.4, "offset": 0.5}


def spots(joints: Tensor, heights: Tensor, spread: float) -> Tensor:
    """Round spots (..., 64, 64) at ``joints`` (..., 2) in pixels, of ``heights`` (...)."""
    ticks = torch.arange(CELLS, device=joints.device, dtype=joints.dtype)
    at = joints / CELL - 0.5
    along = torch.exp(-((ticks - at[..., None]) ** 2) / (2 * spread**2))
    return heights[..., None, None] * along[..., 1, :, None] * along[..., 0, None, :]


def in_picture(joints: Tensor) -> Tensor:
    """Which joints (..., 2) in pixels lie in the picture (...)."""
    return ((joints >= 0) & (joints < CELL * CELLS)).all(-1)


def heat_targets(
    joints: Tensor, seen: Tensor, others: Tensor, others_in: Tensor, others_seen: Tensor
) -> tuple[Tensor, Tensor]:
    """Heatmaps (N, 17, 64, 64) and centre maps (N, 1, 64, 64) of a rendered batch (`tools.pose.pictures`)."""
    heights = torch.where(seen, HEIGHT, HIDDEN_HEIGHT) * in_picture(joints)
    heat = spots(joints, heights, SPREAD)
    centre = spots(centres(joints), torch.full_like(heights[:, 0], CENTRE_HEIGHT), CENTRE_SPREAD)
    if len(others):
        beside = spots(others, HEIGHT * (others_seen & in_picture(others)), SPREAD)
        index = others_in[:, None, None, None].expand_as(beside)
        heat = heat.scatter_reduce(0, index, beside, "amax")
        present = (others_seen & in_picture(others)).float().mean(1) > 0.4
        middle = spots(centres(others), CENTRE_HEIGHT * present, CENTRE_SPREAD)
        centre = centre.scatter_reduce(0, others_in[:, None, None].expand_as(middle), middle, "amax")
    return heat, centre[:, None]


def centres(joints: Tensor) -> Tensor:
    """The mean (N, 2) of the joints (N, 17, 2) that lie in the picture."""
    inside = in_picture(joints)[..., None]
    mean = (joints * inside).sum(1) / inside.sum(1).clamp_min(1)
    return mean.clamp(0, CELL * CELLS - 1)


def surprise(logits: Tensor, wanted: Tensor, mask: Tensor | None = None) -> Tensor:
    """Cross-entropy beyond the least possible, summed over cells, meaned over maps."""
    wanted = wanted.clamp(0, 1)
    least = F.binary_cross_entropy(wanted, wanted, reduction="none")
    lost = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") - least
    if mask is not None:
        lost = lost * mask
    return lost.sum((2, 3)).mean()


def place_losses(
    heads: dict[str, Tensor], joints: Tensor, weights: Tensor, about: Tensor, centre: Tensor
) -> dict[str, Tensor]:
    """Errors in cells of ``regress`` and ``offset`` for ``joints`` (N, 17, 2) that count ``weights`` (N, 17).

    Offsets are asked for where ``about`` (N, 17, 64, 64) is, regressions where ``centre`` (N, 64, 64) is.
    """
    ticks = torch.arange(CELLS, device=joints.device, dtype=joints.dtype)
    y = (joints[..., 1, None] / CELL - ticks)[..., :, None].expand(-1, -1, -1, CELLS)
    x = (joints[..., 0, None] / CELL - ticks)[..., None, :].expand(-1, -1, CELLS, -1)
    wanted = torch.stack([y, x], 2)
    found = {}
    for name, weight in (("regress", centre[:, None] * weights[..., None, None]), ("offset", about)):
        at = heads[name].unflatten(1, (17, 2))
        lost = F.smooth_l1_loss(at, wanted, reduction="none", beta=1.0).mean(2)
        found[name] = (lost * weight).sum() / weight.sum().clamp_min(1)
    return found


def rendered_loss(heads: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
    """The losses of a rendered batch by head."""
    joints = batch.joints
    heat, centre = heat_targets(joints, batch.seen, batch.others, batch.others_in, batch.others_seen)
    inside = in_picture(joints)
    sure = inside.float()
    near = spots(joints, sure, 1.2)
    middle = spots(centres(joints), torch.ones_like(sure[:, 0]), 1.2)
    weights = torch.where(inside, 1.0, OUTSIDE_WEIGHT)
    return {
        "heatmap": surprise(heads["heatmap"], heat),
        "center": surprise(heads["center"], centre),
        **place_losses(heads, joints, weights, near, middle),
    }


def kept_loss(heads: dict[str, Tensor], teacher: dict[str, Tensor]) -> dict[str, Tensor]:
    """How far the heads are from the teacher's for the same view."""
    heat, centre = teacher["heatmap"].sigmoid(), teacher["center"].sigmoid()
    found = {
        "heatmap": surprise(heads["heatmap"], heat),
        "center": surprise(heads["center"], centre),
    }
    for name, weight in (("regress", centre.expand(-1, 17, -1, -1)), ("offset", heat)):
        weight = (weight**2)[:, :, None]
        apart = F.smooth_l1_loss(heads[name], teacher[name], reduction="none", beta=1.0).unflatten(1, (17, 2))
        found[name] = (apart * weight).sum() / weight.sum().clamp_min(1) / 2
    return found


def total(losses: dict[str, Tensor]) -> Tensor:
    """The weighted sum."""
    return sum(
        (WEIGHTS[name] * value for name, value in losses.items()), torch.zeros(()).to(losses["heatmap"])
    )
