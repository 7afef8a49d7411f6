"""What is known of joints beforehand, as networks: where a student that reads joints starts from.

Each takes the joints (N, K, 17, 2) and scores (N, K, 17) of a frame's context and, last, of the frame itself,
and gives (N, K, d), what it says of every frame, or (N, 1, d), what it says of all together.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from vpd.errors import InputError
from vpd.pose.skeleton import BODY13, MIRROR13
from vpd.teachers import vipe_window
from vpd.teachers.vipe import shipped
from vpd.teachers.vipe.keypoints import encoder_input


class Joints2dAnchor(nn.Module):
    """`vpd.teachers.joints2d` on tensors: the embedding's input where every joint is seen."""

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """To (N, K, 26)."""
        body = joints.flatten(0, 1)[:, list(BODY13)]
        normalised = encoder_input(body, torch.ones_like(body[..., 0]))
        return normalised.view(*scores.shape[:2], 13, 3)[..., :2].flatten(2)


class VipeAnchor(nn.Module):
    """`vpd.teachers.vipe` on tensors, with every joint seen; with ``invert`` also of the pose upside down."""

    def __init__(self, invert: bool) -> None:
        super().__init__()
        model = shipped()
        # A copy: a student keeps the embedding it was made with.
        self.encoder = deepcopy(model.encoder).requires_grad_(False)
        self.least, self.invert = model.card.min_score, invert

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """To (N, K, 64), or (N, K, 128) with ``invert``."""
        body = joints.flatten(0, 1)[:, list(BODY13)]
        seen = scores.flatten(0, 1)[:, list(BODY13)].clamp(self.least, 1)
        parts = [self.encoder(encoder_input(body, seen))]
        if self.invert:
            parts.append(self.encoder(encoder_input(*_upside_down(body, seen))))
        return torch.cat(parts, 1).view(*scores.shape[:2], -1)


class VipeWindowAnchor(nn.Module):
    """The shipped embedding of movements: one answer for the frame and its context together.

    ``context_s`` are the context's seconds. Raises InputError where the embedding was trained for others.
    """

    order: Tensor

    def __init__(self, context_s: tuple[float, ...]) -> None:
        super().__init__()
        model = vipe_window.shipped()
        seconds = [*context_s, 0.0]
        if tuple(sorted(seconds)) != model.card.offsets_s:
            raise InputError(
                f"the embedding of movements needs context_s = {list(model.card.offsets_s)}, less 0"
            )
        self.encoder = deepcopy(model.encoder).requires_grad_(False)
        self.least = model.card.min_score
        order = sorted(range(len(seconds)), key=seconds.__getitem__)
        self.register_buffer("order", torch.tensor(order), persistent=False)

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """To (N, 1, 64)."""
        joints, scores = joints[:, self.order], scores[:, self.order]
        found: Tensor = self.encoder(
            joints[:, :, list(BODY13)], scores[:, :, list(BODY13)].clamp(self.least, 1)
        )
        return found[:, None]


def _upside_down(body: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    order = list(MIRROR13)
    return body[:, order] * body.new_tensor([1.0, -1.0]), seen[:, order]


def anchor(teacher: str, d: int, context_s: tuple[float, ...]) -> nn.Module | None:
    """The network that says what ``teacher`` (features of size ``d``) says of joints; None where unknown."""
    if teacher == "vipe-window":
        return VipeWindowAnchor(context_s)
    if teacher == "joints2d":
        return Joints2dAnchor()
    if teacher == "vipe":
        size = shipped().card.d
        return VipeAnchor(d == 2 * size) if d in (size, 2 * size) else None
    return None
