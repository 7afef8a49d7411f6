"""Features of every crop, as it is and mirrored (paper 3.2: at inference only the encoder is kept)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
import torch

from vpd.crops import CropFile
from vpd.settings.embed import EmbedSettings
from vpd.student.device import choose_bfloat16, choose_device
from vpd.student.inputs import InputSpec, check_crops, neighbour_rows, read_inputs
from vpd.student.network import Student
from vpd.types import Array, FeatureSequence


class Engine(Protocol):
    """Runs a student: channels (N, S, S, C) uint8 to features (N, 2, d) float32."""

    spec: InputSpec
    size: int
    d: int

    def __call__(self, raw: Array) -> Array: ...


class TorchEngine:
    """The student in torch, channels last, in bfloat16 where the device computes in it."""

    def __init__(self, student: Student, device: str = "auto", precision: str = "auto") -> None:
        self.spec, self.size, self.d = student.spec.inputs, student.spec.size, student.spec.d
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
            features = student.embed(both).float().cpu().numpy()
        n = len(raw)
        return np.ascontiguousarray(np.stack([features[:n], features[n:]], axis=1), np.float32)


class OnnxEngine:
    """An exported student (`export_onnx`) on onnxruntime."""

    def __init__(self, path: Path, spec: InputSpec, size: int, threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = ort.InferenceSession(str(path), options, providers=ort.get_available_providers())
        self.spec, self.size = spec, size
        self.d = int(self.session.get_outputs()[0].shape[2])

    def __call__(self, raw: Array) -> Array:
        """See Engine."""
        features: Array = self.session.run(None, {"crops": raw})[0]
        return features


def _batches(file: CropFile, spec: InputSpec, size: int, workers: int) -> Iterator[Array]:
    """The channels of all rows in order, decoded by threads ahead of the network."""
    neighbours = neighbour_rows(file, spec.neighbours) if spec.neighbours else None
    starts = range(0, len(file), size)
    with ThreadPoolExecutor(workers, thread_name_prefix="crops") as threads:
        waiting: deque[Future[Array]] = deque()
        for start in starts:
            rows = np.arange(start, min(start + size, len(file)))
            waiting.append(threads.submit(read_inputs, file, rows, spec, neighbours))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def embed(engine: Engine, crops: CropFile, settings: EmbedSettings, video: str = "") -> list[FeatureSequence]:
    """Features of one video, one sequence an athlete, both orientations; every crop has one.

    Raises MismatchError where the crops are of another size than the student's, or lack the flow it sees.
    """
    check_crops(crops, engine.spec, engine.size)
    values = np.empty((len(crops), 2, engine.d), np.float32)
    done = 0
    for raw in _batches(crops, engine.spec, settings.batch, settings.workers):
        values[done : done + len(raw)] = engine(raw)
        done += len(raw)
    sequences = []
    for athlete in np.unique(crops.athletes):
        rows = np.flatnonzero(crops.athletes == athlete)
        sequences.append(
            FeatureSequence(
                video=video or crops.path.stem,
                athlete=int(athlete),
                frames=crops.frames[rows],
                times_s=crops.times_s[rows],
                values=values[rows],
                valid=np.ones(len(rows), np.bool_),
                scores=np.ones(len(rows), np.float32),
            )
        )
    return sequences
