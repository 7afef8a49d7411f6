"""Measure how well a student predicts held-out frames: fixed frames, fixed order, no augmentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from vpd.settings.distill import DistillSettings
from vpd.student.corpus.training_batch import TrainingBatch
from vpd.student.network.base import BaseStudent
from vpd.student.training.losses import distillation_loss, normalised_targets


@dataclass(frozen=True)
class Validation:
    """Loss a frame, and explained variance of the first head's pose and motion (NaN where there is none)."""

    loss: float
    pose_r2: float
    motion_r2: float


def _r2(sums: Tensor, first: int, stop: int) -> float:
    """1 - error / variance over the components first..stop of sums (4, D): of weight, wy, wy^2, and squared
    error.
    """
    weight, total, squares, error = sums[:, first:stop]
    variance = (squares - total**2 / weight.clamp(min=1e-9)).sum()
    return float(1 - error.sum() / variance) if stop > first and variance > 0 else float("nan")


@torch.inference_mode()
def validate(
    student: BaseStudent, batches: Iterable[TrainingBatch], settings: DistillSettings, bfloat16: bool
) -> Tensor:
    """Sums over the batches (2 + 4 D,). They are added over processes, then evaluated by ``read_validation``.

    Batches are on the student's device.
    """
    student.eval()
    head_weights = [head.weight for head in settings.heads]
    mean, std = student.target_scale(0)
    sums = torch.zeros(4, len(mean), dtype=torch.float64, device=mean.device)
    loss = torch.zeros(2, dtype=torch.float64, device=mean.device)
    for batch in batches:
        with torch.autocast(mean.device.type, torch.bfloat16, enabled=bfloat16):
            predictions = student(*batch.inputs)
        targets = normalised_targets(student, batch.values)
        error_sum = distillation_loss(predictions, targets, batch.weights, head_weights, settings.loss)
        loss[0] += len(batch) * error_sum
        loss[1] += len(batch)
        weight = batch.weights[0].double()
        value = batch.values[0].double()
        error = (predictions[0].double() * std + mean - value).square()
        sums += torch.stack([s.sum(0) for s in (weight, weight * value, weight * value**2, weight * error)])
    student.train()
    return torch.cat([loss, sums.flatten()])


def read_validation(sums: Tensor, student: BaseStudent) -> Validation:
    """The figures from the sums of ``validate``."""
    pose = student.spec.heads[0].teacher_d
    table = sums[2:].view(4, -1)
    return Validation(float(sums[0] / sums[1]), _r2(table, 0, pose), _r2(table, pose, table.shape[1]))
