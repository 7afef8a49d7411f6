"""The network of the window embedding: it embeds every pose of a window alone, then all of them together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vpd.teachers.vipe.body import L_HIP, L_SHOULDER, R_HIP, R_SHOULDER
from vpd.teachers.vipe.keypoints import INPUTS, encoder_input
from vpd.teachers.vipe.network import Encoder

EACH = 256
"""Width of the vector kept of every pose."""
TORSO = [L_SHOULDER, R_SHOULDER, L_HIP, R_HIP]
NEAREST, FARTHEST = -1.0, 1.0
"""Limits of the logarithm of a pose's size relative to the window's."""


class VipeWindowEncoder(nn.Module):
    """Windows of K poses, the middle one at index K // 2, to embeddings (B, d).

    It starts as the pose embedding `vpd.teachers.vipe` of the middle pose, which is not trained further. It
    learns what to add from the poses around it.
    """

    def __init__(self, pose: Encoder, frames: int, width: int) -> None:
        super().__init__()
        d = pose.last.out_features
        self.pose = pose.requires_grad_(False)
        self.project = nn.Linear(INPUTS + d + 1, EACH)
        self.mix = nn.Linear(EACH * frames, width)
        self.middle = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.last = nn.Linear(width, d)
        nn.init.normal_(self.last.weight, std=1e-3)
        nn.init.zeros_(self.last.bias)
        share = torch.zeros(frames)
        share[frames // 2] = 3.0
        self.share = nn.Parameter(share)

    def forward(self, xy: Tensor, visibility: Tensor) -> Tensor:
        """Embed (B, K, 13, 2) joints, y down, any scale, with (B, K, 13) visibility in 0..1; 0 for missing
        joints.
        """
        b, k = xy.shape[:2]
        normalised = encoder_input(xy.flatten(0, 1), visibility.flatten(0, 1))
        poses = self.pose(normalised).view(b, k, -1)
        seen = torch.cat([normalised.view(b, k, -1), poses, _relative_size(xy, visibility)], dim=2)
        x = torch.relu(self.mix(torch.relu(self.project(seen)).flatten(1)))
        for layer in self.middle:
            x = x + torch.relu(layer(x))
        start = (poses * torch.softmax(self.share, 0)[:, None]).sum(1)
        out: Tensor = self.last(x) + start
        return out


def torso_size(xy: Tensor) -> Tensor:
    """(B, K) largest distance of two torso joints of each pose (B, K, 13, 2)."""
    torso = xy[:, :, TORSO]
    size: Tensor = (torso[:, :, :, None] - torso[:, :, None]).norm(dim=-1).flatten(2).amax(2)
    return size


def _relative_size(xy: Tensor, visibility: Tensor) -> Tensor:
    """(B, K, 1) logarithm of each torso's size minus its mean. Normalising each pose alone removes this
    information.

    A torso that leans towards the camera is shorter. A torso with a missing joint counts as the mean.
    """
    whole = (visibility[:, :, TORSO] > 0).all(2)
    found = torso_size(xy).clamp_min(1e-6).log()
    mean = (found * whole).sum(1, keepdim=True) / whole.sum(1, keepdim=True).clamp_min(1)
    relative: Tensor = ((found - mean) * whole).clamp(NEAREST, FARTHEST)
    return relative[..., None]
