"""Features of every crop, as it is and mirrored (paper 3.2: at inference only the encoder is kept)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch

from vpd.crops import CropFile
from vpd.settings.embed import EmbedSettings
from vpd.student.corpus.inputs import InputSpec, check_crops, context_rows, neighbour_rows, read_inputs
from vpd.student.inference.engines import Engine
from vpd.student.network.student import Student
from vpd.types import Array, FeatureSequence

COMBINED = 1024
"""Frames whose tokens are combined at a time."""


def batches(file: CropFile, spec: InputSpec, rows: Array, size: int, workers: int) -> Iterator[Array]:
    """The channels (N, S, S, C) uint8 of the rows in order, decoded by threads ahead of the network."""
    neighbours = neighbour_rows(file, spec.neighbours) if spec.neighbours else None
    with ThreadPoolExecutor(workers, thread_name_prefix="crops") as threads:
        waiting: deque[Future[Array]] = deque()
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            waiting.append(threads.submit(read_inputs, file, part, spec, neighbours))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def windows(file: CropFile, spec: InputSpec) -> Array:
    """For each row of the file the rows (N, K) whose tokens make its feature: context, then itself."""
    itself = np.arange(len(file))[:, None]
    return np.hstack([context_rows(file, spec.context_s), itself])


@torch.inference_mode()
def combine(student: Student, tokens: Array, seen: Array) -> Array:
    """Features (N, 2, d) float32 of the tokens (M, 2, ``token_d``) and the rows (N, K) of them to be seen."""
    device = student.channel_mean.device
    out = np.empty((len(seen), 2, student.spec.d), np.float32)
    for start in range(0, len(seen), COMBINED):
        part = torch.from_numpy(tokens[seen[start : start + COMBINED]].astype(np.float32)).to(device)
        for orientation in (0, 1):
            found = student.feature(part[:, :, orientation])
            out[start : start + COMBINED, orientation] = found.float().cpu().numpy()
    return out


def look(engine: Engine, crops: CropFile, rows: Array, batch: int, workers: int) -> Array:
    """Tokens (N, 2, ``token_d``) float32 of the rows of a file, ``batch`` crops at a time.

    Raises MismatchError where the crops are of another size than the student's, or lack the flow it sees.
    """
    spec = engine.student.spec
    check_crops(crops, spec.inputs, spec.size)
    tokens = np.empty((len(rows), 2, engine.student.token_d), np.float32)
    done = 0
    for raw in batches(crops, spec.inputs, rows, batch, workers):
        tokens[done : done + len(raw)] = engine(raw)
        done += len(raw)
    return tokens


def features_of(student: Student, crops: CropFile, tokens: Array, video: str = "") -> list[FeatureSequence]:
    """Features of one video, one sequence an athlete, of the tokens (N, 2, ``token_d``) of all its crops."""
    values = combine(student, tokens, windows(crops, student.spec.inputs)) if student.reads_people else tokens
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
    """Features of one video, one sequence an athlete, both orientations; every crop has one.

    Raises MismatchError as `look` does.
    """
    tokens = look(engine, crops, np.arange(len(crops)), settings.batch, settings.workers)
    return features_of(engine.student, crops, tokens, video)
