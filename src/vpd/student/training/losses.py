"""The objective (paper, equation 1): squared error summed over components, mean over frames."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from vpd.student.network.base import BaseStudent

HUBER_DELTA = 1.0
"""Error, in standard deviations of a target, from which Huber's loss grows linearly."""


def errors(prediction: Tensor, target: Tensor, kind: Literal["squared", "huber"]) -> Tensor:
    """The error of every component (N, D). Huber's is scaled so that both losses agree for small errors."""
    difference = prediction.float() - target
    if kind == "squared":
        return difference.square()
    size = difference.abs()
    straight = HUBER_DELTA * (2 * size - HUBER_DELTA)
    return torch.where(size <= HUBER_DELTA, difference.square(), straight)


def normalised_targets(student: BaseStudent, values: list[Tensor]) -> list[Tensor]:
    """Each head's targets (N, D), normalised by the student's scale."""
    scales = [student.target_scale(i) for i in range(len(values))]
    return [(value - mean) / std for value, (mean, std) in zip(values, scales, strict=True)]


def distillation_loss(
    predictions: list[Tensor],
    targets: list[Tensor],
    weights: list[Tensor],
    head_weights: list[float],
    kind: Literal["squared", "huber"],
) -> Tensor:
    """The loss of a batch (paper, equation 1): weighted errors (N, D), summed over components, averaged over
    the N frames, and summed over heads by ``head_weights``.
    """
    total = predictions[0].new_zeros((), dtype=torch.float32)
    heads = zip(predictions, targets, weights, head_weights, strict=True)
    for prediction, target, weight, head_weight in heads:
        total = total + head_weight * (weight * errors(prediction, target, kind)).sum(1).mean()
    return total
