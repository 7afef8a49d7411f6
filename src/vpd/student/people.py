"""An encoder that knows people before it sees the sport: MoveNet's maps, read where the joints are."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vpd.errors import InputError
from vpd.student.inputs import InputSpec
from vpd.student.movenet import HEADS, PYRAMID, TRUNK, load_movenet

JOINTS = HEADS["heatmap"]
HIDDEN = 256
"""Width of the layer between what is read off the maps and the feature."""
SHARPNESS = 4
"""Power of the heatmap that weighs its cells: the mean lies on the peak, and still has a gradient."""


class MoveNetEncoder(nn.Module):
    """(N, C, S, S) to (N, d): MoveNet's own joints and what its maps hold there, brought to a feature.

    Read are, of each joint, position, confidence and the fine map there; of the deep map the mean over the
    crop and over the person. Positions alone put it near its teacher before the first step.
    """

    def __init__(self, spec: InputSpec, d: int) -> None:
        super().__init__()
        if not spec.rgb:
            raise InputError("the backbone movenet needs the frame's colours: add rgb to inputs in [distill]")
        self.pretrained = load_movenet(spec.channels)
        for unused in ("center", "regress", "offset"):
            del self.pretrained.heads[unused]
        size = 2 * TRUNK + JOINTS * (PYRAMID[-1][1] + 3)
        self.read = nn.Sequential(nn.BatchNorm1d(size), nn.Linear(size, HIDDEN), nn.ReLU(inplace=True))
        self.last = nn.Linear(HIDDEN, d)

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.pretrained.maps(inputs)
        heat = torch.sigmoid(self.pretrained.heads["heatmap"](maps.fine).float())
        confidence = heat.amax((2, 3))
        weights = (heat.flatten(2) / (confidence[..., None] + 1e-6)) ** SHARPNESS
        weights = weights / weights.sum(2, keepdim=True)
        positions = weights @ _cells(heat)
        at_joints = weights @ maps.fine.float().flatten(2).transpose(1, 2)
        person = F.avg_pool2d(heat.amax(1, keepdim=True), heat.shape[-1] // maps.deep.shape[-1])
        person = person / person.sum((2, 3), keepdim=True)
        deep = maps.deep.float()
        parts = [
            deep.mean((2, 3)), (deep * person).sum((2, 3)), at_joints.flatten(1),
            positions.flatten(1), confidence,
        ]  # fmt: skip
        feature: Tensor = self.last(self.read(torch.cat(parts, 1)))
        return feature


def _cells(heat: Tensor) -> Tensor:
    """Centres of the cells of a map, in -0.5..0.5 of the crop: (S * S, 2) as x, y."""
    height, width = heat.shape[-2:]
    y = (torch.arange(height, device=heat.device, dtype=heat.dtype) + 0.5) / height - 0.5
    x = (torch.arange(width, device=heat.device, dtype=heat.dtype) + 0.5) / width - 0.5
    grid = torch.meshgrid(x, y, indexing="xy")
    return torch.stack(grid, -1).reshape(-1, 2)
