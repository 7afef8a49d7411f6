"""BN-Inception, the backbone of TSN and TRN (Ioffe and Szegedy 2015), with the public names of its layers.

The names are those of the released Caffe conversion, so that weights of tsn-pytorch, TRN-pytorch, GSM and
pretrainedmodels load by key. Pooling rounds its sizes up, as in Caffe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

WIDTH = 1024
"""Channels of the pooled feature."""

STRIDE = 32
"""Divisor of the sides. Otherwise the branches of a block end in different sizes."""

Gate = Callable[[int], nn.Module]
"""A function that makes a module (N, C, H, W) -> (N, C, H, W) for C channels, placed between a convolution
and its norm.
"""

_Pool = Literal["avg", "max"]

BLOCKS: tuple[tuple[str, int, int, int, int, int, int, int, _Pool], ...] = (
    # name, 1x1, 3x3 reduce, 3x3, double reduce, double first, double second, projection, pooling
    ("3a", 64, 64, 64, 64, 96, 96, 32, "avg"),
    ("3b", 64, 64, 96, 64, 96, 96, 64, "avg"),
    ("3c", 0, 128, 160, 64, 96, 96, 0, "max"),
    ("4a", 224, 64, 96, 96, 128, 128, 128, "avg"),
    ("4b", 192, 96, 128, 96, 128, 128, 128, "avg"),
    ("4c", 160, 128, 160, 128, 160, 160, 128, "avg"),
    ("4d", 96, 128, 192, 160, 192, 192, 128, "avg"),
    ("4e", 0, 128, 192, 192, 256, 256, 0, "max"),
    ("5a", 352, 192, 320, 160, 224, 224, 128, "avg"),
    ("5b", 352, 192, 320, 192, 224, 224, 128, "max"),
)
"""Channels of each block. A block without a 1x1 branch halves the picture."""


class BNInception(nn.Module):
    """Pictures (N, C, H, W) to pooled features (N, 1024); H and W are multiples of 32.

    Parameters
    ----------
    channels : of the input, 3 for colours, 10 for five frames of flow.
    gate : makes what stands between the first 1x1 convolution of every block and its norm (GSM); else none.
    """

    def __init__(self, channels: int = 3, gate: Gate | None = None) -> None:
        super().__init__()
        self._unit("conv1_7x7_s2", channels, 64, 7, 2)
        self._unit("conv2_3x3_reduce", 64, 64, 1)
        self._unit("conv2_3x3", 64, 192, 3)
        width = 192
        for name, one, reduce, three, reduce2, double1, double2, projected, _ in BLOCKS:
            block = f"inception_{name}"
            stride = 1 if one else 2
            if one:
                self._unit(f"{block}_1x1", width, one, 1, gate=gate)
                self._unit(f"{block}_pool_proj", width, projected, 1)
            self._unit(f"{block}_3x3_reduce", width, reduce, 1, gate=None if one else gate)
            self._unit(f"{block}_3x3", reduce, three, 3, stride)
            self._unit(f"{block}_double_3x3_reduce", width, reduce2, 1)
            self._unit(f"{block}_double_3x3_1", reduce2, double1, 3)
            self._unit(f"{block}_double_3x3_2", double1, double2, 3, stride)
            width = one + three + double2 + (projected or width)
        self.fc: nn.Module = nn.Identity()

    def _unit(
        self, name: str, inside: int, outside: int, kernel: int, stride: int = 1, gate: Gate | None = None
    ) -> None:
        self.add_module(name, nn.Conv2d(inside, outside, kernel, stride, kernel // 2))
        if gate is not None:
            self.add_module(f"gsm_{name}", gate(outside))
        self.add_module(f"{name}_bn", nn.BatchNorm2d(outside))

    def _run(self, name: str, x: Tensor) -> Tensor:
        parts = self._modules
        x = parts[name](x)  # type: ignore[misc]  # torch types a module's children as optional
        if f"gsm_{name}" in parts:
            x = parts[f"gsm_{name}"](x)  # type: ignore[misc]  # as above
        return torch.relu_(parts[f"{name}_bn"](x))  # type: ignore[misc]  # as above

    def _block(self, name: str, one: int, pool: _Pool, x: Tensor) -> Tensor:
        block = f"inception_{name}"
        three = self._run(f"{block}_3x3", self._run(f"{block}_3x3_reduce", x))
        double = self._run(f"{block}_double_3x3_1", self._run(f"{block}_double_3x3_reduce", x))
        double = self._run(f"{block}_double_3x3_2", double)
        if not one:
            return torch.cat([three, double, _halved(x)], 1)
        if pool == "avg":
            pooled = nn.functional.avg_pool2d(x, 3, 1, 1)
        else:
            pooled = nn.functional.max_pool2d(x, 3, 1, 1)
        parts = [self._run(f"{block}_1x1", x), three, double, self._run(f"{block}_pool_proj", pooled)]
        return torch.cat(parts, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = _halved(self._run("conv1_7x7_s2", x))
        x = _halved(self._run("conv2_3x3", self._run("conv2_3x3_reduce", x)))
        for name, one, *_, pool in BLOCKS:
            x = self._block(name, one, pool, x)
        features: Tensor = self.fc(x.mean((2, 3)))
        return features


def _halved(x: Tensor) -> Tensor:
    return nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
