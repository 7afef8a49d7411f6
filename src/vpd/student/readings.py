"""What the frozen pose network reads of a corpus, kept on disk: the head then trains without looking again.

A corpus is read in spans of rows drawn from all videos, so that the first minutes already hold a bit of each,
until it is read, or the time or the number of crops that the settings give is used up. A span's file is whole
or not there; a training that was stopped goes on with the spans it has.
"""

from __future__ import annotations

import glob
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from vpd.crops import CropFile
from vpd.errors import InputError
from vpd.library.artefact import read_recipe, replacing, write_text
from vpd.settings.distill import DistillSettings
from vpd.student.batches import evenly
from vpd.student.corpus import Corpus
from vpd.student.embed import batches, windows
from vpd.student.engines import Engine, OnnxEngine, TorchEngine
from vpd.student.export import look_graph
from vpd.student.inputs import check_crops
from vpd.student.network import Student
from vpd.student.people import CENTRE, COMPONENTS, INPUT, PeopleEncoder
from vpd.types import Array

KEY, FIT = "key.json", "fit.safetensors"
SPAN = 128
"""Rows of a span."""
FIT_FRAMES = 1000
"""Frames whose readings give scale and principal components."""
BATCH = 8
"""Crops looked at at a time; more gains nothing on a CPU and costs memory."""
VERSION = 1


@dataclass(frozen=True)
class Span:
    """Rows ``start`` to ``stop`` of the crops of the corpus' video number ``video``."""

    video: int
    start: int
    stop: int

    def path(self, folder: Path, corpus: Corpus) -> Path:
        """The file of its tokens (rows, 2, ``token_d``) float16."""
        return folder / f"{corpus.videos[self.video]}-{self.start:08d}.npy"


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


def look_of(student: Student) -> list[Any]:
    """How crops are looked at; readings of another look are of no use."""
    return [VERSION, student.spec.size, student.spec.inputs.flow, INPUT, CENTRE, COMPONENTS]


def crops_of(corpus: Corpus) -> dict[str, str]:
    """Of each video the key of its crops."""
    pairs = zip(corpus.videos, corpus.paths, strict=True)
    return {video: read_recipe(path)["key"] for video, path in pairs}


def engine_of(student: Student, settings: DistillSettings, readings: bool = False) -> Engine:
    """The fastest engine there is for the look at the crops: a GPU in torch, else onnxruntime."""
    engine = TorchEngine(student, settings.device, settings.precision, readings)
    if engine.device.type != "cpu":
        return engine
    return OnnxEngine(look_graph(student, readings), student, torch.get_num_threads())


