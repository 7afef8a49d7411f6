"""The shipped pose network on crops. Its output for one crop is a *reading*."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vpd.pose.movenet_torch import HEADS, decode, load_movenet
from vpd.pose.skeleton import MIRROR17

JOINTS = HEADS["heatmap"]
INPUT = 224
"""Side in pixels of the pose network's input."""
CENTRE = 0.75
"""Fraction of the crop's side that the network sees. Joints span 0.62 of a crop, and MoveNet works best where
people fill the picture. With crops of 128 px, this fraction at 224 px gives poses nearer to those of the full
picture than the whole crop at 256 px, in three quarters of the time (docs/experiments/student.md).
"""
FLOW_WINDOW = 15
"""A joint's flow is the mean over a square whose side is the crop's side divided by this."""


class PoseReader(nn.Module):
    """Crops to readings by the shipped pose network with its original weights.

    A reading has, of the 17 joints: x and y in fractions of the crop (34), scores (17), x and y as regressed
    from the person's centre (34) and, with ``flow``, the normalised flow x and y at the joint (34).
    """

    def __init__(self, flow: bool) -> None:
        super().__init__()
        self.flow = flow
        self.size = JOINTS * (7 if flow else 5)
        self.network = load_movenet().requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Readings (N, ``size``) of normalised inputs (N, C, S, S)."""
        crop = int(inputs.shape[-1])
        edge = round(crop * (1 - CENTRE) / 2)
        centre = inputs[:, :3, edge : crop - edge, edge : crop - edge]
        resized = F.interpolate(centre, size=(INPUT, INPUT), mode="bilinear", align_corners=False)
        heads = {name: head.float() for name, head in self.network(resized).items()}
        joints, score, regressed = decode(heads)
        scale, shift = 1 - 2 * edge / crop, edge / crop
        joints, regressed = joints * scale + shift, regressed * scale + shift
        parts = [joints.flatten(1), score, regressed.flatten(1)]
        if self.flow:
            window = max(crop // FLOW_WINDOW, 1) | 1
            flow = F.avg_pool2d(inputs[:, 3:5].float(), window, 1, window // 2, count_include_pad=False)
            at = F.grid_sample(flow, (2 * joints - 1)[:, :, None], padding_mode="border", align_corners=False)
            parts.append(at[..., 0].transpose(1, 2).flatten(1))
        return torch.cat(parts, 1)

    def mirrored(self, readings: Tensor) -> Tensor:
        """Readings (N, ``size``) of the mirrored crops: left and right exchanged, x reversed."""
        order = list(MIRROR17)
        joints, score, regressed, *flow = torch.split(
            readings, [2 * JOINTS, JOINTS, 2 * JOINTS] + [2 * JOINTS] * self.flow, dim=1
        )
        sign = readings.new_tensor([-1.0, 1.0])

        def reversed_x(points: Tensor, width: float) -> Tensor:
            exchanged = points.view(-1, JOINTS, 2)[:, order]
            return (exchanged * sign + readings.new_tensor([width, 0.0])).flatten(1)

        parts = [reversed_x(joints, 1.0), score[:, order], reversed_x(regressed, 1.0)]
        return torch.cat([*parts, *(reversed_x(f, 0.0) for f in flow)], 1)


def joints_of(readings: Tensor) -> tuple[Tensor, Tensor]:
    """Joints (N, K, 17, 2) in fractions of the crop and their scores (N, K, 17), from readings (N, K,
    size).
    """
    joints = readings[..., : 2 * JOINTS].reshape(*readings.shape[:-1], JOINTS, 2)
    return joints, readings[..., 2 * JOINTS : 3 * JOINTS]
