"""The picture networks by name: (N, C, H, W) to features (N, width), optionally with gates for GSM."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models import get_model

from vpd.baselines.networks import bninception, inceptionv3
from vpd.baselines.networks.bninception import BNInception, Gate
from vpd.baselines.networks.gsm import GateShift
from vpd.baselines.networks.inceptionv3 import InceptionV3
from vpd.errors import InputError, unknown_name

CAFFE_MEAN = (104.0, 117.0, 128.0)
"""Mean of blue, green and red in 0..255 that the Caffe networks subtract. They divide by 1."""
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)
"""Standard deviations of red, green and blue in 0..255."""
FOLD = 4
"""A gate in a residual network moves one channel in this many (E2E-Spot)."""


@dataclass(frozen=True)
class Backbone:
    """One kind of picture network.

    Attributes
    ----------
    make : (channels, frames of a gate or None) -> network without its classifier.
    width : size of the feature.
    side : published side of its pictures in pixels.
    mean, std : colours in 0..255 that its weights expect, in the order of its channels.
    bgr : whether the channels are blue, green, red.
    fits : whether a side in pixels passes the network.
    """

    make: Callable[[int, int | None], nn.Module]
    width: int
    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool
    fits: Callable[[int], bool]


def _gate(frames: int | None) -> Gate | None:
    return None if frames is None else lambda channels: GateShift(channels, frames)


class GatedConvolution(nn.Module):
    """A convolution before which a quarter of its channels pass a gate (E2E-Spot, section 3.1)."""

    def __init__(self, net: nn.Conv2d, frames: int, interleave: bool) -> None:
        super().__init__()
        self.moved = math.ceil(net.in_channels // FOLD / 4) * 4
        self.gsm = GateShift(self.moved, frames, interleave)
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """(N * T, C, H, W) -> the convolution's output."""
        gated = torch.cat([self.gsm(x[:, : self.moved].contiguous()), x[:, self.moved :]], 1)
        out: Tensor = self.net(gated)
        return out


def gate_resnet(network: nn.Module, frames: int, interleave: bool) -> nn.Module:
    """Put a gate before the first convolution of every residual block of a torchvision ResNet."""
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        for block in network.get_submodule(stage).children():
            first = block.get_submodule("conv1")
            assert isinstance(first, nn.Conv2d)
            block.add_module("conv1", GatedConvolution(first, frames, interleave))
    return network


def _resnet(name: str) -> Callable[[int, int | None], nn.Module]:
    def make(channels: int, frames: int | None) -> nn.Module:
        network: nn.Module = get_model(name, weights=None)
        network.add_module("fc", nn.Identity())
        if channels != 3:
            first = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
            nn.init.kaiming_normal_(first.weight, mode="fan_out", nonlinearity="relu")
            network.add_module("conv1", first)
        return network if frames is None else gate_resnet(network, frames, interleave=False)

    return make


def _of_resnet(name: str, width: int) -> Backbone:
    return Backbone(_resnet(name), width, 224, IMAGENET_MEAN, IMAGENET_STD, False, lambda side: side >= 32)


BACKBONES: dict[str, Backbone] = {
    "bninception": Backbone(
        lambda channels, frames: BNInception(channels, _gate(frames)),
        bninception.WIDTH,
        224,
        CAFFE_MEAN,
        (1.0, 1.0, 1.0),
        True,
        lambda side: side > 0 and side % bninception.STRIDE == 0,
    ),
    "inceptionv3": Backbone(
        lambda channels, frames: InceptionV3(channels, _gate(frames)),
        inceptionv3.WIDTH,
        229,
        CAFFE_MEAN,
        (1.0, 1.0, 1.0),
        True,
        inceptionv3.fits,
    ),
    "resnet18": _of_resnet("resnet18", 512),
    "resnet50": _of_resnet("resnet50", 2048),
}


def backbone_of(name: str, side: int) -> Backbone:
    """The backbone called ``name`` for pictures of ``side`` pixels. Raises InputError for an impossible
    request.
    """
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    found = BACKBONES[name]
    if not found.fits(side):
        near = [s for s in range(max(1, side - 64), side + 65) if found.fits(s)]
        best = min(near, key=lambda s: abs(s - side), default=found.side)
        raise InputError(f"pictures of {side} px do not pass {name}; the nearest that do have {best} px")
    return found
