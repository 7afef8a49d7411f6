"""ST-GCN++ (Duan et al. 2022, "PYSKL"), written from its description; names as released.

It differs from ST-GCN in three points: the adjacency is learned from the start, the graph convolution has a
residual, and six branches convolve over time.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vpd.baselines.networks.graph import COCO, Graph, directed_partition
from vpd.baselines.networks.stgcn import BLOCKS

DILATIONS = (1, 2, 3, 4)
BRANCHES = len(DILATIONS) + 2


class _Graph(nn.Module):
    """Graph convolution with a learned adjacency and a residual."""

    def __init__(self, inside: int, outside: int, adjacency: Tensor) -> None:
        super().__init__()
        self.A = nn.Parameter(adjacency.clone())
        self.conv = nn.Conv2d(inside, outside * len(adjacency), 1)
        self.bn = nn.BatchNorm2d(outside)
        self.down: nn.Module = nn.Identity()
        if inside != outside:
            self.down = nn.Sequential(nn.Conv2d(inside, outside, 1), nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        n, _, t, v = y.shape
        gathered = torch.einsum("nkctv,kvw->nctw", y.view(n, len(self.A), -1, t, v), self.A)
        return torch.relu(self.bn(gathered) + self.down(x))


class _Time(nn.Module):
    """One convolution over time. It has a norm where it is used alone."""

    def __init__(
        self, inside: int, outside: int, kernel: int, stride: int, dilation: int = 1, norm: bool = True
    ) -> None:
        super().__init__()
        padding = (dilation * (kernel - 1)) // 2
        self.conv = nn.Conv2d(inside, outside, (kernel, 1), (stride, 1), (padding, 0), (dilation, 1))
        self.bn: nn.Module = nn.BatchNorm2d(outside) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bn(self.conv(x))
        return out


class _Times(nn.Module):
    """Six branches over time: four dilations, max-pooling and 1x1, joined by a 1x1 convolution."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        width = channels // BRANCHES
        widths = [channels - width * (BRANCHES - 1)] + [width] * (BRANCHES - 1)

        def narrowed(outside: int) -> list[nn.Module]:
            return [nn.Conv2d(channels, outside, 1), nn.BatchNorm2d(outside), nn.ReLU()]

        branches: list[nn.Module] = [
            nn.Sequential(*narrowed(w), _Time(w, w, 3, stride, dilation, norm=False))
            for w, dilation in zip(widths, DILATIONS, strict=False)
        ]
        branches.append(nn.Sequential(*narrowed(width), nn.MaxPool2d((3, 1), (stride, 1), (1, 0))))
        branches.append(nn.Conv2d(channels, width, 1, (stride, 1)))
        self.branches = nn.ModuleList(branches)
        joined = nn.Conv2d(channels, channels, 1)
        self.transform = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), joined)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bn(self.transform(torch.cat([branch(x) for branch in self.branches], 1)))
        return out


class _Block(nn.Module):
    def __init__(self, inside: int, outside: int, adjacency: Tensor, stride: int, residual: bool) -> None:
        super().__init__()
        self.gcn = _Graph(inside, outside, adjacency)
        self.tcn = _Times(outside, stride)
        self.has_residual = residual
        self.residual: nn.Module = nn.Identity()
        if residual and (inside != outside or stride != 1):
            self.residual = _Time(inside, outside, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.tcn(self.gcn(x))
        return torch.relu(y + self.residual(x) if self.has_residual else y)


class STGCNPlusPlus(nn.Module):
    """Skeletons (N, C = x, y, score, T, V, M persons) to logits (N, classes)."""

    def __init__(self, classes: int, graph: Graph = COCO, channels: int = 3) -> None:
        super().__init__()
        adjacency = torch.from_numpy(directed_partition(graph))
        blocks, inside = [], channels
        for i, (outside, stride) in enumerate(BLOCKS):
            blocks.append(_Block(inside, outside, adjacency, stride, residual=i > 0))
            inside = outside
        norm = nn.BatchNorm1d(channels * graph.joints)
        self.backbone = nn.ModuleDict({"data_bn": norm, "gcn": nn.ModuleList(blocks)})
        self.cls_head = nn.ModuleDict({"fc": nn.Linear(inside, classes)})

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        n, c, t, v, m = x.shape
        x = self.backbone["data_bn"](x.permute(0, 4, 3, 1, 2).reshape(n * m, v * c, t))
        x = x.view(n * m, v, c, t).permute(0, 2, 3, 1).contiguous()
        for block in self.backbone["gcn"].children():
            x = block(x)
        logits: Tensor = self.cls_head["fc"](x.mean((2, 3)).view(n, m, -1).mean(1))
        return logits
