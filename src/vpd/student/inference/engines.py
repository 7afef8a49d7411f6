"""Engines run a student's work on single crops, in torch or in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch

from vpd.device import choose_bfloat16, choose_device, items_at_once
from vpd.models.session import open_session
from vpd.student.network.base import BaseStudent
from vpd.types import Array

ON_CPU, MOST_AT_ONCE = 8, 256
"""Crops at a time: on a CPU, where more gains nothing and costs memory; and at most on a GPU."""


class Engine(Protocol):
    """Runs `BaseStudent.prepare`: channels (N, S, S, C) uint8 to (N, 2, ``prepared_d``) float32."""

    student: BaseStudent

    def __call__(self, raw: Array) -> Array: ...


class TorchEngine:
    """The student in torch with channels last, in bfloat16 where the device supports it."""

    def __init__(self, student: BaseStudent, device: str = "auto", precision: str = "auto") -> None:
        self.device = choose_device(device)
        self.bfloat16 = choose_bfloat16(precision, self.device)
        self.student = student.eval().to(self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, raw: Array) -> Array:
        """Run the engine; see Engine."""
        student = self.student
        inputs = student.normalise(torch.from_numpy(raw).to(self.device).permute(0, 3, 1, 2))
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            prepared: Array = student.prepare(inputs).float().cpu().numpy()
        return prepared


class OnnxEngine:
    """A student exported by `export_onnx`, in onnxruntime. ``threads`` is the number of CPU threads; 0 means
    all.
    """

    def __init__(self, exported: Path | bytes, student: BaseStudent, threads: int = 0) -> None:
        # With a memory pattern, onnxruntime keeps the most memory that each size of batch needed.
        # It is chosen for the CPU; on a GPU torch runs the student itself.
        self.session = open_session(exported, threads, memory_pattern=False, gpu=False)
        self.student = student.eval()

    def __call__(self, raw: Array) -> Array:
        """Run the engine; see Engine."""
        prepared: Array = self.session.run(None, {"crops": raw})[0]
        return prepared


def crops_at_once(engine: Engine, asked: int = 0) -> int:
    """The batch size: ``asked``, or where that is 0 one that suits the engine's device."""
    if isinstance(engine, TorchEngine):
        return items_at_once(asked, engine.device, ON_CPU, MOST_AT_ONCE)
    return asked or ON_CPU
