"""ST-GCN (Yan et al. 2018, "Spatial Temporal Graph Convolutional Networks"), names as released."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vpd.baselines.networks.graph import COCO, Graph, spatial_partition

TEMPORAL_KERNEL = 9

BLOCKS = (
    (64, 1), (64, 1), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1),
)  # fmt: skip
"""Output channels and temporal stride of each of the ten blocks."""


class GraphConvolution(nn.Module):
    """A 1x1 convolution for each subset of the partition, summed over the joints' neighbours (equation 9)."""

    def __init__(self, inside: int, outside: int, subsets: int) -> None:
        super().__init__()
        self.subsets = subsets
        self.conv = nn.Conv2d(inside, outside * subsets, 1)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(N, C, T, V) and (K, V, V) -> (N, outside, T, V)."""
        y = self.conv(x).unflatten(1, (self.subsets, -1))
        return torch.einsum("nkctv,kvw->nctw", y, adjacency)


class Block(nn.Module):
    """Graph convolution, then convolution over time, with a residual."""

    def __init__(
        self, inside: int, outside: int, subsets: int, stride: int, dropout: float, residual: bool
    ) -> None:
        super().__init__()
        self.gcn = GraphConvolution(inside, outside, subsets)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
            nn.Conv2d(outside, outside, (TEMPORAL_KERNEL, 1), (stride, 1), ((TEMPORAL_KERNEL - 1) // 2, 0)),
            nn.BatchNorm2d(outside),
            nn.Dropout(dropout),
        )
        self.residual: nn.Module | None = None
        if not residual:
            self.shortcut = False
        else:
            self.shortcut = True
            if inside != outside or stride != 1:
                convolution = nn.Conv2d(inside, outside, 1, (stride, 1))
                self.residual = nn.Sequential(convolution, nn.BatchNorm2d(outside))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(N, C, T, V) -> (N, outside, T / stride, V)."""
        y: Tensor = self.tcn(self.gcn(x, adjacency))
        if self.shortcut:
            y = y + (x if self.residual is None else self.residual(x))
        return torch.relu(y)


class STGCN(nn.Module):
    """Skeletons (N, C = x, y, score, T, V, M persons) to logits (N, classes).

    Parameters
    ----------
    classes : number of classes.
    graph : the skeleton.
    channels : C.
    dropout : in every block but the first.
    """

    def __init__(self, classes: int, graph: Graph = COCO, channels: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        partition = torch.from_numpy(spatial_partition(graph))
        self.A: Tensor
        self.register_buffer("A", partition)
        subsets = len(partition)
        self.data_bn = nn.BatchNorm1d(channels * graph.joints)
        blocks, inside = [], channels
        for i, (outside, stride) in enumerate(BLOCKS):
            blocks.append(Block(inside, outside, subsets, stride, dropout if i else 0.0, residual=i > 0))
            inside = outside
        self.st_gcn_networks = nn.ModuleList(blocks)
        self.edge_importance = nn.ParameterList([nn.Parameter(torch.ones_like(partition)) for _ in BLOCKS])
        self.fcn = nn.Conv2d(inside, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        n, c, t, v, m = x.shape
        x = self.data_bn(x.permute(0, 4, 3, 1, 2).reshape(n * m, v * c, t))
        x = x.view(n * m, v, c, t).permute(0, 2, 3, 1).contiguous()
        for block, importance in zip(self.st_gcn_networks, self.edge_importance, strict=True):
            x = block(x, self.A * importance)
        pooled = x.mean((2, 3)).view(n, m, -1).mean(1)
        logits: Tensor = self.fcn(pooled[:, :, None, None]).flatten(1)
        return logits
