"""Distillation: train a student on a teacher's features of confident frames (paper 3.2 and 3.3).

Every random choice is a function of the seed and of the number of crops seen. A training that continues from
its checkpoint ends as if it had never stopped, and processes draw the same without communication.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from vpd.cancelling import check_cancelled
from vpd.device import make_accelerator
from vpd.errors import CancelledError
from vpd.library.artefact import Recipe, write_text
from vpd.library.within import must_be_there
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.batches import BatchReader, colour_scale
from vpd.student.corpus.corpus import Corpus, Split, VideoSource, build_corpus, split_corpus, target_scale
from vpd.student.inference.reading_plan import plan_reading
from vpd.student.inference.readings import (
    keep_current,
    load_readings,
    read_corpus,
    reading_engine,
    set_reading_scale,
)
from vpd.student.inference.store import SPLIT, save_student
from vpd.student.network.base import BaseStudent
from vpd.student.network.build import build_student
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.student.network.spec import student_spec
from vpd.student.training.checkpoint import FILE as CHECKPOINT
from vpd.student.training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from vpd.student.training.history import Epoch, draw_history, write_history
from vpd.student.training.loop import PictureTraining, Training, seed_of, teacher_d
from vpd.student.training.on_readings import ReadingTraining
from vpd.student.training.schedule import READING_SHARE, TimeLimit

BEST = "best"
READINGS = "readings"
HISTORY, CURVE = "history.csv", "curve.png"
READING_PROGRESS = 0.8
"""Share of reading in the progress of a training on readings."""


@dataclass(frozen=True)
class Progress:
    """The progress of a training. ``seconds_left`` is an estimate. ``last`` is the last complete epoch."""

    images: int
    fraction: float
    seconds: float
    seconds_left: float
    loss: float
    last: Epoch | None


def make_student(settings: DistillSettings, reader: BatchReader, split: Split) -> BaseStudent:
    """A student with weights from the seed, with the corpus' colour scale and the scale of its targets."""
    corpus = reader.corpus
    spec = student_spec(settings, reader.crop_size, teacher_d(corpus, settings))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        student = build_student(spec, settings.weights)
    if not spec.reads_poses:
        mean, std = colour_scale(reader, split.training, settings.seed)
        student.set_channels(torch.from_numpy(mean), torch.from_numpy(std))
    if settings.standardise:
        for i, head in enumerate(corpus.heads):
            scale = target_scale(head, split.training)
            for buffer, values in zip(student.target_scale(i), scale, strict=True):
                buffer.copy_(torch.from_numpy(values))
    return student


def training_key(settings: DistillSettings, corpus: Corpus, recipe: Recipe) -> str:
    """The key that a checkpoint needs for resuming: of settings, frames, targets and recipe."""
    hashed = hashlib.sha256(recipe.key.encode())
    hashed.update(json.dumps(settings.of_the_result(), sort_keys=True).encode())
    hashed.update("\0".join(corpus.videos).encode())
    for array in (corpus.video, corpus.row, *(h.values for h in corpus.heads)):
        hashed.update(np.ascontiguousarray(array).data)
    return hashed.hexdigest()[:32]