def fit(student: Student, corpus: Corpus, settings: DistillSettings, folder: Path) -> None:
    """Give the student's encoder the corpus' scale and components: those in ``folder``, or made anew there.

    Videos may have come since they were made. Readings of crops that have changed are deleted.
    """
    encoder = student.encoder
    assert isinstance(encoder, PeopleEncoder)
    look, crops = look_of(student), crops_of(corpus)
    names = ("mean", "deviation", "components")
    try:
        known = json.loads((folder / KEY).read_text(encoding="utf-8"))
        if known["look"] == look:
            for name, tensor in load_file(folder / FIT).items():
                encoder.get_buffer(name).copy_(tensor)
            for video in crops.keys() & known["crops"].keys():
                if crops[video] != known["crops"][video]:
                    for old in folder.glob(f"{glob.escape(video)}-????????.npy"):
                        old.unlink()
            every = known["crops"] | crops
            if every != known["crops"]:
                write_text(json.dumps({"look": look, "crops": every}), folder / KEY)
            return
    except (OSError, SafetensorError, RuntimeError, AttributeError, KeyError, TypeError, ValueError):
        pass
    folder.mkdir(parents=True, exist_ok=True)
    for old in (folder / KEY, folder / FIT, *folder.glob("*.npy")):
        old.unlink(missing_ok=True)
    engine = engine_of(student, settings, readings=True)
    chosen = evenly(np.arange(len(corpus)), min(FIT_FRAMES, max(200, len(corpus) // 8)))
    parts = []
    for video in np.unique(corpus.video[chosen]):
        file = CropFile(corpus.paths[video])
        check_crops(file, student.spec.inputs, student.spec.size)
        rows = corpus.row[chosen[corpus.video[chosen] == video]]
        parts += [engine(raw) for raw in batches(file, student.spec.inputs, rows, BATCH, settings.workers)]
    readings = np.concatenate(parts)
    encoder.fit(torch.from_numpy(readings.reshape(-1, readings.shape[2])))
    with replacing(folder / FIT) as part:
        save_file({name: encoder.get_buffer(name).contiguous() for name in names}, part)
    write_text(json.dumps({"look": look, "crops": crops}), folder / KEY)


def read_corpus(
    student: Student,
    corpus: Corpus,
    settings: DistillSettings,
    folder: Path,
    share: Sequence[int],
    progress: Callable[[int, float], None] | None = None,
) -> None:
    """Read the corpus' spans into ``folder``; of ``share`` = (rank, processes) those of this process.

    ``progress`` gets the crops read and how far the reading is, 0..1. Three quarters of the settings' minutes
    may be used. Raises MismatchError where crops do not fit the student.
    """
    rank, processes = share
    spans = spans_of(corpus, settings.seed)
    wanted = np.cumsum([s.stop - s.start for s in spans])
    spans = spans[: int(np.searchsorted(wanted, settings.read)) + 1]
    total = sum(s.stop - s.start for s in spans)
    started, limit = time.monotonic(), 0.75 * 60 * settings.minutes
    engine: Engine | None = None
    done = 0
    for span in spans[rank::processes]:
        path = span.path(folder, corpus)
        if not path.is_file():
            spent = time.monotonic() - started
            if limit and spent > limit:
                return
            file = CropFile(corpus.paths[span.video])
            check_crops(file, student.spec.inputs, student.spec.size)
            engine = engine or engine_of(student, settings)
            rows = np.arange(span.start, span.stop)
            looks = batches(file, student.spec.inputs, rows, BATCH, settings.workers)
            tokens = np.concatenate([engine(raw) for raw in looks]).astype(np.float16)
            with replacing(path) as part, part.open("wb") as out:
                np.save(out, tokens)
        done += (span.stop - span.start) * processes
        if progress is not None:
            spent = time.monotonic() - started
            progress(done, max(done / total, spent / limit if limit else 0.0))


def load_readings(student: Student, corpus: Corpus, settings: DistillSettings, folder: Path) -> Readings:
    """All spans that were read. Raises InputError where there are none."""
    tokens: list[Array] = []
    frames: list[Array] = []
    seen: list[Array] = []
    first = 0
    by_video: dict[int, list[tuple[Span, Array]]] = {}
    for span in spans_of(corpus, settings.seed):
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
    if not tokens:
        raise InputError("no crop could be read in the time given: raise minutes in [distill]")
    return Readings(np.concatenate(tokens), np.concatenate(frames), np.concatenate(seen))


def known_tokens(student: Student, crops: CropFile, folder: Path, video: str) -> Array | None:
    """The tokens (N, 2, ``token_d``) of a video that was wholly read for this student; None otherwise."""
    encoder = student.encoder
    if not isinstance(encoder, PeopleEncoder) or not len(crops):
        return None
    try:
        recipes = json.loads((folder / KEY).read_text(encoding="utf-8"))["crops"]
        fitted = load_file(folder / FIT)
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    fits = all(torch.equal(encoder.get_buffer(name).cpu(), tensor) for name, tensor in fitted.items())
    if not fits or recipes.get(video) != read_recipe(crops.path)["key"]:
        return None
    files = [folder / f"{video}-{start:08d}.npy" for start in range(0, len(crops), SPAN)]
    if not all(file.is_file() for file in files):
        return None
    tokens: Array = np.concatenate([np.load(file) for file in files])
    return tokens if len(tokens) == len(crops) else None
