"""Teachers as networks on the joints that a student reads: from their features the student starts.

Each takes joints (N, K, 17, 2) in fractions of the crop and scores (N, K, 17) of a frame's context and, last,
of the frame itself, and gives (N, K, d), a feature for every frame, or (N, 1, d), one of all together.
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


class Joints2dOnTensors(nn.Module):
    """`vpd.teachers.joints2d`, with every joint taken as found."""

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """To (N, K, 26)."""
        body = joints.flatten(0, 1)[:, list(BODY13)]
        normalised = encoder_input(body, torch.ones_like(body[..., 0]))
        return normalised.view(*scores.shape[:2], 13, 3)[..., :2].flatten(2)


class VipeOnTensors(nn.Module):
    """`vpd.teachers.vipe`, with every joint taken as found; with ``invert`` also of the pose upside down."""

    def __init__(self, invert: bool) -> None:
        super().__init__()
        model = shipped()
        # A copy: a student keeps the embedding it was made with.
        self.encoder = deepcopy(model.encoder).requires_grad_(False)
        self.least, self.invert = model.card.min_score, invert

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """To (N, K, 64), or (N, K, 128) with ``invert``."""
        body = joints.flatten(0, 1)[:, list(BODY13)]
        visibility = scores.flatten(0, 1)[:, list(BODY13)].clamp(self.least, 1)
        parts = [self.encoder(encoder_input(body, visibility))]
        if self.invert:
            parts.append(self.encoder(encoder_input(*_flipped(body, visibility))))
        return torch.cat(parts, 1).view(*scores.shape[:2], -1)


def vipe_on_tensors(d: int) -> VipeOnTensors | None:
    """`VipeOnTensors` for features of size ``d``: the embedding's, or twice that with poses upside down."""
    size = shipped().card.d
    return VipeOnTensors(d == 2 * size) if d in (size, 2 * size) else None


def _flipped(body: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
    """`vpd.teachers.vipe.model.flipped_2d` on tensors."""
    order = list(MIRROR13)
    return body[:, order] * body.new_tensor([1.0, -1.0]), visibility[:, order]


class VipeWindowOnTensors(nn.Module):
    """`vpd.teachers.vipe_window`: one feature of the frame and its context together.

    ``context_s`` are the context's seconds. Raises InputError where the embedding was trained for others.
    """

    order: Tensor

    def __init__(self, context_s: tuple[float, ...]) -> None:
        super().__init__()
        model = vipe_window.shipped()
        seconds = [*context_s, 0.0]
        if tuple(sorted(seconds)) != model.card.offsets_s:
            raise InputError(
                "the teacher vipe-window needs, in [distill], context_s = "
                f"{[s for s in model.card.offsets_s if s]}: leave context_s out"
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
