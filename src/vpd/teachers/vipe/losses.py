"""The losses of VIPE*: pairs of views, decoded 3D poses, and distances that match those of the poses."""

from __future__ import annotations

import torch
from torch import Tensor

MARGIN = 1.0
"""Negatives are pushed apart up to this distance (paper)."""


def hinge_embedding_loss(a: Tensor, b: Tensor, negative: Tensor, has_negative: Tensor) -> Tensor:
    """Mean over (B, d) pairs of the distance, and of max(0, 1 - distance) to the negatives where there is
    one."""
    positive = (a - b).norm(dim=1)
    apart = (MARGIN - (a - negative).norm(dim=1)).clamp_min(0)
    loss: Tensor = positive.mean() + (apart * has_negative).sum() / has_negative.sum().clamp_min(1)
    return loss


def metric_loss(a: Tensor, b: Tensor, targets: Tensor) -> Tensor:
    """Mean squared difference between distances of embeddings across views and distances of their 3D targets.

    All B x B pairs of the batch take part, so one batch holds many graded negatives instead of one each.
    """
    near = torch.cdist(targets, targets)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    apart = (squared.clamp_min(0) + 1e-6).sqrt()
    loss: Tensor = ((apart - near) ** 2).mean()
    return loss
