"""Distillation: train a student on a teacher's features of confident frames (paper 3.2 and 3.3).

Everything random is a function of the seed and of how many crops were seen, so a training that is taken up
from its checkpoint ends as if it had never stopped, and processes agree without talking.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor

from vpd.errors import InputError
from vpd.library.artefact import Recipe, write_text
from vpd.settings.distill import DistillSettings
from vpd.student.augment import augment, draw, oriented
from vpd.student.backbones import backbone
from vpd.student.batches import Batch, BatchReader, colour_scale, evenly, sample
from vpd.student.checkpoint import FILE as CHECKPOINT
from vpd.student.checkpoint import Progressed, load_checkpoint, save_checkpoint
from vpd.student.corpus import Corpus, Split, VideoSource, build_corpus, split_corpus, target_scale
from vpd.student.device import choose_bfloat16, choose_device
from vpd.student.history import Epoch, draw_history, write_history
from vpd.student.losses import distillation_loss, normalised_targets
from vpd.student.network import Student, student_spec
from vpd.student.schedule import Budget, learning_rate_factor
from vpd.student.store import SPLIT, save_student
from vpd.student.validate import Validation, read_validation, validate
from vpd.types import Array

BEST = "best"
HISTORY, CURVE = "history.csv", "curve.png"
NOT_OF_THE_RESULT = {"device", "precision", "workers", "name"}
"""Settings that a checkpoint may be taken up with a change of."""


@dataclass(frozen=True)
class Progress:
    """Where a training is. ``seconds_left`` is an estimate; ``last`` the last epoch that ended, if any."""

    images: int
    fraction: float
    seconds: float
    seconds_left: float
    loss: float
    last: Epoch | None


def make_accelerator(device: str) -> Accelerator:
    """The processes and devices of this run, as torchrun or the settings have it.

    Accelerate keeps its state for the whole process and refuses another device later; a training that runs
    alone starts from a clean state, so that several can follow each other.
    """
    accelerator = Accelerator(cpu=choose_device(device).type == "cpu")
    if accelerator.num_processes == 1:
        AcceleratorState._reset_state(reset_partial_state=True)
        accelerator = Accelerator(cpu=choose_device(device).type == "cpu")
    return accelerator


def make_student(settings: DistillSettings, reader: BatchReader, split: Split, size: int) -> Student:
    """A student with weights by the seed, that knows the corpus' colours and the targets' scale."""
    corpus = reader.corpus
    motions = [1 + len(head.motion) for head in settings.heads]
    sizes = [head.values.shape[2] // n for head, n in zip(corpus.heads, motions, strict=True)]
    teacher_d = {h.teacher: d for h, d in zip(settings.heads, sizes, strict=True)}
    spec = student_spec(settings, size, teacher_d)
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


def parameter_groups(student: Student, pretrained_rate: float) -> list[dict[str, Any]]:
    """The student's weights by their share of the learning rate; a pretrained part at 0 is frozen."""
    known = student.encoder.get_submodule("pretrained") if hasattr(student.encoder, "pretrained") else None
    pretrained = list(known.parameters()) if known is not None else []
    if not pretrained_rate:
        for parameter in pretrained:
            parameter.requires_grad_(False)
    ids = {id(parameter) for parameter in pretrained}
    groups = [{"params": [p for p in student.parameters() if id(p) not in ids], "share": 1.0}]
    if pretrained and pretrained_rate:
        groups.append({"params": pretrained, "share": pretrained_rate})
    return groups


