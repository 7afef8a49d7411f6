"""Teachers as networks on the joints in readings. The student's feature starts from theirs.

Each maps joints (N, K, 17, 2) in fractions of the crop, and scores (N, K, 17), of a frame's context and,
last, of the frame itself, to (N, K, d), a feature for every frame, or to (N, 1, d), one for all together.
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
    """`vpd.teachers.joints2d`. Every joint counts as found."""

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """Return features (N, K, 26)."""
        body = joints.flatten(0, 1)[:, list(BODY13)]
        normalised = encoder_input(body, torch.ones_like(body[..., 0]))
        return normalised.view(*scores.shape[:2], 13, 3)[..., :2].flatten(2)


class VipeOnTensors(nn.Module):
    """`vpd.teachers.vipe`. Every joint counts as found. With ``invert``, the feature of the pose upside down
    is appended.
    """

    def __init__(self, invert: bool) -> None:
        super().__init__()
        model = shipped()
        # A copy: a student keeps the embedding it was made with.
        self.encoder = deepcopy(model.encoder).requires_grad_(False)
        self.least, self.invert = model.card.min_score, invert

    def forward(self, joints: Tensor, scores: Tensor) -> Tensor:
        """Return features (N, K, 64), or (N, K, 128) with ``invert``."""
        body = joints.flatten(0, 1)[:, list(BODY13)]
        visibility = scores.flatten(0, 1)[:, list(BODY13)].clamp(self.least, 1)
        parts = [self.encoder(encoder_input(body, visibility))]
        if self.invert:
            parts.append(self.encoder(encoder_input(*_flipped(body, visibility))))
        return torch.cat(parts, 1).view(*scores.shape[:2], -1)


def vipe_on_tensors(d: int) -> VipeOnTensors | None:
    """`VipeOnTensors` with features of size ``d``: the embedding's, or twice that, which includes poses
    upside down.
    """
    size = shipped().card.d
    return VipeOnTensors(d == 2 * size) if d in (size, 2 * size) else None


def _flipped(body: Tensor, visibility: Tensor) -> tuple[Tensor, Tensor]:
    """`vpd.teachers.vipe.model.flipped_2d` on tensors."""
    order = list(MIRROR13)
    return body[:, order] * body.new_tensor([1.0, -1.0]), visibility[:, order]


class VipeWindowOnTensors(nn.Module):
    """`vpd.teachers.vipe_window`: one feature for the frame and its context.

    ``context_s`` are the offsets of the context in seconds. Raises InputError where the embedding was trained
    with others.
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
        """Return features (N, 1, 64)."""
        joints, scores = joints[:, self.order], scores[:, self.order]
        found: Tensor = self.encoder(
            joints[:, :, list(BODY13)], scores[:, :, list(BODY13)].clamp(self.least, 1)
        )
        return found[:, None]
