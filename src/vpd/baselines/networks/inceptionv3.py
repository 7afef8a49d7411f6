"""Inception-v3 as in GSM (Szegedy et al. 2016): convolutions with bias, pooling rounded up, 229 px.

It differs from torchvision's, which has no bias and another first pooling. The names are those of GSM's
release.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vpd.baselines.networks.bninception import Gate

WIDTH = 2048
"""Channels of the pooled feature."""

_Kernel = int | tuple[int, int]


def fits(side: int) -> bool:
    """Whether a square of ``side`` pixels is possible: both branches that halve it must end in the same
    size.
    """
    side = _pooled((side - 3) // 2 + 1 - 2)
    first = _pooled(side - 2)
    second = (first - 3) // 2 + 1
    return first >= 7 and first % 2 == 1 and second % 2 == 1


def _pooled(side: int) -> int:
    return -(-(side - 3) // 2) + 1


class InceptionV3(nn.Module):
    """Pictures (N, C, H, W) to pooled features (N, 2048); sides as `fits` says, 229 as published.

    Parameters
    ----------
    channels : of the input.
    gate : makes what stands between ten 1x1 convolutions and their norms (GSM); else none.
    """

    def __init__(self, channels: int = 3, gate: Gate | None = None) -> None:
        super().__init__()
        self.gate = gate
        for name, inside, outside, kernel, stride, padding in (
            ("conv", channels, 32, 3, 2, 0),
            ("conv_1", 32, 32, 3, 1, 0),
            ("conv_2", 32, 64, 3, 1, 1),
            ("conv_3", 64, 80, 1, 1, 0),
            ("conv_4", 80, 192, 3, 1, 0),
        ):
            self._unit(name, inside, outside, kernel, stride, padding)
        for name, inside, projected in (("mixed", 192, 32), ("mixed_1", 256, 64), ("mixed_2", 288, 64)):
            self._five(name, inside, projected)
        self._unit("mixed_3_conv", 288, 384, 3, 2, 0)
        self._chain("mixed_3_tower", 288, ((64, 1), (96, 3), (96, 3)), halve=True, gated=True)
        for name, narrow in (("mixed_4", 128), ("mixed_5", 160), ("mixed_6", 160), ("mixed_7", 192)):
            self._seven(name, narrow, gated=name != "mixed_6")
        self._chain("mixed_8_tower", 768, ((192, 1), (320, 3)), halve=True, gated=True)
        self._chain("mixed_8_tower_1", 768, ((192, 1), (192, (7, 1)), (192, (1, 7)), (192, 3)), halve=True)
        for name, inside in (("mixed_9", 1280), ("mixed_10", 2048)):
            self._split(name, inside)
        del self.gate
        self.top_cls_fc: nn.Module = nn.Identity()

    def _unit(
        self,
        name: str,
        inside: int,
        outside: int,
        kernel: _Kernel,
        stride: int = 1,
        padding: _Kernel | None = None,
        gated: bool = False,
    ) -> None:
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        same = (sides[0] // 2, sides[1] // 2)
        convolution = nn.Conv2d(inside, outside, sides, stride, same if padding is None else padding)
        self.add_module(f"{name}_Conv2D", convolution)
        if gated and self.gate is not None:
            self.add_module(f"gsm_{name}_Conv2D", self.gate(outside))
        self.add_module(f"{name}_batchnorm", nn.BatchNorm2d(outside))

    def _chain(
        self,
        name: str,
        inside: int,
        steps: tuple[tuple[int, _Kernel], ...],
        halve: bool = False,
        gated: bool = False,
    ) -> None:
        """Units one after another, NAME_conv, NAME_conv_1, ...; ``halve`` strides the last."""
        for i, (outside, kernel) in enumerate(steps):
            last = halve and i == len(steps) - 1
            unit = f"{name}_conv_{i}" if i else f"{name}_conv"
            self._unit(unit, inside, outside, kernel, 2 if last else 1, 0 if last else None, gated and not i)
            inside = outside

    def _five(self, name: str, inside: int, projected: int) -> None:
        self._unit(f"{name}_conv", inside, 64, 1, gated=True)
        self._chain(f"{name}_tower", inside, ((48, 1), (64, 5)))
        self._chain(f"{name}_tower_1", inside, ((64, 1), (96, 3), (96, 3)))
        self._unit(f"{name}_tower_2_conv", inside, projected, 1)

    def _seven(self, name: str, narrow: int, gated: bool) -> None:
        self._unit(f"{name}_conv", 768, 192, 1, gated=gated)
        self._chain(f"{name}_tower", 768, ((narrow, 1), (narrow, (7, 1)), (192, (1, 7))))
        tall: tuple[int, _Kernel] = (narrow, (7, 1))
        wide: tuple[int, _Kernel] = (narrow, (1, 7))
        self._chain(f"{name}_tower_1", 768, ((narrow, 1), wide, tall, wide, (192, (7, 1))))
        self._unit(f"{name}_tower_2_conv", 768, 192, 1)

    def _split(self, name: str, inside: int) -> None:
        self._unit(f"{name}_conv", inside, 320, 1, gated=True)
        self._unit(f"{name}_tower_conv", inside, 384, 1)
        self._chain(f"{name}_tower_1", inside, ((448, 1), (384, 3)))
        for tower in ("tower", "tower_1"):
            self._unit(f"{name}_{tower}_mixed_conv", 384, 384, (3, 1))
            self._unit(f"{name}_{tower}_mixed_conv_1", 384, 384, (1, 3))
        self._unit(f"{name}_tower_2_conv", inside, 192, 1)

    def _run(self, name: str, x: Tensor) -> Tensor:
        parts = self._modules
        x = parts[f"{name}_Conv2D"](x)  # type: ignore[misc]  # torch types a module's children as optional
        if f"gsm_{name}_Conv2D" in parts:
            x = parts[f"gsm_{name}_Conv2D"](x)  # type: ignore[misc]  # as above
        return torch.relu_(parts[f"{name}_batchnorm"](x))  # type: ignore[misc]  # as above

    def _run_chain(self, name: str, x: Tensor, length: int) -> Tensor:
        for i in range(length):
            x = self._run(f"{name}_conv_{i}" if i else f"{name}_conv", x)
        return x

    def _block(self, name: str, x: Tensor, first: int, second: int) -> Tensor:
        """Four branches: 1x1, two towers of ``first`` and ``second`` units, and the pooled."""
        pooled = nn.functional.avg_pool2d(x, 3, 1, 1)
        branches = [
            self._run(f"{name}_conv", x),
            self._run_chain(f"{name}_tower", x, first),
            self._run_chain(f"{name}_tower_1", x, second),
            self._run(f"{name}_tower_2_conv", pooled),
        ]
        return torch.cat(branches, 1)

    def _run_split(self, name: str, x: Tensor, pooled: Tensor) -> Tensor:
        branches = [self._run(f"{name}_conv", x)]
        for tower, length in (("tower", 1), ("tower_1", 2)):
            y = self._run_chain(f"{name}_{tower}", x, length)
            branches += [self._run(f"{name}_{tower}_{unit}", y) for unit in ("mixed_conv", "mixed_conv_1")]
        branches.append(self._run(f"{name}_tower_2_conv", pooled))
        return torch.cat(branches, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self._run("conv_2", self._run("conv_1", self._run("conv", x)))
        x = self._run("conv_4", self._run("conv_3", _halved(x)))
        x = _halved(x)
        for name in ("mixed", "mixed_1", "mixed_2"):
            x = self._block(name, x, 2, 3)
        tower = self._run_chain("mixed_3_tower", x, 3)
        x = torch.cat([self._run("mixed_3_conv", x), tower, _halved(x)], 1)
        for name in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
            x = self._block(name, x, 3, 5)
        towers = self._run_chain("mixed_8_tower", x, 2), self._run_chain("mixed_8_tower_1", x, 4)
        x = torch.cat([*towers, _halved(x)], 1)
        x = self._run_split("mixed_9", x, nn.functional.avg_pool2d(x, 3, 1, 1))
        x = self._run_split("mixed_10", x, nn.functional.max_pool2d(x, 3, 1, 1))
        features: Tensor = self.top_cls_fc(x.mean((2, 3)))
        return features


def _halved(x: Tensor) -> Tensor:
    return nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