def distill(
    sources: Iterable[VideoSource],
    settings: DistillSettings,
    folder: Path,
    recipe: Recipe,
    *,
    progress: Callable[[Progress], None] | None = None,
    held_out: Sequence[str] | None = None,
    readings: Path | None = None,
) -> BaseStudent:
    """Train a student and write it to ``folder``. A training that was stopped there continues.

    Writes student.safetensors and config.json (last; it carries the recipe), split.json, history.csv and
    curve.png. The epoch with the best validation loss is kept. Under torchrun the processes share the batch.
    ``held_out`` names the videos to validate on instead of drawing them. Readings of a frozen pose network
    are kept in the folder ``readings``, by default within ``folder``. Other trainings on the same crops use
    them again.

    With ``time_limit_minutes`` a training that reaches the limit ends with what it has. Then config.json has
    ``ended_early``, and the checkpoint stays, so that a later call continues.

    Raises InputError where the corpus holds too little to train on, or the settings do not fit it. A
    CancelledError that ``progress`` raises ends the training after the step in hand, and says what is kept.
    """
    limit = TimeLimit(settings.time_limit_minutes)
    accelerator = make_accelerator(settings.device)
    corpus = build_corpus(sources, settings)
    split = split_corpus(corpus, settings.validation, np.random.default_rng(settings.seed), held_out)
    reader = BatchReader(corpus, student_spec(settings, 0, teacher_d(corpus, settings)).inputs)
    main = accelerator.is_main_process
    if main:
        must_be_there(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(json.dumps(split.to_json(), indent=1) + "\n", folder / SPLIT)
    student = make_student(settings, reader, split)
    training: Training
    read: dict[str, int] | None = None
    if isinstance(student, PoseReadingStudent):
        place = readings or folder / READINGS
        report = _reading_progress(progress) if main and progress is not None else None
        training, read = _read(student, corpus, split, settings, accelerator, place, report, limit)
    else:
        training = PictureTraining(corpus, split, settings, accelerator, student)
    key = training_key(settings, corpus, recipe)
    few = isinstance(student, PoseReadingStudent) and training.device.type == "cpu"
    with _threads(1 if few else torch.get_num_threads()):
        images = run_training(training, folder, key, progress if main else None, limit)
        training.scale_decoded_parts()
    if main:
        _finish(training, folder, recipe, _ended_early(settings, images, read))
    accelerator.wait_for_everyone()
    return student.cpu().eval()


def _read(
    student: PoseReadingStudent,
    corpus: Corpus,
    split: Split,
    settings: DistillSettings,
    accelerator: Accelerator,
    folder: Path,
    progress: Callable[[int, float], None] | None,
    limit: TimeLimit,
) -> tuple[ReadingTraining, dict[str, int]]:
    """The training on readings of the corpus, with the numbers of crops read and planned."""
    engine = reading_engine(student, settings)
    if accelerator.is_main_process:
        keep_current(student, corpus, folder)
    accelerator.wait_for_everyone()
    share = accelerator.process_index, accelerator.num_processes
    plan = plan_reading(corpus, split, settings)
    must_end = partial(limit.reached, READING_SHARE)
    with _told_at_cancel(lambda: "The crops that were read are kept; the next run reads the others."):
        read_corpus(engine, corpus, plan, settings, folder, share, progress, must_end)
    accelerator.wait_for_everyone()
    found = load_readings(student, corpus, plan, folder)
    set_reading_scale(student, found)
    training = ReadingTraining(corpus, split, settings, accelerator, student, found)
    return training, {"read": len(found), "of_read": plan.crops}


def _ended_early(
    settings: DistillSettings, images: int, read: dict[str, int] | None
) -> dict[str, Any] | None:
    """The progress of a training that ended at its time limit, for config.json; else None."""
    if images >= settings.images and (read is None or read["read"] >= read["of_read"]):
        return None
    limit = {"minutes": settings.time_limit_minutes}
    return {"images": images, "of_images": settings.images, **limit, **(read or {})}


@contextmanager
def _told_at_cancel(kept: Callable[[], str]) -> Iterator[None]:
    """Add to a CancelledError a sentence on the work that is kept."""
    try:
        yield
    except CancelledError as error:
        raise CancelledError(f"Cancelled. {kept()}") from error


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Set the number of threads of torch. Steps on readings are too small to share: threads that wait for
    each other take forty times as long on a busy machine.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _reading_progress(progress: Callable[[Progress], None]) -> Callable[[int, float], None]:
    """Report reading as the first part of a training."""
    started = time.monotonic()

    def report(crops: int, fraction: float) -> None:
        done, spent = READING_PROGRESS * fraction, time.monotonic() - started
        progress(Progress(crops, done, spent, spent * (1 - done) / max(done, 1e-9), float("nan"), None))

    return report


def run_training(
    training: Training,
    folder: Path,
    key: str,
    progress: Callable[[Progress], None] | None,
    limit: TimeLimit,
) -> int:
    """Train until ``settings.images`` crops were seen, with a checkpoint after every epoch. It continues from
    a checkpoint in ``folder``.

    It ends early, after at least one step, where ``limit`` is reached. Returns the number of crops seen.
    """
    settings, main = training.settings, training.accelerator.is_main_process
    best = deepcopy(training.student)
    modules: dict[str, torch.nn.Module] = {"student": training.student, BEST: best}
    state = load_checkpoint(folder, key, modules, training.optimiser)
    state = state or TrainingState(key, 0, 0.0, [], float("inf"))
    # the clock estimates the end; nothing that is learned depends on it
    started = time.monotonic() - state.seconds
    fraction, ended = training.fraction(state.images), False
    with _told_at_cancel(lambda: _kept(state, settings)):
        while fraction < 1 and not ended:
            # layers that draw by themselves (dropout) take the global generator
            torch.manual_seed(seed_of(settings.seed, state.images, 0))
            training.network.train()
            stop = min(state.images + settings.epoch_images, settings.images)
            total, steps = torch.zeros((), device=training.device), 0
            for batch in training.batches(state.images, stop):
                check_cancelled()
                total += training.step(batch, fraction)
                steps += 1
                state.images += settings.batch
                state.seconds = time.monotonic() - started
                fraction = training.fraction(state.images)
                if progress is not None:
                    progress(_progress(state, fraction, float(total) / steps))
                ended = training.must_end(limit)
                if fraction >= 1 or ended:
                    break
            total = training.accelerator.reduce(total, "mean")
            _end_epoch(training, state, float(total) / steps, best)
            state.seconds = time.monotonic() - started
            if main:
                save_checkpoint(folder, modules, training.optimiser, state)
    training.student.load_state_dict(best.state_dict())
    training.epochs = state.epochs
    return min(state.images, settings.images)


def _kept(state: TrainingState, settings: DistillSettings) -> str:
    """A sentence that says which epoch is kept of a training that is cancelled now."""
    if not state.epochs:
        return "The first epoch had not ended; the next run begins the training again."
    kept = f"{state.epochs[-1].images:,} of {settings.images:,} crops"
    return f"The training is kept up to {kept}; the next run continues from there."


def _progress(state: TrainingState, fraction: float, loss: float) -> Progress:
    left = state.seconds * (1 - fraction) / fraction if fraction else float("inf")
    last = state.epochs[-1] if state.epochs else None
    return Progress(state.images, fraction, state.seconds, left, loss, last)


def _end_epoch(training: Training, state: TrainingState, training_loss: float, best: BaseStudent) -> None:
    found = training.validate()
    rate = training.optimiser.param_groups[0]["lr"]
    state.epochs.append(
        Epoch(
            len(state.epochs) + 1, state.images, state.seconds, rate, training_loss,
            found.loss, found.pose_r2, found.motion_r2,
        )
    )  # fmt: skip
    recent = [epoch.validation_loss for epoch in state.epochs[-training.settings.best_of_mean :]]
    if len(recent) == training.settings.best_of_mean or len(state.epochs) == 1:
        mean = sum(recent) / len(recent)
        if mean <= state.best_loss:
            state.best_loss = mean
            best.load_state_dict(training.student.state_dict())


def _finish(training: Training, folder: Path, recipe: Recipe, ended_early: dict[str, Any] | None) -> None:
    write_history(training.epochs, folder / HISTORY)
    draw_history(training.epochs, folder / CURVE)
    more = {
        "settings": training.settings.model_dump(),
        "training_frames": len(training.split.training),
        "validation_frames": len(training.split.validation),
        "device": str(training.device),
        "bfloat16": training.bfloat16,
        "processes": training.processes,
        "ended_early": ended_early,
        "epochs": [asdict(epoch) for epoch in training.epochs],
    }
    save_student(training.student, folder, recipe, more)
    if ended_early is None:
        (folder / CHECKPOINT).unlink(missing_ok=True)
