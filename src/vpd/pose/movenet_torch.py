"""MoveNet Thunder in torch with the shipped weights, for the student that reads poses.

MoveNet (Google, 2021) is a MobileNetV2 of width 1.75, a feature pyramid down to a quarter of the input, and
four heads. Batch normalisation is already folded into the convolutions.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vpd.errors import MismatchError
from vpd.models import model_path
from vpd.models.onnx_file import read_onnx
from vpd.pose.movenet_decoding import NEARNESS, decode_heads

RGB_MEAN = RGB_STD = 127.5
"""Mean and standard deviation that map colours 0..255 to the network's -1..1."""
STEM = 56
BLOCKS = (
    (32, 1), (40, 2), (40, 1), (56, 2), (56, 1), (56, 1), (112, 2), (112, 1), (112, 1), (112, 1),
    (168, 1), (168, 1), (168, 1), (280, 2), (280, 1), (280, 1), (560, 1),
)  # fmt: skip
"""Output channels and stride of each inverted residual block, in the order of the network."""
EXPANSION = 6
TRUNK = 1280
PYRAMID = ((64, 32, 112), (32, 24, 56), (24, 24, 40))
"""For each pyramid level: channels in, channels out, channels of the trunk's map that joins."""
LATERAL_BLOCKS = (9, 5, 2)
"""The trunk's blocks whose maps join the pyramid, at strides 16, 8 and 4."""
HEADS = {"heatmap": 17, "center": 1, "regress": 34, "offset": 34}
HEAD_HIDDEN = 96


class Same(nn.Conv2d):
    """A 3 x 3 convolution padded like TensorFlow's SAME: with stride 2 only on the right and below."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int = 1, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, stride, 1 if stride == 1 else 0, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if self.stride[0] == 1 else F.pad(x, (0, 1, 0, 1)))


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input where shapes allow (MobileNetV2)."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [nn.Conv2d(inputs, hidden, 1), nn.ReLU6()]
        layers += [Same(hidden, hidden, stride, groups=hidden), nn.ReLU6(), nn.Conv2d(hidden, outputs, 1)]
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.adds else y


class PyramidLevel(nn.Module):
    """Enlarge the coarser map, add the trunk's map, and filter."""

    def __init__(self, channels: int, outputs: int, lateral: int) -> None:
        super().__init__()
        self.lateral = nn.Conv2d(lateral, channels, 1)
        self.depthwise = Same(channels, channels, 1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, outputs, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        up = F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=False)
        out: Tensor = F.relu(self.pointwise(self.depthwise(up + self.lateral(fine))))
        return out


def _head(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        Same(inputs, inputs, 1, groups=inputs, bias=False),
        nn.Conv2d(inputs, HEAD_HIDDEN, 1),
        nn.ReLU(),
        nn.Conv2d(HEAD_HIDDEN, outputs, 1),
    )


class MoveNet(nn.Module):
    """MoveNet Thunder for any square input whose side S is a multiple of 32.

    Input (N, 3, S, S): RGB as (value - 127.5) / 127.5. ``forward`` gives the four heads before their sigmoid,
    each (N, channels, S/4, S/4).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Same(3, STEM, 2), nn.ReLU6())
        widths = [STEM, *(outputs for outputs, _ in BLOCKS)]
        self.blocks = nn.ModuleList(
            InvertedResidual(inputs, outputs, stride, EXPANSION if i else 1)
            for i, ((inputs, outputs), (_, stride)) in enumerate(zip(pairwise(widths), BLOCKS, strict=True))
        )
        self.last = nn.Sequential(nn.Conv2d(widths[-1], TRUNK, 1), nn.ReLU6())
        self.reduce = nn.Conv2d(TRUNK, PYRAMID[0][0], 1)
        self.pyramid = nn.ModuleList(PyramidLevel(*level) for level in PYRAMID)
        self.heads = nn.ModuleDict({name: _head(PYRAMID[-1][1], n) for name, n in HEADS.items()})

    def trunk(self, images: Tensor) -> list[Tensor]:
        """The trunk's maps at strides 4, 8 and 16 for the pyramid, and its last one, at stride 32."""
        x = self.stem(images)
        lateral = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in LATERAL_BLOCKS:
                lateral.append(x)
        return [*lateral, self.last(x)]

    def heads_of(self, maps: list[Tensor]) -> dict[str, Tensor]:
        """The four heads from the maps of `trunk`."""
        *lateral, last = maps
        fine = self.reduce(last)
        for level, side in zip(self.pyramid, reversed(lateral), strict=True):
            fine = level(fine, side)
        return {name: head(fine) for name, head in self.heads.items()}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return self.heads_of(self.trunk(images))


def _published_weights(path: Path) -> list[Tensor]:
    """Weights and biases of all convolutions of the ONNX file, in the order of its graph."""
    graph = read_onnx(path)
    cast_from = {node.outputs[0]: node.inputs[0] for node in graph.nodes if node.op == "Cast"}
    names = [name for node in graph.nodes if node.op == "Conv" for name in node.inputs[1:]]
    return [torch.from_numpy(graph.weights[cast_from.get(name, name)].astype("float32")) for name in names]


def load_movenet() -> MoveNet:
    """MoveNet with the shipped weights.

    Raises MismatchError where the file is of another network.
    """
    network = MoveNet()
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    targets = [p for module in convolutions for p in (module.weight, module.bias) if p is not None]
    weights = _published_weights(model_path("movenet_thunder"))
    if [tuple(p.shape) for p in targets] != [tuple(w.shape) for w in weights]:
        raise MismatchError("the shipped MoveNet does not have the layers expected of MoveNet Thunder")
    with torch.no_grad():
        for target, weight in zip(targets, weights, strict=True):
            target.copy_(weight)
    return network


def decode(heads: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Joints of the person in the middle, from ``MoveNet.forward`` (`decode_heads`).

    Returns joints (N, 17, 2) as x, y in fractions of the input, their scores (N, 17), and the joints (N, 17,
    2) as regressed from the person's centre. It can be exported, and runs on a GPU.
    """
    heat = torch.sigmoid(heads["heatmap"])
    ticks = torch.arange(heat.shape[-1], device=heat.device, dtype=heat.dtype)
    from_middle = (ticks - heat.shape[-1] / 2) ** 2
    distance = (from_middle[:, None] + from_middle[None]).sqrt() + NEARNESS
    centre = torch.sigmoid(heads["center"]) / distance
    x, y, score, ahead_x, ahead_y = decode_heads(
        heat, centre, heads["regress"], heads["offset"], ticks, _take
    )
    return torch.stack([x, y], -1), score, torch.stack([ahead_x, ahead_y], -1)


def _take(values: Tensor, cells: Tensor) -> Tensor:
    n, joints, channels, _ = values.shape
    return values.gather(3, cells[:, :, None, None].expand(n, joints, channels, 1))[..., 0]
