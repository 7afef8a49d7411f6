"""A training in memory: on pictures, or on what a frozen pose network has read of them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from vpd.device import choose_bfloat16, compiled
from vpd.errors import InputError
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.augment import Draw, augment, draw
from vpd.student.corpus.batches import Batch, BatchReader, evenly, sample
from vpd.student.corpus.corpus import Corpus, Split
from vpd.student.corpus.ready import Ready
from vpd.student.inference.readings import Readings
from vpd.student.network.student import Student
from vpd.student.training.history import Epoch
from vpd.student.training.losses import contrastive_loss, distillation_loss, normalised_targets
from vpd.student.training.schedule import TimeLimit, learning_rate_factor
from vpd.student.training.validate import Validation, read_validation, validate
from vpd.types import Array

SAID_AT_ONCE = 500
"""Frames whose anchors are asked at once."""


def parameter_groups(student: Student, pretrained_rate: float) -> list[dict[str, Any]]:
    """The student's weights by their share of the learning rate; a pretrained part at 0 is frozen."""
    pretrained = student.pretrained
    ids = {id(parameter) for parameter in pretrained}
    free = [p for p in student.parameters() if id(p) not in ids and p.requires_grad]
    groups = [{"params": free, "share": 1.0}]
    if pretrained and pretrained_rate:
        groups.append({"params": pretrained, "share": pretrained_rate})
    return groups


