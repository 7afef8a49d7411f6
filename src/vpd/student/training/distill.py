"""Distillation: train a student on a teacher's features of confident frames (paper 3.2 and 3.3).

Everything random is a function of the seed and of how many crops were seen, so a training that is taken up
from its checkpoint ends as if it had never stopped, and processes agree without talking.
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

from vpd.device import make_accelerator
from vpd.library.artefact import Recipe, write_text
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.batches import BatchReader, colour_scale
from vpd.student.corpus.corpus import Corpus, Split, VideoSource, build_corpus, split_corpus, target_scale
from vpd.student.inference.readings import (
    engine_of,
    fit,
    keep_current,
    load_readings,
    plan_reading,
    read_corpus,
)
from vpd.student.inference.store import SPLIT, save_student
from vpd.student.network.backbones import backbone
from vpd.student.network.student import Student, student_spec
from vpd.student.training.checkpoint import FILE as CHECKPOINT
from vpd.student.training.checkpoint import Progressed, load_checkpoint, save_checkpoint
from vpd.student.training.history import Epoch, draw_history, write_history
from vpd.student.training.loop import FrozenTraining, Training, seed_of, teacher_d
from vpd.student.training.schedule import READING_SHARE, TimeLimit

BEST = "best"
READINGS = "readings"
HISTORY, CURVE = "history.csv", "curve.png"
READING_PROGRESS = 0.8
"""Of the progress of a training on readings, what reading takes."""


@dataclass(frozen=True)
class Progress:
    """Where a training is. ``seconds_left`` is an estimate; ``last`` the last epoch that ended, if any."""

    images: int
    fraction: float
    seconds: float
    seconds_left: float
    loss: float
    last: Epoch | None


def make_student(settings: DistillSettings, reader: BatchReader, split: Split) -> Student:
    """A student with weights by the seed, that knows the corpus' colours and the scale of its targets."""
    corpus = reader.corpus
    spec = student_spec(settings, reader.crop_size, teacher_d(corpus, settings))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        student = Student(spec, settings.weights)
    entry = backbone(settings.backbone)
    if entry.rgb_mean is not None and entry.rgb_std is not None:
        colours = np.array(entry.rgb_mean, np.float32), np.array(entry.rgb_std, np.float32)
    else:
        colours = colour_scale(reader, split.training, settings.seed)
    mean, std = spec.inputs.normalisation(*colours)
    student.channel_mean.copy_(torch.from_numpy(mean))
    student.channel_std.copy_(torch.from_numpy(std))
    if settings.standardise:
        for i, head in enumerate(corpus.heads):
            for buffer, values in zip(
                student.target_scale(i), target_scale(head, split.training), strict=True
            ):
                buffer.copy_(torch.from_numpy(values))
    return student


