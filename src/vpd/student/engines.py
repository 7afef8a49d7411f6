"""Engines: what runs a student's look at the crops, in torch or on onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
import torch

from vpd.student.device import choose_bfloat16, choose_device
from vpd.student.network import Student
from vpd.types import Array


class Engine(Protocol):
    """Runs a student: channels (N, S, S, C) uint8 to tokens (N, 2, ``token_d``) float32 of both orientations.

    A student that does not read people has its features as tokens, in their teacher's units where they are
    poses.
    """

    student: Student

    def __call__(self, raw: Array) -> Array: ...


class TorchEngine:
    """The student in torch, channels last, in bfloat16 where the device computes in it.

    With ``readings`` it gives what a `PeopleEncoder` reads before it is condensed.
    """

    def __init__(
        self, student: Student, device: str = "auto", precision: str = "auto", readings: bool = False
    ) -> None:
        self.readings = readings
        self.device = choose_device(device)
        self.bfloat16 = choose_bfloat16(precision, self.device)
        self.student = student.eval().to(self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, raw: Array) -> Array:
        """See Engine."""
        student = self.student
        inputs = student.normalise(torch.from_numpy(raw).to(self.device).permute(0, 3, 1, 2))
        both = torch.cat([inputs, student.mirror(inputs)]).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            tokens = student.look(both, self.readings)
        n, found = len(raw), tokens.float().cpu().numpy()
        return np.ascontiguousarray(np.stack([found[:n], found[n:]], axis=1), np.float32)


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
