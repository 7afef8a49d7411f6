"""Export a student to ONNX: bytes of crops in, features of both orientations out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from vpd.errors import InputError
from vpd.library.artefact import replacing
from vpd.student.network import Student

OPSET = 18


class _Embedder(nn.Module):
    """Channels (N, S, S, C) uint8 to features (N, 2, d): all that `embed` does, as one graph."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, crops: Tensor) -> Tensor:
        inputs = self.student.normalise(crops.permute(0, 3, 1, 2))
        regular = self.student.embed(inputs)
        mirrored = self.student.embed(self.student.mirror(inputs))
        return torch.stack([regular, mirrored], dim=1)


def export_onnx(student: Student, path: Path) -> None:
    """Write the student as ONNX: input ``crops`` (N, S, S, C) uint8, output ``features`` (N, 2, d) float32.

    The channels are those of `InputSpec`: colours 0..255 and flow codes. Raises InputError without `onnx`.
    """
    try:
        import onnx  # noqa: F401 (torch needs it and says so less clearly)
    except ImportError as error:
        raise InputError("export needs `pip install video-pose-distillation[export]`") from error
    spec = student.spec
    crops = torch.zeros(2, spec.size, spec.size, spec.inputs.channels, dtype=torch.uint8)
    embedder = _Embedder(student.cpu().eval())
    with replacing(path) as part:
        torch.onnx.export(
            embedder,
            (crops,),
            str(part),
            input_names=["crops"],
            output_names=["features"],
            dynamic_axes={"crops": {0: "n"}, "features": {0: "n"}},
            opset_version=OPSET,
            dynamo=False,
        )
