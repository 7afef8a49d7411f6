"""Readings on disk: the output of the frozen pose network is kept for training and for embedding.

The file of a span is complete or absent, and carries a checksum. A damaged one is read again. Reading that
was stopped continues with the missing spans.
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vpd.crops import CropFile
from vpd.device import choose_device
from vpd.files import parse_json, read_bytes
from vpd.library.artefact import read_recipe, write_text
from vpd.library.sealed_files import ends_whole, read_array, write_array
from vpd.library.within import must_be_there
from vpd.settings.distill import DistillSettings
from vpd.settings.embed import EmbedSettings
from vpd.student.corpus.batches import evenly
from vpd.student.corpus.corpus import Corpus
from vpd.student.inference import reading_plan
from vpd.student.inference.embed import frames_with_context, prepare_rows
from vpd.student.inference.engines import Engine, OnnxEngine, TorchEngine
from vpd.student.inference.export import prepare_graph
from vpd.student.inference.reading_plan import Plan, Span, span_file
from vpd.student.network.base import BaseStudent
from vpd.student.network.pose_reader import CENTRE, INPUT
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.types import Array

KEY = "key.json"
SCALE_FRAMES = 200
"""Number of frames whose readings give their mean and standard deviation."""
VERSION = 3


@dataclass(frozen=True, eq=False)
class Readings:
    """The loaded readings of the planned spans.

    Attributes
    ----------
    readings : (M, 2, ``prepared_d``) float16, both orientations.
    frames : (N,) indices of the corpus' frames that were read.
    context : (N, K) rows of ``readings``: of each frame's context and, last, its own.
    """

    readings: Array
    frames: Array
    context: Array

    def __len__(self) -> int:
        return len(self.readings)


def reader_key(student: PoseReadingStudent) -> list[Any]:
    """A key of the reader's method and weights. Readings of another reader cannot be used."""
    first = student.reader.network.stem.state_dict().values()
    weights = hashlib.sha256(b"".join(w.cpu().numpy().tobytes() for w in first)).hexdigest()[:16]
    return [VERSION, student.spec.size, student.spec.inputs.flow, INPUT, CENTRE, weights]


def crop_keys(corpus: Corpus) -> dict[str, str]:
    """The key of the crops of each video."""
    pairs = zip(corpus.videos, corpus.paths, strict=True)
    return {video: read_recipe(path)["key"] for video, path in pairs}


def reading_engine(student: BaseStudent, settings: DistillSettings) -> Engine:
    """The fastest available engine for reading crops: torch on a GPU, else onnxruntime."""
    if choose_device(settings.device).type != "cpu":
        return TorchEngine(student, settings.device, settings.precision)
    return OnnxEngine(prepare_graph(student), student, torch.get_num_threads())


def set_reading_scale(student: PoseReadingStudent, found: Readings) -> None:
    """Set the student's mean and standard deviation of readings from evenly spaced ones."""
    chosen = found.readings[evenly(np.arange(len(found)), SCALE_FRAMES)].astype(np.float32)
    student.network.set_scale(torch.from_numpy(chosen).flatten(0, 1))


