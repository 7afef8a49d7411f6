"""Puts fine-tuned weights into the shipped ONNX file's graph, in float16 as there.

    python tools/pose/export.py OUT/ema.safetensors --out movenet_thunder.onnx [--share 0.8]

``--share`` goes so far from the published weights to the fine-tuned ones (Wortsman et al., "Robust
fine-tuning of zero-shot models", CVPR 2022): less forgets less.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import nn

if __package__ in (None, ""):
    sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "src")]

from vpd.models import model_path
from vpd.pose.movenet_torch import MoveNet, load_movenet


def mixed(weights: Path, share: float) -> MoveNet:
    """MoveNet with weights ``share`` of the way from the published ones to those of the file."""
    network, tuned = load_movenet(), MoveNet()
    tuned.load_state_dict({name: value.float() for name, value in load_file(str(weights)).items()})
    for at, to in zip(network.parameters(), tuned.parameters(), strict=True):
        at.data.lerp_(to.data, share)
    return network


def export(network: MoveNet, path: Path) -> None:
    """Write the shipped graph with the weights of ``network``."""
    model = onnx.load(str(model_path("movenet_thunder")))
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    cast_from = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
    names = [name for node in graph.node if node.op_type == "Conv" for name in node.input[1:]]
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    values = [p for module in convolutions for p in (module.weight, module.bias) if p is not None]
    for name, value in zip(names, values, strict=True):
        tensor = stored[cast_from.get(name, name)]
        kind = numpy_helper.to_array(tensor).dtype
        array = value.detach().numpy().astype(kind)
        if list(array.shape) != list(tensor.dims) or not np.isfinite(array).all():
            raise SystemExit(f"{name}: weights of shape {array.shape} do not fit {list(tensor.dims)}")
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    onnx.save(model, str(path))


def main() -> None:
    """Parse the options and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    export(mixed(given.weights, given.share), given.out)


if __name__ == "__main__":
    main()