def training_key(settings: DistillSettings, corpus: Corpus, recipe: Recipe) -> str:
    """What a checkpoint must agree with to be taken up: settings, frames and targets, and the recipe."""
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
) -> Student:
    """Train a student and write it to ``folder``; a training that was stopped there is taken up.

    Writes student.safetensors and config.json (last; it carries the recipe), split.json, history.csv and
    curve.png. The epoch with the best validation loss is kept. Under torchrun the batch is shared by the
    processes. ``held_out`` names the videos to validate on instead of drawing them. What a frozen pose
    network reads is kept in the folder ``readings``, by default within ``folder``, where other trainings on
    the same crops find it again.

    With ``time_limit_minutes`` a training that reaches the limit ends with what it has: config.json then has
    ``ended_early``, and the checkpoint stays, so that a later call goes on from there.

    Raises InputError where the corpus holds too little to train on, or the settings do not fit it.
    """
    limit = TimeLimit(settings.time_limit_minutes)
    accelerator = make_accelerator(settings.device)
    corpus = build_corpus(sources, settings)
    split = split_corpus(corpus, settings.validation, np.random.default_rng(settings.seed), held_out)
    reader = BatchReader(corpus, student_spec(settings, 0, teacher_d(corpus, settings)).inputs)
    main = accelerator.is_main_process
    readings = readings or folder / READINGS
    if main:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(json.dumps(split.to_json(), indent=1) + "\n", folder / SPLIT)
    student = make_student(settings, reader, split)
    if settings.pretrained_rate == 0:
        student.freeze()
    if student.reads_people:
        engine = engine_of(student, settings)
        fit(engine, corpus, settings)
    training: Training
    if student.frozen:
        if main:
            keep_current(student, corpus, readings)
        accelerator.wait_for_everyone()
        share = accelerator.process_index, accelerator.num_processes
        report = _reading_progress(progress) if main and progress is not None else None
        plan = plan_reading(corpus, split, settings)
        must_end = partial(limit.reached, READING_SHARE)
        read_corpus(engine, corpus, plan, settings, readings, share, report, must_end)
        accelerator.wait_for_everyone()
        found = load_readings(student, corpus, plan, readings)
        training = FrozenTraining(corpus, split, settings, accelerator, student, found)
    else:
        training = Training(corpus, split, settings, accelerator, student)
    key = training_key(settings, corpus, recipe)
    with _threads(1 if student.frozen and training.device.type == "cpu" else torch.get_num_threads()):
        images = run_training(training, folder, key, progress if main else None, limit)
        training.balance()
    if main:
        early = None
        if images < settings.images or (student.frozen and len(found.tokens) < plan.crops):
            early = {"images": images, "of_images": settings.images, "minutes": settings.time_limit_minutes}
            if student.frozen:
                early |= {"read": len(found.tokens), "of_read": plan.crops}
        _finish(training, folder, recipe, early)
    accelerator.wait_for_everyone()
    training.kept.cpu().eval()
    return training.kept


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Torch on this many threads. A head's steps are too small to share, and threads that wait for each other
    take forty times as long where the machine has other work."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _reading_progress(progress: Callable[[Progress], None]) -> Callable[[int, float], None]:
    """Reports reading as the first part of a training."""
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
    """Train until ``settings.images`` crops were seen, with a checkpoint an epoch; ``folder`` may hold one to
    go on from.

    Ends early, after one step at least, where ``limit`` is reached. Returns the number of crops seen.
    """
    settings, main = training.settings, training.accelerator.is_main_process
    best = deepcopy(training.kept)
    modules: dict[str, torch.nn.Module] = {"student": training.student, BEST: best}
    if training.ema is not None:
        modules["ema"] = training.ema
    state = load_checkpoint(folder, key, modules, training.optimiser)
    state = state or Progressed(key, 0, 0.0, [], float("inf"))
    # the clock estimates the end; nothing that is learned depends on it
    started = time.monotonic() - state.seconds
    fraction, ended = training.fraction(state.images), False
    while fraction < 1 and not ended:
        # layers that draw by themselves (dropout) take the global generator
        torch.manual_seed(seed_of(settings.seed, state.images, 0))
        training.network.train()
        stop = min(state.images + settings.epoch_images, settings.images)
        total, steps = torch.zeros((), device=training.device), 0
        for batch in training.batches(state.images, stop):
            total += training.step(batch, state.images, fraction)
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
    training.kept.load_state_dict(best.state_dict())
    training.epochs = state.epochs
    return min(state.images, settings.images)


def _progress(state: Progressed, fraction: float, loss: float) -> Progress:
    left = state.seconds * (1 - fraction) / fraction if fraction else float("inf")
    last = state.epochs[-1] if state.epochs else None
    return Progress(state.images, fraction, state.seconds, left, loss, last)


def _end_epoch(training: Training, state: Progressed, training_loss: float, best: Student) -> None:
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
            best.load_state_dict(training.kept.state_dict())


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
    save_student(training.kept, folder, recipe, more)
    if ended_early is None:
        (folder / CHECKPOINT).unlink(missing_ok=True)