def keep_current(student: PoseReadingStudent, corpus: Corpus, folder: Path) -> None:
    """Prepare ``folder`` for the corpus' readings. Readings of changed crops are deleted; all are, where
    another reader made them.
    """
    reader, crops = reader_key(student), crop_keys(corpus)
    try:
        known = parse_json(read_bytes(folder / KEY))
        before = dict(known["crops"]) if known["reader"] == reader else None
    except (OSError, KeyError, TypeError, ValueError):
        before = None
    must_be_there(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if before is None:
        (folder / KEY).unlink(missing_ok=True)
        gone = ["*"]
    else:
        gone = [glob.escape(v) for v in crops.keys() & before.keys() if crops[v] != before[v]]
    for name in gone:
        for old in folder.glob(f"{name}-????????.npy"):
            old.unlink()
    every = (before or {}) | crops
    if every != before:
        write_text(json.dumps({"reader": reader, "crops": every}), folder / KEY)


def read_corpus(
    engine: Engine,
    corpus: Corpus,
    plan: Plan,
    settings: DistillSettings,
    folder: Path,
    share: Sequence[int],
    progress: Callable[[int, float], None] | None = None,
    must_end: Callable[[], bool] = lambda: False,
) -> None:
    """Read the planned spans into ``folder``. ``share`` = (rank, processes) selects those of this process.

    ``progress`` gets the number of crops read, and the progress in 0..1. Reading ends early where
    ``must_end`` says so, but not before the plan's ``least`` spans. Raises MismatchError where crops do not
    fit the student.
    """
    rank, processes = share
    total, done = plan.crops, 0
    for number, span in list(enumerate(plan.spans))[rank::processes]:
        path = span.path(folder, corpus)
        if not ends_whole(path):
            if number >= plan.least and must_end():
                return
            file, rows = CropFile(corpus.paths[span.video]), np.arange(span.start, span.stop)
            readings = prepare_rows(engine, file, rows, 0).astype(np.float16)
            write_array(path, readings)
        done += (span.stop - span.start) * processes
        if progress is not None:
            progress(done, min(1.0, done / total))


def load_readings(student: BaseStudent, corpus: Corpus, plan: Plan, folder: Path) -> Readings:
    """Load the readings of the planned spans."""
    readings: list[Array] = []
    frames: list[Array] = []
    context: list[Array] = []
    first = 0
    by_video: dict[int, list[tuple[Span, Array]]] = {}
    for span in plan.spans:
        values = read_array(span.path(folder, corpus))
        if values is not None:
            by_video.setdefault(span.video, []).append((span, values))
    for video, read in sorted(by_video.items()):
        file = CropFile(corpus.paths[video])
        place = np.full(len(file), -1)
        for span, values in read:
            place[span.start : span.stop] = np.arange(first, first + len(values))
            first += len(values)
            readings.append(values)
        mine = np.flatnonzero(corpus.video == video)
        mine = mine[place[corpus.row[mine]] >= 0]
        wanted = place[frames_with_context(file, student.spec.inputs)[corpus.row[mine]]]
        # At the edge of a span a neighbour may not have been read: the frame stands for it.
        context.append(np.where(wanted >= 0, wanted, wanted[:, -1:]))
        frames.append(mine)
    return Readings(np.concatenate(readings), np.concatenate(frames), np.concatenate(context))


def kept_readings(
    student: BaseStudent, crops: CropFile, folder: Path, video: str
) -> tuple[Array, Array] | None:
    """The kept readings (N, 2, ``prepared_d``) float16 of a video, and a mask (N,) of the crops that have
    one.

    None where nothing can be used: readings of other crops or of another reader, or a student that reads no
    poses.
    """
    if not isinstance(student, PoseReadingStudent):
        return None
    try:
        known = parse_json(read_bytes(folder / KEY))
        if known["reader"] != reader_key(student) or known["crops"][video] != read_recipe(crops.path)["key"]:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    readings = np.zeros((len(crops), 2, student.prepared_d), np.float16)
    read = np.zeros(len(crops), np.bool_)
    for rows in _spans(crops):
        found = read_array(span_file(folder, video, rows.start))
        if found is not None and found.shape == readings[rows].shape:
            readings[rows], read[rows] = found, True
    return readings, read


def prepare_video(
    student: BaseStudent,
    crops: CropFile,
    folder: Path,
    video: str,
    engine: Callable[[], Engine],
    settings: EmbedSettings,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """`BaseStudent.prepare` (N, 2, ``prepared_d``) of all crops of a video: kept readings where there are,
    and new ones for the rest.

    New readings of a video that a student learned from are also kept in ``folder``. ``engine`` is called when
    it is needed. ``progress`` gets the share of crops that are done.
    """
    kept = kept_readings(student, crops, folder, video)
    if kept is None:
        prepared = np.empty((len(crops), 2, student.prepared_d), student.prepared_type)
        done = np.zeros(len(crops), np.bool_)
    else:
        prepared, done = kept
    for span in _spans(crops):
        rows = np.arange(len(crops))[span]
        if not done[span].all():
            prepared[span] = prepare_rows(engine(), crops, rows, settings.batch)
            if kept is not None:
                write_array(span_file(folder, video, span.start), prepared[span])
        if progress is not None:
            progress(len(rows) / len(crops))
    return prepared


def _spans(crops: CropFile) -> list[slice]:
    size = reading_plan.SPAN
    return [slice(start, min(start + size, len(crops))) for start in range(0, len(crops), size)]
