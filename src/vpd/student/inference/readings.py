"""What the frozen pose network reads of a corpus, kept on disk: the head then trains without looking again.

A corpus is read in spans of rows drawn from all videos, so that the first spans already hold a bit of many
videos, until the number of crops that the settings give is read. A span's file is whole or not there; a
training that was stopped goes on with the spans it has.
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
from vpd.library.artefact import read_recipe, replacing, write_text
from vpd.settings.distill import DistillSettings
from vpd.settings.embed import EmbedSettings
from vpd.student.corpus.batches import evenly
from vpd.student.corpus.corpus import Corpus, Split
from vpd.student.inference.embed import look, windows
from vpd.student.inference.engines import Engine, OnnxEngine, TorchEngine
from vpd.student.inference.export import look_graph
from vpd.student.network.people import CENTRE, INPUT, PeopleEncoder
from vpd.student.network.student import Student
from vpd.types import Array

KEY = "key.json"
SPAN = 128
"""Rows of a span."""
FIT_FRAMES = 200
"""Frames whose readings give their mean and deviation."""
BATCH = 8
"""Crops looked at at a time; more gains nothing on a CPU and costs memory."""
VERSION = 2


@dataclass(frozen=True)
class Span:
    """Rows ``start`` to ``stop`` of the crops of the corpus' video number ``video``."""

    video: int
    start: int
    stop: int

    def path(self, folder: Path, corpus: Corpus) -> Path:
        """The file of its tokens (rows, 2, ``token_d``) float16."""
        return _file(folder, corpus.videos[self.video], self.start)


@dataclass(frozen=True, eq=False)
class Readings:
    """Tokens of the spans that were read.

    Attributes
    ----------
    tokens : (M, 2, ``token_d``) float16, both orientations.
    frames : indices of the corpus' frames that were read.
    seen : (frames, K) the tokens of each frame's context and, last, its own.
    """

    tokens: Array
    frames: Array
    seen: Array


