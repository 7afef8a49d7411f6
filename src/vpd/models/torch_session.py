"""Run ONNX networks in torch, for a GPU that onnxruntime's own build does not support.

`pip install onnxruntime` uses the CPU only, while the installed torch may have CUDA. The operations here are
those of the shipped detector and pose network. Networks with other operations stay with onnxruntime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vpd.errors import InputError
from vpd.models.onnx_file import Graph, Node, Value, read_onnx
from vpd.types import Array

TYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16}
"""ONNX's data types that `Cast` supports."""

Operation = Callable[..., Any]
"""A function from (attributes, inputs as tensors or None) to a tensor or a tuple of tensors."""


def _numbers(tensor: Tensor) -> list[int]:
    return [int(n) for n in tensor.tolist()]


def _conv(a: dict[str, Any], x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    stride, dilation = a.get("strides", [1, 1]), a.get("dilations", [1, 1])
    kernel = list(weight.shape[2:])
    if a.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        total = [
            max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
            for size, s, k, d in zip(x.shape[2:], stride, kernel, dilation, strict=True)
        ]
        first = [(t + (a["auto_pad"] == "SAME_LOWER")) // 2 for t in total]
        pads = [*first, *(t - f for t, f in zip(total, first, strict=True))]
    else:
        pads = a.get("pads", [0, 0, 0, 0])
    x, padding = _padded(x, pads, 0.0)
    return functional.conv2d(x, weight, bias, stride, padding, dilation, a.get("group", 1))


def _padded(x: Tensor, pads: Sequence[int], value: float) -> tuple[Tensor, tuple[int, int]]:
    """Split padding into what a convolution or pooling can do itself, and the rest."""
    top, left, bottom, right = pads
    if top == bottom and left == right and value == 0:
        return x, (top, left)
    return functional.pad(x, (left, right, top, bottom), value=value), (0, 0)


def _max_pool(a: dict[str, Any], x: Tensor) -> Tensor:
    x, _ = _padded(x, a["pads"], -torch.inf) if any(a.get("pads", [])) else (x, (0, 0))
    return functional.max_pool2d(x, a["kernel_shape"], a.get("strides", [1, 1]))


def _pad(a: dict[str, Any], x: Tensor, pads: Tensor, value: Tensor | None = None) -> Tensor:
    low, high = _numbers(pads)[: x.dim()], _numbers(pads)[x.dim() :]
    sizes = [size for pair in zip(reversed(low), reversed(high), strict=True) for size in pair]
    return functional.pad(x, sizes, value=0.0 if value is None else float(value))


def _slice(
    a: dict[str, Any],
    x: Tensor,
    starts: Tensor,
    ends: Tensor,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Tensor:
    chosen = [slice(None)] * x.dim()
    each = range(len(starts)) if axes is None else _numbers(axes)
    by = [1] * len(starts) if steps is None else _numbers(steps)
    for axis, first, last, step in zip(each, _numbers(starts), _numbers(ends), by, strict=True):
        chosen[axis] = slice(first, last, step)
    return x[tuple(chosen)]


def _resize(a: dict[str, Any], x: Tensor, roi: Tensor | None, scales: Tensor | None, sizes: Tensor) -> Tensor:
    return functional.interpolate(x, size=_numbers(sizes)[2:], mode="bilinear", align_corners=False)


def _split(a: dict[str, Any], x: Tensor, sizes: Tensor) -> tuple[Tensor, ...]:
    return torch.split(x, _numbers(sizes), a.get("axis", 0))


def _clip(a: dict[str, Any], x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    return x.clamp(None if low is None else float(low), None if high is None else float(high))


def _reshape(a: dict[str, Any], x: Tensor, shape: Tensor) -> Tensor:
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(_numbers(shape))])


OPERATIONS: dict[str, Operation] = {
    "Add": lambda a, x, y: x + y,
    "Cast": lambda a, x: x.to(TYPES[a["to"]]),
    "Clip": _clip,
    "Concat": lambda a, *parts: torch.cat(parts, a["axis"]),
    "Conv": _conv,
    "Identity": lambda a, x: x,
    "LeakyRelu": lambda a, x: functional.leaky_relu(x, a.get("alpha", 0.01)),
    "MaxPool": _max_pool,
    "Mul": lambda a, x, y: x * y,
    "Pad": _pad,
    "Relu": lambda a, x: torch.relu(x),
    "Reshape": _reshape,
    "Resize": _resize,
    # Shapes are numbers of the host: nothing waits for the device to know them.
    "Shape": lambda a, x: torch.tensor(x.shape),
    "Sigmoid": lambda a, x: torch.sigmoid(x),
    "Slice": _slice,
    "Split": _split,
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
}
"""The operations that a network may have, by ONNX's names (operator set 17)."""


MODES: dict[str, dict[str, tuple[Any, Any]]] = {
    "MaxPool": {"auto_pad": ("NOTSET", "NOTSET"), "ceil_mode": (0, 0)},
    "Pad": {"mode": ("constant", "constant")},
    "Resize": {"mode": ("nearest", "linear"), "coordinate_transformation_mode": ("half_pixel", "half_pixel")},
}
"""For some operations, the default of an attribute, which is its only supported value."""
TO_A_SIZE = 4
"""Number of inputs of a `Resize` to given sizes. With fewer it scales by factors."""


def _known(node: Node) -> bool:
    if node.op not in OPERATIONS or (node.op == "Resize" and len(node.inputs) < TO_A_SIZE):
        return False
    modes = MODES.get(node.op, {})
    return all(node.attributes.get(name, default) == known for name, (default, known) in modes.items())


def lacking(graph: Graph) -> set[str]:
    """Operations of the network that are not supported, at all or in this mode."""
    return {node.op for node in graph.nodes if not _known(node)}


class TorchSession:
    """Run an ONNX network on a torch device, with the methods of an onnxruntime.InferenceSession that vpd
    uses.

    Products are full float32, so results equal those of the CPU up to rounding. Raises InputError where the
    network has an unsupported operation.
    """

    def __init__(self, network: Path | bytes, device: torch.device) -> None:
        graph = read_onnx(network)
        if unknown := lacking(graph):
            raise InputError(f"these operations of the network are not known: {', '.join(sorted(unknown))}")
        self.device, self.inputs, self.outputs = device, graph.inputs, graph.outputs
        self.constants: dict[str, Tensor] = {n: torch.tensor(w) for n, w in graph.weights.items()}
        # What depends on weights alone, such as halves made floats, is done once.
        self.nodes: list[Node] = []
        for node in graph.nodes:
            if all(name in self.constants for name in node.inputs if name):
                self.constants.update(self._results(node, self.constants))
            else:
                self.nodes.append(node)
        self.needed = {name for node in self.nodes for name in node.inputs}
        self.needed |= {value.name for value in self.outputs}
        self.constants = {
            # Whole numbers are sizes and places, which torch wants on the host.
            name: value.to(device) if value.is_floating_point() and value.dim() else value
            for name, value in self.constants.items()
            if name in self.needed
        }
        last = {name: i for i, node in enumerate(self.nodes) for name in node.inputs}
        kept = {value.name for value in self.outputs} | set(self.constants)
        self.done_with = [
            [name for name, i in last.items() if i == place and name and name not in kept]
            for place in range(len(self.nodes))
        ]

    @staticmethod
    def _results(node: Node, values: dict[str, Tensor]) -> dict[str, Tensor]:
        found = OPERATIONS[node.op](node.attributes, *(values[n] if n else None for n in node.inputs))
        several = found if isinstance(found, tuple) else (found,)
        return dict(zip(node.outputs, several, strict=True))

    @torch.inference_mode()
    def run(self, wanted: Sequence[str] | None, feed: dict[str, Array]) -> list[Array]:
        """The outputs called ``wanted``, or all of them, for arrays by the names of the inputs."""
        given = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in feed.items()}
        found = self.outputs_of({name: tensor.to(self.device) for name, tensor in given.items()})
        names = [value.name for value in self.outputs] if wanted is None else wanted
        return [found[name].float().cpu().numpy() for name in names]

    @torch.inference_mode()
    def outputs_of(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """All outputs by name, for inputs by name on the device."""
        values = self.constants | inputs
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
            for node, done_with in zip(self.nodes, self.done_with, strict=True):
                values.update(self._results(node, values))
                for name in done_with:
                    del values[name]
        return {value.name: values[value.name] for value in self.outputs}

    def get_inputs(self) -> tuple[Value, ...]:
        """Names and shapes of the inputs."""
        return self.inputs

    def get_outputs(self) -> tuple[Value, ...]:
        """Names and shapes of the outputs."""
        return self.outputs

    def get_providers(self) -> list[str]:
        """The device, in onnxruntime's terms."""
        return [f"{self.device.type.upper()}ExecutionProvider"]
