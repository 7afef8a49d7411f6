"""The losses of VIPE*: pairs of views, distances that match those of the 3D poses, and nearest neighbours."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

MARGIN = 1.0
"""Negatives are pushed apart up to this distance (paper)."""


def hinge_embedding_loss(a: Tensor, b: Tensor, negative: Tensor, has_negative: Tensor) -> Tensor:
    """Mean over (B, d) pairs of the distance, and of max(0, 1 - distance) to the negatives where there is
    one."""
    positive = (a - b).norm(dim=1)
    apart = (MARGIN - (a - negative).norm(dim=1)).clamp_min(0)
    loss: Tensor = positive.mean() + (apart * has_negative).sum() / has_negative.sum().clamp_min(1)
    return loss


def distances(a: Tensor, b: Tensor) -> Tensor:
    """(B, B) L2 distances between the rows of (B, d) and (B, d), with gradients everywhere."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return (squared.clamp_min(0) + 1e-6).sqrt()


def metric_loss(apart: Tensor, near: Tensor) -> Tensor:
    """Mean squared difference between (B, B) distances of embeddings across views and those of their 3D
    targets.

    All B x B pairs of the batch take part, so one batch holds many graded negatives instead of one each.
    """
    loss: Tensor = ((apart - near) ** 2).mean()
    return loss


def neighbour_loss(apart: Tensor, near: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of who is nearest in the other view: softmax of ``-apart / temperature`` by rows and by
    columns against that of the distances ``near`` of the 3D targets, both (B, B).

    Pairs that are far apart dominate `metric_loss`; this loss depends on the few near pairs, among which
    nearest neighbours are decided.
    """
    wanted, found = torch.softmax(-near / temperature, 1), -apart / temperature
    by_row = functional.cross_entropy(found, wanted)
    return (by_row + functional.cross_entropy(found.T, wanted)) / 2