class Training:
    """A training in memory: what it needs of the corpus, its networks and how far it is."""

    def __init__(
        self, corpus: Corpus, split: Split, settings: DistillSettings, accelerator: Accelerator, size: int
    ) -> None:
        self.settings, self.accelerator, self.split = settings, accelerator, split
        self.processes, self.rank = accelerator.num_processes, accelerator.process_index
        if settings.batch % self.processes:
            raise InputError(
                f"a batch of {settings.batch} cannot be shared by {self.processes} processes. "
                f"Set batch in [distill] to a multiple of {self.processes}."
            )
        self.share = settings.batch // self.processes
        self.mine = slice(self.rank * self.share, (self.rank + 1) * self.share)
        self.device: torch.device = accelerator.device
        self.bfloat16 = choose_bfloat16(settings.precision, self.device)
        self.spec_reader = BatchReader(
            corpus, student_spec(settings, size, _teacher_d(corpus, settings)).inputs
        )
        student = make_student(settings, self.spec_reader, split, size)
        self.student = student.to(self.device).to(memory_format=torch.channels_last)
        self.ema = deepcopy(self.student) if settings.ema else None
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.student, settings.pretrained_rate),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.network = accelerator.prepare_model(self.student)
        self.head_weights = [head.weight for head in settings.heads]
        self.budget = Budget(settings.images, settings.minutes * 60 if settings.minutes else None)
        self.epochs: list[Epoch] = []
        self.validation_rows = evenly(split.validation, settings.validation_images)

    @property
    def kept(self) -> Student:
        """The network that is validated and kept: the average of weights, or the last."""
        return self.ema if self.ema is not None else self.student

    def fraction(self, images: int, seconds: float) -> float:
        """How far the training is; processes agree on the first one's clock."""
        fraction = self.budget.fraction(images, seconds)
        if self.budget.seconds is None or self.processes == 1:
            return fraction
        shared = torch.tensor([fraction], dtype=torch.float64, device=self.device)
        torch.distributed.broadcast(shared, 0)
        return float(shared)

    def step(self, batch: Batch, images: int, fraction: float) -> Tensor:
        """One step on this process' share of a batch; ``images`` were seen before it. Returns the loss."""
        seed = [self.settings.seed, images]
        everyones = torch.Generator().manual_seed(_seed(*seed))
        pixels = torch.Generator(self.device).manual_seed(_seed(*seed, self.rank + 1))
        drawn = draw(self.settings.batch, self.settings.augment, everyones).rows(self.mine).to(self.device)
        student = self.student
        with torch.no_grad():
            raw = augment(batch, drawn, student.spec.inputs, self.settings.augment, pixels)
            inputs = student.normalise(raw).contiguous(memory_format=torch.channels_last)
            values = [oriented(value, drawn.flip) for value in batch.values]
            weights = [oriented(weight, drawn.flip) for weight in batch.weights]
            targets = normalised_targets(student, values)
        for group in self.optimiser.param_groups:
            factor = learning_rate_factor(self.settings.schedule, fraction)
            group["lr"] = self.settings.learning_rate * factor * group["share"]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            predictions = self.network(inputs)
        loss = distillation_loss(predictions, targets, weights, self.head_weights, self.settings.loss)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch's stub
        self.optimiser.step()
        if self.ema is not None:
            _average(self.ema, student, self.settings.ema, images // self.settings.batch)
        return loss.detach()

    def batches(self, images: int, stop: int) -> Iterator[Batch]:
        """This process' share of each batch from ``images`` on."""
        size = self.settings.batch
        rows: Iterator[Array] = (
            sample(self.split.training, start, size, self.settings.seed)[self.mine]
            for start in range(images, stop, size)
        )
        for batch in self.spec_reader.prefetch(rows, self.settings.workers):
            yield batch.to(self.device)

    def validate(self) -> Validation:
        """Figures of the held-out frames, shared by the processes."""
        mine = self.validation_rows[self.rank :: self.processes]
        size = self.settings.batch
        parts = (mine[i : i + size] for i in range(0, len(mine), size))
        batches = (b.to(self.device) for b in self.spec_reader.prefetch(parts, self.settings.workers))
        sums = validate(self.kept, self.kept, batches, self.settings, self.bfloat16)
        return read_validation(self.accelerator.reduce(sums, "sum"), self.kept)


def _teacher_d(corpus: Corpus, settings: DistillSettings) -> dict[str, int]:
    pairs = zip(corpus.heads, settings.heads, strict=True)
    return {head.teacher: targets.values.shape[2] // (1 + len(head.motion)) for targets, head in pairs}


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@torch.no_grad()
def _average(average: Student, student: Student, decay: float, steps: int) -> None:
    """Move the average towards the student; faster in the first steps, when it still holds the start."""
    decay = min(decay, (1 + steps) / (10 + steps))
    ours: list[Tensor] = list(average.parameters())
    torch._foreach_lerp_(ours, list[Tensor](student.parameters()), 1 - decay)
    for mine, other in zip(average.buffers(), student.buffers(), strict=True):
        mine.copy_(other)


def training_key(settings: DistillSettings, corpus: Corpus, recipe: Recipe) -> str:
    """What a checkpoint must agree with to be taken up: settings, frames and targets, and the recipe."""
    hashed = hashlib.sha256(recipe.key.encode())
    hashed.update(json.dumps(settings.model_dump(exclude=NOT_OF_THE_RESULT), sort_keys=True).encode())
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
) -> Student:
    """Train a student and write it to ``folder``; a training that was stopped there is taken up.

    Writes student.safetensors and config.json (last; it carries the recipe), split.json, history.csv and
    curve.png. The epoch with the best validation loss is kept. Under torchrun the batch is shared by the
    processes. ``held_out`` names the videos to validate on instead of drawing them.

    Raises InputError where the corpus holds too little to train on, or the settings do not fit it.
    """
    accelerator = make_accelerator(settings.device)
    corpus = build_corpus(sources, settings)
    split = split_corpus(corpus, settings.validation, np.random.default_rng(settings.seed), held_out)
    size = BatchReader(corpus, student_spec(settings, 0, _teacher_d(corpus, settings)).inputs).crop_size
    training = Training(corpus, split, settings, accelerator, size)
    main = accelerator.is_main_process
    if main:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(json.dumps(split.to_json(), indent=1) + "\n", folder / SPLIT)
    accelerator.wait_for_everyone()
    key = training_key(settings, corpus, recipe)
    run_training(training, folder, key, progress if main else None)
    if main:
        _finish(training, folder, key, recipe)
    accelerator.wait_for_everyone()
    training.kept.cpu().eval()
    return training.kept


def run_training(
    training: Training, folder: Path, key: str, progress: Callable[[Progress], None] | None
) -> None:
    """Train until the budget is spent, with a checkpoint an epoch; ``folder`` may hold one to go on from."""
    settings, main = training.settings, training.accelerator.is_main_process
    best = deepcopy(training.kept)
    modules: dict[str, torch.nn.Module] = {"student": training.student, BEST: best}
    if training.ema is not None:
        modules["ema"] = training.ema
    state = load_checkpoint(folder, key, modules, training.optimiser)
    state = state or Progressed(key, 0, 0.0, [], float("inf"))
    # clocks tell time only, so that what is resumed at 10 minutes ends as if it had not stopped
    started = time.monotonic() - state.seconds
    fraction = training.fraction(state.images, state.seconds)
    while fraction < 1:
        # layers that draw by themselves (dropout) take the global generator
        torch.manual_seed(_seed(settings.seed, state.images, 0))
        training.network.train()
        stop = min(state.images + settings.epoch_images, settings.images)
        total, steps = torch.zeros((), device=training.device), 0
        for batch in training.batches(state.images, stop):
            total += training.step(batch, state.images, fraction)
            steps += 1
            state.images += settings.batch
            state.seconds = time.monotonic() - started
            fraction = training.fraction(state.images, state.seconds)
            if progress is not None:
                progress(_progress(state, fraction, float(total) / steps))
            if fraction >= 1:
                break
        total = training.accelerator.reduce(total, "mean")
        _end_epoch(training, state, float(total) / steps, best)
        state.seconds = time.monotonic() - started
        fraction = training.fraction(state.images, state.seconds)
        if main:
            save_checkpoint(folder, modules, training.optimiser, state)
    training.kept.load_state_dict(best.state_dict())
    training.epochs = state.epochs


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


def _finish(training: Training, folder: Path, key: str, recipe: Recipe) -> None:
    write_history(training.epochs, folder / HISTORY)
    draw_history(training.epochs, folder / CURVE)
    more = {
        "settings": training.settings.model_dump(),
        "training_frames": len(training.split.training),
        "validation_frames": len(training.split.validation),
        "device": str(training.device),
        "bfloat16": training.bfloat16,
        "processes": training.processes,
        "epochs": [asdict(epoch) for epoch in training.epochs],
    }
    save_student(training.kept, folder, recipe, more)
    (folder / CHECKPOINT).unlink(missing_ok=True)