def spans_of(corpus: Corpus, seed: int) -> list[Span]:
    """All spans that hold a frame of the corpus, in an order drawn by the seed."""
    found = []
    for video in np.unique(corpus.video):
        rows = corpus.row[corpus.video == video]
        count = len(CropFile(corpus.paths[video]))
        found += [Span(int(video), s * SPAN, min((s + 1) * SPAN, count)) for s in np.unique(rows // SPAN)]
    return [found[i] for i in np.random.default_rng(seed).permutation(len(found))]


@dataclass(frozen=True)
class Plan:
    """What is to be read of a corpus.

    Attributes
    ----------
    spans : in the order in which they are read.
    least : the first so many are read whatever a time limit says: they hold frames to train on and frames
        held out.
    """

    spans: list[Span]
    least: int

    @property
    def crops(self) -> int:
        """Number of crops in all spans."""
        return int(sum(span.stop - span.start for span in self.spans))


def plan_reading(corpus: Corpus, split: Split, settings: DistillSettings) -> Plan:
    """The spans that hold the first ``settings.read`` crops in an order drawn by the seed.

    It depends on corpus, split and settings alone, so that a fast and a slow machine read the same.
    """
    spans = spans_of(corpus, settings.seed)

    def first_with(frames: Array) -> int:
        wanted = set(zip(corpus.video[frames], corpus.row[frames] // SPAN, strict=True))
        return next(i for i, s in enumerate(spans) if (s.video, s.start // SPAN) in wanted)

    least = 1 + max(first_with(split.training), first_with(split.validation))
    ends = np.cumsum([s.stop - s.start for s in spans])
    count = int(np.searchsorted(ends, settings.read)) + 1
    return Plan(spans[: max(least, count)], least)


def look_of(student: Student) -> list[Any]:
    """How crops are looked at, and by which weights; readings of another look are of no use."""
    encoder = student.encoder
    assert isinstance(encoder, PeopleEncoder)
    first = encoder.pretrained.stem.state_dict().values()
    weights = hashlib.sha256(b"".join(w.cpu().numpy().tobytes() for w in first)).hexdigest()[:16]
    return [VERSION, student.spec.size, student.spec.inputs.flow, INPUT, CENTRE, weights]


def crops_of(corpus: Corpus) -> dict[str, str]:
    """Of each video the key of its crops."""
    pairs = zip(corpus.videos, corpus.paths, strict=True)
    return {video: read_recipe(path)["key"] for video, path in pairs}


def engine_of(student: Student, settings: DistillSettings) -> Engine:
    """The fastest engine there is for the look at the crops: a GPU in torch, else onnxruntime."""
    if choose_device(settings.device).type != "cpu":
        return TorchEngine(student, settings.device, settings.precision)
    return OnnxEngine(look_graph(student), student, torch.get_num_threads())


def fit(engine: Engine, corpus: Corpus, settings: DistillSettings) -> None:
    """Give the student's encoder the mean and deviation of what it reads of some frames of the corpus."""
    encoder = engine.student.encoder
    assert isinstance(encoder, PeopleEncoder)
    chosen = evenly(np.arange(len(corpus)), FIT_FRAMES)
    parts = []
    for video in np.unique(corpus.video[chosen]):
        rows = corpus.row[chosen[corpus.video[chosen] == video]]
        parts.append(look(engine, CropFile(corpus.paths[video]), rows, BATCH, settings.workers))
    encoder.fit(torch.from_numpy(np.concatenate(parts)).flatten(0, 1))


def keep_current(student: Student, corpus: Corpus, folder: Path) -> None:
    """Make ``folder`` ready to hold the corpus' readings: those of crops that have changed are deleted, and
    all of them where crops were looked at otherwise."""
    look, crops = look_of(student), crops_of(corpus)
    try:
        known = json.loads((folder / KEY).read_text(encoding="utf-8"))
        before = known["crops"] if known["look"] == look else None
    except (OSError, KeyError, TypeError, ValueError):
        before = None
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
        write_text(json.dumps({"look": look, "crops": every}), folder / KEY)


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
    """Read the planned spans into ``folder``; of ``share`` = (rank, processes) those of this process.

    ``progress`` gets the crops read and how far the reading is, 0..1. Reading ends early where ``must_end``
    says so, but not before the plan's ``least`` spans. Raises MismatchError where crops do not fit the
    student.
    """
    rank, processes = share
    total, done = plan.crops, 0
    for number, span in list(enumerate(plan.spans))[rank::processes]:
        path = span.path(folder, corpus)
        if not path.is_file():
            if number >= plan.least and must_end():
                return
            file, rows = CropFile(corpus.paths[span.video]), np.arange(span.start, span.stop)
            tokens = look(engine, file, rows, BATCH, settings.workers).astype(np.float16)
            _keep(tokens, path)
        done += (span.stop - span.start) * processes
        if progress is not None:
            progress(done, min(1.0, done / total))


def load_readings(student: Student, corpus: Corpus, plan: Plan, folder: Path) -> Readings:
    """What was read of the planned spans."""
    tokens: list[Array] = []
    frames: list[Array] = []
    seen: list[Array] = []
    first = 0
    by_video: dict[int, list[tuple[Span, Array]]] = {}
    for span in plan.spans:
        path = span.path(folder, corpus)
        if path.is_file():
            by_video.setdefault(span.video, []).append((span, np.load(path)))
    for video, read in sorted(by_video.items()):
        file = CropFile(corpus.paths[video])
        place = np.full(len(file), -1)
        for span, values in read:
            place[span.start : span.stop] = np.arange(first, first + len(values))
            first += len(values)
            tokens.append(values)
        mine = np.flatnonzero(corpus.video == video)
        mine = mine[place[corpus.row[mine]] >= 0]
        wanted = place[windows(file, student.spec.inputs)[corpus.row[mine]]]
        # At the edge of a span a neighbour may not have been read: the frame stands for it.
        seen.append(np.where(wanted >= 0, wanted, wanted[:, -1:]))
        frames.append(mine)
    return Readings(np.concatenate(tokens), np.concatenate(frames), np.concatenate(seen))


def known_tokens(student: Student, crops: CropFile, folder: Path, video: str) -> tuple[Array, Array] | None:
    """The tokens (N, 2, ``token_d``) float16 of a video as far as it was read, and which (N,) of them were.

    None where nothing can be known: of other crops, another look, or a student that reads nobody.
    """
    if not student.reads_people:
        return None
    try:
        known = json.loads((folder / KEY).read_text(encoding="utf-8"))
        if known["look"] != look_of(student) or known["crops"][video] != read_recipe(crops.path)["key"]:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    tokens = np.zeros((len(crops), 2, student.token_d), np.float16)
    read = np.zeros(len(crops), np.bool_)
    for rows in _spans(crops):
        path = _file(folder, video, rows.start)
        if path.is_file():
            tokens[rows], read[rows] = np.load(path), True
    return tokens, read


def read_video(
    student: Student,
    crops: CropFile,
    folder: Path,
    video: str,
    engine: Callable[[], Engine],
    settings: EmbedSettings,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """Tokens (N, 2, ``token_d``) of all crops of a video: those read before, and the rest looked at.

    What is looked at of a video that a student learned from is kept in ``folder`` too. ``engine`` is called
    where it is needed. ``progress`` gets the share of the crops that were done.
    """
    found = known_tokens(student, crops, folder, video)
    if found is None:
        # Readings are kept as float16: rounded alike, a video has the same features whoever read it.
        kind = np.float16 if student.reads_people else np.float32
        tokens, read = np.empty((len(crops), 2, student.token_d), kind), np.zeros(len(crops), np.bool_)
    else:
        tokens, read = found
    for span in _spans(crops):
        rows = np.arange(len(crops))[span]
        if not read[span].all():
            tokens[span] = look(engine(), crops, rows, settings.batch, settings.workers)
            if found is not None:
                _keep(tokens[span], _file(folder, video, span.start))
        if progress is not None:
            progress(len(rows) / len(crops))
    return tokens


def _spans(crops: CropFile) -> list[slice]:
    return [slice(start, min(start + SPAN, len(crops))) for start in range(0, len(crops), SPAN)]


def _file(folder: Path, video: str, start: int) -> Path:
    return folder / f"{video}-{start:08d}.npy"


def _keep(tokens: Array, path: Path) -> None:
    with replacing(path) as part, part.open("wb") as out:
        np.save(out, tokens)
