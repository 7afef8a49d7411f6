"""MS-G3D (Liu et al. 2020, "Disentangling and Unifying Graph Convolutions"), names as released."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from vpd.baselines.networks.graph import COCO, Graph, scale_adjacencies, window_adjacency
from vpd.types import Array

WIDTHS = (96, 192, 384)
"""Channels of the three stages; the second and third halve the frames."""
WINDOWS = (3, 5)
"""Frames of the two windows of G3D."""
DILATIONS = (1, 2, 3, 4)
"""Dilations of the temporal branches."""
SMALL = 1e-6
"""The learnable part of the adjacency starts uniformly in plus and minus this."""


class _Pointwise(nn.Module):
    """1x1 convolution, norm and optionally ReLU: the released code's MLP of one layer."""

    def __init__(self, inside: int, outside: int, relu: bool) -> None:
        super().__init__()
        layers = [nn.Conv2d(inside, outside, 1), nn.BatchNorm2d(outside)]
        self.layers = nn.ModuleList([*layers, nn.ReLU(inplace=True) if relu else nn.Identity()])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class MultiScaleGraphConvolution(nn.Module):
    """Concatenate the features gathered at every scale, then apply a 1x1 convolution (equation 4).

    Parameters
    ----------
    adjacency : (V, V), of the joints or of a window of them.
    relu : whether the 1x1 convolution ends in one; a window's is followed by one of its own instead.
    """

    def __init__(self, inside: int, outside: int, adjacency: Array, scales: int, relu: bool) -> None:
        super().__init__()
        self.scales = scales
        stacked = torch.from_numpy(scale_adjacencies(adjacency, scales))
        self.fixed: Tensor
        self.register_buffer("fixed", stacked, persistent=False)
        self.A_res = nn.Parameter(torch.empty_like(stacked).uniform_(-SMALL, SMALL))
        self.mlp = _Pointwise(inside * scales, outside, relu)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, T, V) -> (N, outside, T, V)."""
        n, c, t, v = x.shape
        gathered = torch.matmul(x, (self.fixed + self.A_res).t())
        scaled = gathered.view(n, c, t, self.scales, v).permute(0, 3, 1, 2, 4)
        out: Tensor = self.mlp(scaled.reshape(n, self.scales * c, t, v))
        return out


class _Unfold(nn.Module):
    """(N, C, T, V) -> (N, C, T / stride, window * V): windows of frames, zero beyond the ends."""

    def __init__(self, window: int, stride: int) -> None:
        super().__init__()
        self.window = window
        self.unfold = nn.Unfold((window, 1), stride=(stride, 1), padding=((window - 1) // 2, 0))

    def forward(self, x: Tensor) -> Tensor:
        n, c, _, v = x.shape
        windows = self.unfold(x).view(n, c, self.window, -1, v).transpose(2, 3)
        flat: Tensor = windows.reshape(n, c, -1, self.window * v)
        return flat


class _WindowGraphConvolution(MultiScaleGraphConvolution):
    """`MultiScaleGraphConvolution` over the joints of a window, followed by ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(super().forward(x))


class G3D(nn.Module):
    """Graph convolution over windows of frames, collapsed to one frame a window (section 3.3)."""

    def __init__(
        self, inside: int, outside: int, graph: Graph, scales: int, window: int, stride: int, widen: bool
    ) -> None:
        super().__init__()
        self.window = window
        self.embedded = outside if widen else inside
        adjacency = window_adjacency(graph, window)
        self.gcn3d = nn.Sequential(
            _Unfold(window, stride),
            _WindowGraphConvolution(inside, self.embedded, adjacency, scales, relu=False),
        )
        self.out_conv = nn.Conv3d(self.embedded, outside, (1, window, 1))
        self.out_bn = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        v = x.shape[3]
        windows = self.gcn3d(x)
        collapsed = self.out_conv(windows.unflatten(3, (self.window, v))).squeeze(3)
        out: Tensor = self.out_bn(collapsed)
        return out


class MultiWindowG3D(nn.Module):
    """G3D with windows of 3 and of 5 frames, summed."""

    def __init__(
        self, inside: int, outside: int, graph: Graph, scales: int, stride: int, widen: bool = False
    ) -> None:
        super().__init__()
        self.gcn3d = nn.ModuleList(
            G3D(inside, outside, graph, scales, window, stride, widen) for window in WINDOWS
        )

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.gcn3d
        out: Tensor = first(x) + second(x)
        return out


