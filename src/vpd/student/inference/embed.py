"""Make features of every crop, as it is and mirrored (paper 3.2: at inference only the encoder is kept)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch

from vpd.crops import CropFile
from vpd.machine import reading_threads
from vpd.settings.embed import EmbedSettings
from vpd.student.corpus.inputs import InputSpec, check_crops, context_rows, neighbour_rows, read_inputs
from vpd.student.inference.engines import Engine, crops_at_once
from vpd.student.network.base import BaseStudent
from vpd.types import Array, FeatureSequence

FRAMES = 1024
"""Number of frames whose features are made at a time."""


def batches(file: CropFile, spec: InputSpec, rows: Array, size: int) -> Iterator[Array]:
    """Yield the channels (N, S, S, C) uint8 of the rows in order, decoded by threads in advance."""
    neighbours = neighbour_rows(file, spec.neighbours) if spec.neighbours else None
    workers = reading_threads()
    with ThreadPoolExecutor(workers, thread_name_prefix="crops") as threads:
        waiting: deque[Future[Array]] = deque()
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            waiting.append(threads.submit(read_inputs, file, part, spec, neighbours))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def frames_with_context(file: CropFile, spec: InputSpec) -> Array:
    """For each row of the file, the rows (N, K) that its feature is made from: its context, then itself."""
    itself = np.arange(len(file))[:, None]
    return np.hstack([context_rows(file, spec.context_s), itself])


def prepare_rows(engine: Engine, crops: CropFile, rows: Array, batch: int) -> Array:
    """`BaseStudent.prepare` of the rows of a file, (N, 2, ``prepared_d``) float32, ``batch`` crops at a time.
    With 0 the engine's device decides.

    Raises MismatchError where the crops have another size than the student's, or lack the flow that it needs.
    """
    spec = engine.student.spec
    check_crops(crops, spec.inputs, spec.size)
    prepared = np.empty((len(rows), 2, engine.student.prepared_d), np.float32)
    done, size = 0, crops_at_once(engine, batch)
    for raw in batches(crops, spec.inputs, rows, size):
        prepared[done : done + len(raw)] = engine(raw)
        done += len(raw)
    return prepared


@torch.inference_mode()
def embed_frames(student: BaseStudent, prepared: Array, frames: Array) -> Array:
    """Features (N, 2, d) float32 from prepared rows (M, 2, ``prepared_d``). ``frames`` (N, K) has for each
    feature the rows of the context and, last, of the frame itself.
    """
    device = student.channel_mean.device
    out = np.empty((len(frames), 2, student.spec.d), np.float32)
    for start in range(0, len(frames), FRAMES):
        rows = frames[start : start + FRAMES]
        part = torch.from_numpy(prepared[rows].astype(np.float32)).to(device)
        for orientation in (0, 1):
            found = student.embed(part[:, :, orientation])
            out[start : start + FRAMES, orientation] = found.float().cpu().numpy()
    return out


def features_of(
    student: BaseStudent, crops: CropFile, prepared: Array, video: str = ""
) -> list[FeatureSequence]:
    """Features of one video, one sequence an athlete, from the prepared rows (N, 2, ``prepared_d``) of all
    its crops.
    """
    values = embed_frames(student, prepared, frames_with_context(crops, student.spec.inputs))
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


def embed(engine: Engine, crops: CropFile, settings: EmbedSettings, video: str = "") -> list[FeatureSequence]:
    """Make a student's features of one video in both orientations. Every crop has one.

    ``docs/student.md`` has an example, which the slow tests run.

    Parameters
    ----------
    engine : Engine
        `TorchEngine(student)` or an `OnnxEngine`.
    crops : CropFile
        The crops of the video.
    settings : EmbedSettings
        Batch size and threads.
    video : str
        The id that the sequences get.

    Returns
    -------
    list of FeatureSequence
        One an athlete; values (T, 2, d) float32.

    Raises
    ------
    MismatchError
        Where the crops have another size than the student sees, or lack the flow that it needs.
    """
    prepared = prepare_rows(engine, crops, np.arange(len(crops)), settings.batch)
    return features_of(engine.student, crops, prepared, video)
