"""What a teacher says of joints, as a network: where a student that reads joints starts from."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from vpd.pose.skeleton import BODY13, MIRROR13
from vpd.teachers.vipe import shipped
from vpd.teachers.vipe.keypoints import encoder_input


class Joints2dAnchor(nn.Module):
    """`vpd.teachers.joints2d` on tensors: the embedding's input where every joint is seen."""

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """Joints (N, 17, 2) and scores (N, 17) to (N, 26)."""
        body = joints[:, list(BODY13)]
        normalised = encoder_input(body, torch.ones_like(scores[:, list(BODY13)]))
        return normalised.view(*body.shape[:2], 3)[..., :2].flatten(1)


class VipeAnchor(nn.Module):
    """`vpd.teachers.vipe` on tensors, with every joint seen; with ``invert`` also of the pose upside down."""

    def __init__(self, invert: bool) -> None:
        super().__init__()
        model = shipped()
        # A copy: a student keeps the embedding it was made with.
        self.encoder = deepcopy(model.encoder).requires_grad_(False)
        self.least, self.invert = model.card.min_score, invert

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """Joints (N, 17, 2) and scores (N, 17) to (N, 64), or (N, 128) with ``invert``."""
        body, seen = joints[:, list(BODY13)], scores[:, list(BODY13)].clamp(self.least, 1)
        parts = [self.encoder(encoder_input(body, seen))]
        if self.invert:
            parts.append(self.encoder(encoder_input(*_upside_down(body, seen))))
        return torch.cat(parts, 1)


def _upside_down(body: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    order = list(MIRROR13)
    return body[:, order] * body.new_tensor([1.0, -1.0]), seen[:, order]


def anchor(teacher: str, d: int) -> nn.Module | None:
    """The network that says what ``teacher`` (features of size ``d``) says of joints; None where unknown."""
    if teacher == "joints2d":
        return Joints2dAnchor()
    if teacher == "vipe":
        size = shipped().card.d
        return VipeAnchor(d == 2 * size) if d in (size, 2 * size) else None
    return None
