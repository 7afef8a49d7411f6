"""The objective (paper, equation 1): squared error summed over components, mean over frames."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from vpd.student.network.student import Student

HUBER_DELTA = 1.0
"""Where Huber's loss turns from square to straight, in deviations of a standardised target."""

TEMPERATURE = 0.1
"""Of the contrastive term's cosines."""


def errors(prediction: Tensor, target: Tensor, kind: Literal["squared", "huber"]) -> Tensor:
    """Error of every component (N, D); Huber's is scaled so that both agree for small errors."""
    difference = prediction.float() - target
    if kind == "squared":
        return difference.square()
    size = difference.abs()
    straight = HUBER_DELTA * (2 * size - HUBER_DELTA)
    return torch.where(size <= HUBER_DELTA, difference.square(), straight)


def normalised_targets(student: Student, values: list[Tensor]) -> list[Tensor]:
    """Each head's targets (N, D) brought to the student's scale."""
    scales = [student.target_scale(i) for i in range(len(values))]
    return [(value - mean) / std for value, (mean, std) in zip(values, scales, strict=True)]


def contrastive_loss(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """How hard it is to find each frame's own target (N, D) among the batch's by its prediction (N, D).

    InfoNCE (van den Oord et al. 2018) over cosines of standardised features, of frames whose target is known.
    """
    known = (weight > 0).all(1)
    said, meant = (F.normalize(part[known].float(), dim=1) for part in (prediction, target))
    if len(said) < 2:
        return prediction.new_zeros((), dtype=torch.float32)
    return F.cross_entropy(said @ meant.T / TEMPERATURE, torch.arange(len(said), device=said.device))


def distillation_loss(
    predictions: list[Tensor],
    targets: list[Tensor],
    weights: list[Tensor],
    head_weights: list[float],
    kind: Literal["squared", "huber"],
) -> Tensor:
    """The loss of a batch: over heads by their weight, over components by theirs."""
    total = predictions[0].new_zeros((), dtype=torch.float32)
    heads = zip(predictions, targets, weights, head_weights, strict=True)
    for prediction, target, weight, head_weight in heads:
        total = total + head_weight * (weight * errors(prediction, target, kind)).sum(1).mean()
    return total
