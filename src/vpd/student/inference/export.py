"""Export a student to ONNX: bytes of crops in, tokens or features of both orientations out."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from vpd.library.artefact import replacing
from vpd.student.network.student import Student

OPSET = 18
COMBINE = ".combine.onnx"
"""Ending of the second file of a student that reads people."""


class _Look(nn.Module):
    """Channels (N, S, S, C) uint8 to both orientations' tokens or features, as one graph."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, crops: Tensor) -> Tensor:
        return self.student.look(self.student.normalise(crops.permute(0, 3, 1, 2)))


class _Combine(nn.Module):
    """Tokens (N, K, ``token_d``) of frames to features (N, d)."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, windows: Tensor) -> Tensor:
        return self.student.feature(windows)


def _graph(module: nn.Module, example: Tensor, inputs: str, outputs: str) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # That this exporter is the older one, and that sizes of the example become constants: they are.
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


def look_graph(student: Student) -> bytes:
    """The look at the crops as an ONNX model: ``crops`` (N, S, S, C) uint8 to what `Engine` gives."""
    spec = student.spec
    crops = torch.zeros(2, spec.size, spec.size, spec.inputs.channels, dtype=torch.uint8)
    output = "tokens" if student.reads_people else "features"
    return _graph(_Look(student.cpu()), crops, "crops", output)


def export_onnx(student: Student, path: Path) -> list[Path]:
    """Write the student as ONNX and return the files.

    ``path`` takes ``crops`` (N, S, S, C) uint8, the channels of `InputSpec`: colours 0..255 and flow codes.
    It gives ``features`` (N, 2, d) float32, as they are and mirrored. Of a student that reads people it
    gives ``tokens`` (N, 2, t), and a second file with the ending .combine.onnx takes ``windows`` (N, K, t),
    the tokens of one orientation of each frame's context and last of the frame itself, and gives
    ``features`` (N, d).
    """
    files = {path: look_graph(student)}
    if student.reads_people:
        windows = student.alone(torch.zeros(2, student.token_d))
        files[path.with_suffix(COMBINE)] = _graph(_Combine(student), windows, "windows", "features")
    for file, graph in files.items():
        with replacing(file) as part:
            part.write_bytes(graph)
    return list(files)
