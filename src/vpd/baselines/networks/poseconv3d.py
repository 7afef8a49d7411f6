"""PoseConv3D (Duan et al. 2022, "Revisiting Skeleton-based Action Recognition"): heatmaps through a SlowOnly.

Written from its description; the names of the weights are those of PYSKL's release.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

STAGES = ((32, 4, False, 1), (64, 6, True, 1), (128, 3, True, 2))
"""For each stage: width, blocks, whether the first convolution of a block spans three frames, and stride in
time.
"""
EXPANSION = 4
SIGMA = 0.6
"""Standard deviation of a joint's Gaussian, in pixels of the heatmap."""
DROPOUT = 0.5


class _Unit(nn.Module):
    """3D convolution and norm, optionally with ReLU."""

    def __init__(
        self,
        inside: int,
        outside: int,
        kernel: tuple[int, int, int],
        stride: tuple[int, int, int] = (1, 1, 1),
        relu: bool = True,
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
        self.conv = nn.Conv3d(inside, outside, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm3d(outside)
        self.relu = relu
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return torch.relu(x) if self.relu else x


class _Bottleneck(nn.Module):
    def __init__(self, inside: int, width: int, temporal: bool, stride: tuple[int, int]) -> None:
        super().__init__()
        outside = EXPANSION * width
        step = (stride[0], stride[1], stride[1])
        self.conv1 = _Unit(inside, width, (3 if temporal else 1, 1, 1))
        self.conv2 = _Unit(width, width, (1, 3, 3), step)
        self.conv3 = _Unit(width, outside, (1, 1, 1), relu=False)
        nn.init.zeros_(self.conv3.bn.weight)
        self.downsample: nn.Module | None = None
        if inside != outside or stride != (1, 1):
            self.downsample = _Unit(inside, outside, (1, 1, 1), step, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv3(self.conv2(self.conv1(x)))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class PoseConv3D(nn.Module):
    """Heatmaps of joints (N, V, T, H, W) to logits (N, classes); H = W = 56 and T = 48 as published."""

    def __init__(self, classes: int, joints: int = 17, dropout: float = DROPOUT) -> None:
        super().__init__()
        backbone = nn.ModuleDict({"conv1": _Unit(joints, STAGES[0][0], (1, 7, 7))})
        inside = STAGES[0][0]
        for i, (width, blocks, temporal, stride) in enumerate(STAGES, 1):
            stage = []
            for block in range(blocks):
                step = (1, 1) if block else (stride, 2)
                stage.append(_Bottleneck(inside, width, temporal, step))
                inside = EXPANSION * width
            backbone[f"layer{i}"] = nn.Sequential(*stage)
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        classifier = nn.Linear(inside, classes)
        nn.init.normal_(classifier.weight, 0, 0.01)
        self.cls_head = nn.ModuleDict({"fc_cls": classifier})
        self.to(memory_format=torch.channels_last_3d)  # a step on a CPU takes two thirds of the time

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = nn.functional.max_pool3d(self.backbone["conv1"](x), (1, 3, 3), 1, (0, 1, 1))
        for i in range(1, len(STAGES) + 1):
            x = self.backbone[f"layer{i}"](x)
        logits: Tensor = self.cls_head["fc_cls"](self.dropout(x.mean((2, 3, 4))))
        return logits


def heatmaps(points: Tensor, scores: Tensor, side: int, sigma: float = SIGMA) -> Tensor:
    """(N, V, T, side, side): a Gaussian at every joint, whose height is the joint's score (equation 1).

    Parameters
    ----------
    points : (N, M, T, V, 2) as fractions of the picture shown, 0..1.
    scores : (N, M, T, V) in 0..1; of several persons the highest value at a pixel is taken.
    """
    ticks = torch.arange(side, device=points.device, dtype=points.dtype)
    apart = points[..., None] * side - ticks
    bells = torch.exp(-(apart**2) / (2 * sigma**2))
    maps = torch.einsum("nmtvx,nmtvy->nmtvyx", bells[..., 0, :] * scores[..., None], bells[..., 1, :])
    return maps.amax(1).transpose(1, 2)
