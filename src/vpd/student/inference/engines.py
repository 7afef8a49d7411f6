"""Engines: what runs a student's look at the crops, in torch or on onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import onnxruntime as ort
import torch

from vpd.device import choose_bfloat16, choose_device
from vpd.student.network.student import Student
from vpd.types import Array


class Engine(Protocol):
    """Runs a student: channels (N, S, S, C) uint8 to tokens (N, 2, ``token_d``) float32 of both orientations.

    A student that does not read people has its features as tokens, in their teacher's units where they are
    poses.
    """

    student: Student

    def __call__(self, raw: Array) -> Array: ...


class TorchEngine:
    """The student in torch, channels last, in bfloat16 where the device computes in it."""

    def __init__(self, student: Student, device: str = "auto", precision: str = "auto") -> None:
        self.device = choose_device(device)
        self.bfloat16 = choose_bfloat16(precision, self.device)
        self.student = student.eval().to(self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, raw: Array) -> Array:
        """See Engine."""
        student = self.student
        inputs = student.normalise(torch.from_numpy(raw).to(self.device).permute(0, 3, 1, 2))
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            tokens: Array = student.look(inputs).float().cpu().numpy()
        return tokens


class OnnxEngine:
    """A student whose look at the crops was exported (`export_onnx`), on onnxruntime."""

    def __init__(self, exported: Path | bytes, student: Student, threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        # Otherwise it keeps, for every size of batch, the most memory that was ever needed.
        options.enable_mem_pattern = False
        model = exported if isinstance(exported, bytes) else str(exported)
        self.session = ort.InferenceSession(model, options, providers=ort.get_available_providers())
        self.student = student.eval()

    def __call__(self, raw: Array) -> Array:
        """See Engine."""
        tokens: Array = self.session.run(None, {"crops": raw})[0]
        return tokens
