"""Export a student to ONNX. Inputs are bytes of crops, outputs readings or features of both orientations."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from vpd.library.artefact import replacing
from vpd.student.network.base import BaseStudent

OPSET = 18
EMBED = ".embed.onnx"
"""Suffix of the second file of a student that reads poses."""


class _Prepare(nn.Module):
    """Channels (N, S, S, C) uint8 to (N, 2, ``prepared_d``), as one graph."""

    def __init__(self, student: BaseStudent) -> None:
        super().__init__()
        self.student = student

    def forward(self, crops: Tensor) -> Tensor:
        return self.student.prepare(self.student.normalise(crops.permute(0, 3, 1, 2)))


class _Embed(nn.Module):
    """Readings (N, K, ``prepared_d``) of frames to features (N, d), as one graph."""

    def __init__(self, student: BaseStudent) -> None:
        super().__init__()
        self.student = student

    def forward(self, readings: Tensor) -> Tensor:
        return self.student.embed(readings)


def _graph(module: nn.Module, example: Tensor, inputs: str, outputs: str) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # It warns that this exporter is the older one and that sizes of the example become constants.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (example,),
            buffer,  # type: ignore[arg-type] # a stream is allowed here, though not said
            input_names=[inputs],
            output_names=[outputs],
            dynamic_axes={inputs: {0: "n"}, outputs: {0: "n"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def prepare_graph(student: BaseStudent) -> bytes:
    """`BaseStudent.prepare` as an ONNX model: ``crops`` (N, S, S, C) uint8 to (N, 2, ``prepared_d``)."""
    spec = student.spec
    crops = torch.zeros(2, spec.size, spec.size, spec.inputs.channels, dtype=torch.uint8)
    output = "readings" if spec.reads_poses else "features"
    return _graph(_Prepare(student.cpu()), crops, "crops", output)


def export_onnx(student: BaseStudent, path: Path) -> list[Path]:
    """Write the student as ONNX. Returns the paths of the files.

    The file ``path`` maps ``crops`` (N, S, S, C) uint8, the channels of `InputSpec` (colours 0..255 and flow
    codes), to ``features`` (N, 2, d) float32, as they are and mirrored. For a student that reads poses it
    gives ``readings`` (N, 2, r). A second file with the suffix .embed.onnx then maps ``readings`` (N, K, r)
    of one orientation, of each frame's context and last of the frame itself, to ``features`` (N, d).
    """
    files = {path: prepare_graph(student)}
    if student.spec.reads_poses:
        readings = torch.zeros(2, 1 + len(student.spec.inputs.context_s), student.prepared_d)
        files[path.with_suffix(EMBED)] = _graph(_Embed(student), readings, "readings", "features")
    for file, graph in files.items():
        with replacing(file) as part:
            part.write_bytes(graph)
    return list(files)