class _TemporalConvolution(nn.Module):
    def __init__(self, inside: int, outside: int, kernel: int, stride: int, dilation: int = 1) -> None:
        super().__init__()
        padding = (dilation * (kernel - 1)) // 2
        self.conv = nn.Conv2d(inside, outside, (kernel, 1), (stride, 1), (padding, 0), (dilation, 1))
        self.bn = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bn(self.conv(x))
        return out


class MultiScaleTemporalConvolution(nn.Module):
    """Six branches over time: four dilations, max-pooling and 1x1, with a residual (figure 3)."""

    def __init__(self, inside: int, outside: int, stride: int = 1, relu: bool = True) -> None:
        super().__init__()
        width = outside // (len(DILATIONS) + 2)

        def narrowed() -> list[nn.Module]:
            return [nn.Conv2d(inside, width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]

        branches = [
            nn.Sequential(*narrowed(), _TemporalConvolution(width, width, 3, stride, dilation))
            for dilation in DILATIONS
        ]
        pool = nn.MaxPool2d((3, 1), (stride, 1), (1, 0))
        branches.append(nn.Sequential(*narrowed(), pool, nn.BatchNorm2d(width)))
        strided = nn.Conv2d(inside, width, 1, (stride, 1))
        branches.append(nn.Sequential(strided, nn.BatchNorm2d(width)))
        self.branches = nn.ModuleList(branches)
        self.residual: nn.Module | None = None
        if inside != outside or stride != 1:
            self.residual = _TemporalConvolution(inside, outside, 1, stride)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, T, V) -> (N, outside, T / stride, V)."""
        out = torch.cat([branch(x) for branch in self.branches], 1)
        out = out + (x if self.residual is None else self.residual(x))
        return torch.relu(out) if self.relu else out


class MSG3D(nn.Module):
    """Skeletons (N, C = x, y, score, T, V, M persons) to logits (N, classes).

    Parameters
    ----------
    classes, persons : numbers of classes and of persons M.
    graph : the skeleton.
    scales, window_scales : of the graph convolutions and of those over windows: 8 and 8 for Kinetics'
        skeletons, 13 and 6 for NTU's.
    channels : C.
    """

    def __init__(
        self,
        classes: int,
        graph: Graph = COCO,
        persons: int = 1,
        scales: int = 8,
        window_scales: int = 8,
        channels: int = 3,
    ) -> None:
        super().__init__()
        adjacency = np.asarray(graph.adjacency)
        self.data_bn = nn.BatchNorm1d(persons * channels * graph.joints)
        inside = channels
        for stage, outside in enumerate(WIDTHS, 1):
            stride = 1 if stage == 1 else 2
            # the first graph convolution of a stage widens only what comes from the input
            width = outside if stage == 1 else inside
            spatial = nn.Sequential(
                MultiScaleGraphConvolution(inside, width, adjacency, scales, relu=True),
                MultiScaleTemporalConvolution(width, outside, stride),
                MultiScaleTemporalConvolution(outside, outside, relu=False),
            )
            windows = MultiWindowG3D(inside, outside, graph, window_scales, stride, widen=stage == 1)
            self.add_module(f"gcn3d{stage}", windows)
            self.add_module(f"sgcn{stage}", spatial)
            self.add_module(f"tcn{stage}", MultiScaleTemporalConvolution(outside, outside))
            inside = outside
        self.fc = nn.Linear(inside, classes)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        n, c, t, v, m = x.shape
        x = self.data_bn(x.permute(0, 4, 3, 1, 2).reshape(n, m * v * c, t))
        x = x.view(n * m, v, c, t).permute(0, 2, 3, 1).contiguous()
        for stage in range(1, len(WIDTHS) + 1):
            spatial, windows = self.get_submodule(f"sgcn{stage}"), self.get_submodule(f"gcn3d{stage}")
            x = self.get_submodule(f"tcn{stage}")(torch.relu(spatial(x) + windows(x)))
        pooled = x.mean((2, 3)).view(n, m, -1).mean(1)
        logits: Tensor = self.fc(pooled)
        return logits