class Training:
    """A training in memory: what it needs of the corpus, its networks and how far it is."""

    def __init__(
        self,
        corpus: Corpus,
        split: Split,
        settings: DistillSettings,
        accelerator: Accelerator,
        student: Student,
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
        self.spec_reader = BatchReader(corpus, student.spec.inputs)
        self.student = student.to(self.device).to(memory_format=torch.channels_last)
        self.ema = deepcopy(self.student) if settings.ema else None
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.student, settings.pretrained_rate),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.network = self.compiled(accelerator.prepare_model(self.student))
        self.head_weights = [head.weight for head in settings.heads]
        self.epochs: list[Epoch] = []
        self.validation_rows = evenly(split.validation, settings.validation_images)

    def compiled(self, network: nn.Module) -> nn.Module:
        """The network as it trains on this process' share of a batch."""
        spec = self.student.spec
        shape = self.share, spec.inputs.channels, spec.size, spec.size
        inputs = torch.zeros(shape, device=self.device).contiguous(memory_format=torch.channels_last)
        return compiled(network, inputs, self.settings.compile, self.bfloat16)

    @property
    def kept(self) -> Student:
        """The network that is validated and kept: the average of weights, or the last."""
        return self.ema if self.ema is not None else self.student

    def fraction(self, images: int) -> float:
        """How far the training is, 0..1, after ``images`` crops."""
        return min(1.0, images / self.settings.images)

    def must_end(self, limit: TimeLimit) -> bool:
        """Whether the user's time limit is reached; all processes go by the first one's clock."""
        if limit.minutes is None or self.processes == 1:
            return limit.reached()
        shared = torch.tensor([float(limit.reached())], device=self.device)
        torch.distributed.broadcast(shared, 0)
        return bool(shared)

    def drawn(self, images: int) -> Draw:
        """What is drawn for this process' share of the batch before which ``images`` were seen."""
        everyones = torch.Generator().manual_seed(seed_of(self.settings.seed, images))
        return draw(self.settings.batch, self.settings.augment, everyones).rows(self.mine).to(self.device)

    def step(self, ready: Ready, images: int, fraction: float) -> Tensor:
        """One step on this process' share of a batch; ``images`` were seen before it. Returns the loss."""
        student = self.student
        targets = normalised_targets(student, ready.values)
        for group in self.optimiser.param_groups:
            factor = learning_rate_factor(self.settings.schedule, fraction)
            group["lr"] = self.settings.learning_rate * factor * group["share"]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            predictions = self.network(ready.inputs)
        loss = distillation_loss(predictions, targets, ready.weights, self.head_weights, self.settings.loss)
        if self.settings.contrast:
            pairs = zip(predictions, targets, ready.weights, strict=True)
            loss = loss + self.settings.contrast * torch.stack([contrastive_loss(*p) for p in pairs]).sum()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch's stub
        self.optimiser.step()
        if self.ema is not None:
            _average(self.ema, student, self.settings.ema, images // self.settings.batch)
        return loss.detach()

    def batches(self, images: int, stop: int) -> Iterator[Ready]:
        """This process' share of each batch from ``images`` on, augmented and normalised."""
        size = self.settings.batch
        starts = range(images, stop, size)
        rows: Iterator[Array] = (
            sample(self.split.training, start, size, self.settings.seed)[self.mine] for start in starts
        )
        read = self.spec_reader.prefetch(rows, self.settings.workers)
        for start, batch in zip(starts, read, strict=True):
            yield self._ready(batch.to(self.device), start)

    @torch.no_grad()
    def _ready(self, batch: Batch, images: int) -> Ready:
        pixels = torch.Generator(self.device).manual_seed(seed_of(self.settings.seed, images, self.rank + 1))
        drawn, student = self.drawn(images), self.student
        raw = augment(batch, drawn, student.spec.inputs, self.settings.augment, pixels)
        inputs = student.normalise(raw).contiguous(memory_format=torch.channels_last)
        return Ready.oriented(inputs, batch.values, batch.weights, drawn.flip)

    def held_out(self) -> Iterator[Ready]:
        """This process' share of the validation frames, as they are."""
        mine = self.validation_rows[self.rank :: self.processes]
        size = self.settings.batch
        parts = (mine[i : i + size] for i in range(0, len(mine), size))
        for batch in self.spec_reader.prefetch(parts, self.settings.workers):
            inputs = self.kept.normalise(batch.raw.to(self.device).permute(0, 3, 1, 2))
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            yield Ready.regular(inputs, batch.values, batch.weights)

    def validate(self) -> Validation:
        """Figures of the held-out frames, shared by the processes."""
        sums = validate(self.kept, self.held_out(), self.settings, self.bfloat16)
        return read_validation(self.accelerator.reduce(sums, "sum"), self.kept)

    @torch.inference_mode()
    def balance(self) -> None:
        """Bring the parts of the kept student's feature to their sizes, as held-out frames have them."""
        student = self.kept.eval()
        if len({head.is_pose for head in student.spec.heads}) == 1 or len(self.validation_rows) < 2:
            return
        found = torch.cat([student.embed(batch.inputs) for batch in self.held_out()])
        features = self.accelerator.pad_across_processes(found, pad_index=float("nan"))
        features = self.accelerator.gather(features)
        student.balance(features[~features.isnan().any(1)], self.settings.decoded_size)


class FrozenTraining(Training):
    """Training of the head on readings of the frozen pose network.

    Of the augmentations mirroring alone is left; the head's dropout stands for the rest.
    """

    def __init__(
        self,
        corpus: Corpus,
        split: Split,
        settings: DistillSettings,
        accelerator: Accelerator,
        student: Student,
        readings: Readings,
    ) -> None:
        read = Split(
            np.intersect1d(split.training, readings.frames),
            np.intersect1d(split.validation, readings.frames),
            split.held_out,
        )
        super().__init__(corpus, read, settings, accelerator, student)
        self.tokens = torch.from_numpy(readings.tokens).to(self.device)
        self.place = np.full(len(corpus), -1)
        self.place[readings.frames] = np.arange(len(readings.frames))
        self.seen = torch.from_numpy(readings.seen).to(self.device)
        self.said: Tensor | None = None
        if settings.images > 2 * len(read.training):
            self.said = self._said(np.union1d(read.training, self.validation_rows))

    @torch.no_grad()
    def _said(self, rows: Array) -> Tensor:
        """What the anchors say (frames read, 2, K or 1, d) of the rows, both orientations, for all steps."""
        found: Tensor | None = None
        for part in np.array_split(rows, -(-len(rows) // SAID_AT_ONCE)):
            place = torch.from_numpy(self.place[part]).to(self.device)
            windows = self.tokens[self.seen[place]].float().transpose(1, 2)
            said = self.student.started(windows.flatten(0, 1))
            said = said.view(len(part), 2, *said.shape[1:])
            if found is None:
                found = said.new_zeros(len(self.seen), *said.shape[1:])
            found[place] = said
        assert found is not None
        return found

    def compiled(self, network: nn.Module) -> nn.Module:
        """As it is: steps of a head are too small to gain."""
        return network

    def _of(self, rows: Array) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Tokens (N, K, 2, ``token_d``), followed by what the anchors say where that is known, targets and
        weights, both orientations of the corpus' frames."""
        heads = self.spec_reader.corpus.heads
        place = torch.from_numpy(self.place[rows]).to(self.device)
        tokens = self.tokens[self.seen[place]].float()
        if self.said is not None:
            said = self.said[place].transpose(1, 2).expand(-1, tokens.shape[1], -1, -1)
            tokens = torch.cat([tokens, said], 3)
        values = [torch.from_numpy(head.values[rows]).to(self.device) for head in heads]
        weights = [torch.from_numpy(head.weights[rows]).to(self.device) for head in heads]
        return tokens, values, weights

    def batches(self, images: int, stop: int) -> Iterator[Ready]:
        """See Training."""
        for start in range(images, stop, self.settings.batch):
            rows = sample(self.split.training, start, self.settings.batch, self.settings.seed)[self.mine]
            tokens, values, weights = self._of(rows)
            flip = self.drawn(start).flip
            inputs = torch.where(flip[:, None, None], tokens[:, :, 1], tokens[:, :, 0])
            yield Ready.oriented(inputs, values, weights, flip)

    def held_out(self) -> Iterator[Ready]:
        """See Training."""
        mine = self.validation_rows[self.rank :: self.processes]
        for start in range(0, len(mine), self.settings.batch):
            tokens, values, weights = self._of(mine[start : start + self.settings.batch])
            yield Ready.regular(tokens[:, :, 0], values, weights)


def teacher_d(corpus: Corpus, settings: DistillSettings) -> dict[str, int]:
    """Size of each teacher's feature."""
    pairs = zip(corpus.heads, settings.heads, strict=True)
    return {head.teacher: targets.values.shape[2] // (1 + len(head.motion)) for targets, head in pairs}


def seed_of(*numbers: int) -> int:
    """A seed made of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@torch.no_grad()
def _average(average: Student, student: Student, decay: float, steps: int) -> None:
    """Move the average towards the student; faster in the first steps, when it still holds the start."""
    decay = min(decay, (1 + steps) / (10 + steps))
    ours: list[Tensor] = list(average.parameters())
    torch._foreach_lerp_(ours, list[Tensor](student.parameters()), 1 - decay)
    for mine, other in zip(average.buffers(), student.buffers(), strict=True):
        mine.copy_(other)
