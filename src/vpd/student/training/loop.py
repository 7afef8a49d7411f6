"""A training in memory: student, optimiser, batches. Pictures are handled here, readings in `on_readings`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from vpd.device import choose_bfloat16
from vpd.errors import InputError
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.augment import Draw, augment, draw
from vpd.student.corpus.batches import Batch, BatchReader, evenly, sample
from vpd.student.corpus.corpus import Corpus, Split
from vpd.student.corpus.training_batch import TrainingBatch
from vpd.student.network.base import BaseStudent
from vpd.student.training.compiling import compiled
from vpd.student.training.history import Epoch
from vpd.student.training.losses import distillation_loss, normalised_targets
from vpd.student.training.schedule import TimeLimit, learning_rate_factor
from vpd.student.training.validate import Validation, read_validation, validate
from vpd.types import REGULAR, Array

WEIGHT_DECAY = 0.01
"""Weight decay of AdamW (PyTorch's default)."""


class Training(ABC):
    """The training of one student on the frames of a split. Processes share each batch and each
    validation.
    """

    def __init__(
        self, split: Split, settings: DistillSettings, accelerator: Accelerator, student: BaseStudent
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
        self.student = student.to(self.device).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(
            [p for p in self.student.parameters() if p.requires_grad],
            lr=settings.learning_rate,
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )
        self.network: nn.Module = accelerator.prepare_model(self.student)
        self.head_weights = [head.weight for head in settings.heads]
        self.epochs: list[Epoch] = []
        self.validation_rows = evenly(split.validation, settings.validation_images)

    @abstractmethod
    def batches(self, images: int, stop: int) -> Iterator[TrainingBatch]:
        """Yield this process' share of each batch, augmented and normalised: from the batch after ``images``
        crops, up to ``stop`` crops.
        """

    @abstractmethod
    def held_out(self) -> Iterator[TrainingBatch]:
        """Yield this process' share of the validation frames, without augmentation."""

    @abstractmethod
    def features(self, batch: TrainingBatch) -> Tensor:
        """The student's features (N, d) of a batch."""

    def fraction(self, images: int) -> float:
        """The progress of the training in 0..1 after ``images`` crops."""
        return min(1.0, images / self.settings.images)

    def must_end(self, limit: TimeLimit) -> bool:
        """Whether the user's time limit is reached. All processes use the clock of the first."""
        if limit.minutes is None or self.processes == 1:
            return limit.reached()
        shared = torch.tensor([float(limit.reached())], device=self.device)
        torch.distributed.broadcast(shared, 0)
        return bool(shared)

    def drawn(self, images: int) -> Draw:
        """The random parameters of this process' share of the batch after ``images`` crops."""
        everyones = torch.Generator().manual_seed(seed_of(self.settings.seed, images))
        return draw(self.settings.batch, self.settings.augment, everyones).rows(self.mine).to(self.device)

    def step(self, batch: TrainingBatch, fraction: float) -> Tensor:
        """Take one step on this process' share of a batch, at a ``fraction`` of the training. Returns the
        loss.
        """
        targets = normalised_targets(self.student, batch.values)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * learning_rate_factor(self.settings.schedule, fraction)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            predictions = self.network(*batch.inputs)
        loss = distillation_loss(predictions, targets, batch.weights, self.head_weights, self.settings.loss)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch's stub
        self.optimiser.step()
        return loss.detach()

    def rows(self, images: int) -> Array:
        """The frames of this process' share of the batch after ``images`` crops."""
        return sample(self.split.training, images, self.settings.batch, self.settings.seed)[self.mine]

    def validation_parts(self) -> Iterator[Array]:
        """This process' share of the validation frames, in batches."""
        mine, size = self.validation_rows[self.rank :: self.processes], self.settings.batch
        return (mine[i : i + size] for i in range(0, len(mine), size))

    def validate(self) -> Validation:
        """The figures of the held-out frames, over all processes."""
        sums = validate(self.student, self.held_out(), self.settings, self.bfloat16)
        return read_validation(self.accelerator.reduce(sums, "sum"), self.student)

    @torch.inference_mode()
    def scale_decoded_parts(self) -> None:
        """Scale the decoded parts of the feature to their size, measured on held-out frames."""
        student = self.student.eval()
        if len({head.is_pose for head in student.spec.heads}) == 1 or len(self.validation_rows) < 2:
            return
        found = torch.cat([self.features(batch) for batch in self.held_out()])
        features = self.accelerator.pad_across_processes(found, pad_index=float("nan"))
        features = self.accelerator.gather(features)
        student.scale_decoded_parts(features[~features.isnan().any(1)], self.settings.decoded_size)


class PictureTraining(Training):
    """The training of a whole encoder (`Student`) on augmented crops."""

    def __init__(
        self,
        corpus: Corpus,
        split: Split,
        settings: DistillSettings,
        accelerator: Accelerator,
        student: BaseStudent,
    ) -> None:
        super().__init__(split, settings, accelerator, student)
        self.reader = BatchReader(corpus, student.spec.inputs)
        spec = student.spec
        shape = self.share, spec.inputs.channels, spec.size, spec.size
        inputs = torch.zeros(shape, device=self.device).contiguous(memory_format=torch.channels_last)
        self.network = compiled(self.network, inputs, settings.compile, self.bfloat16)

    def batches(self, images: int, stop: int) -> Iterator[TrainingBatch]:
        """See Training."""
        starts = range(images, stop, self.settings.batch)
        read = self.reader.prefetch(self.rows(start) for start in starts)
        for start, batch in zip(starts, read, strict=True):
            yield self._augmented(batch.to(self.device), start)

    @torch.no_grad()
    def _augmented(self, batch: Batch, images: int) -> TrainingBatch:
        pixels = torch.Generator(self.device).manual_seed(seed_of(self.settings.seed, images, self.rank + 1))
        drawn, student = self.drawn(images), self.student
        raw = augment(batch, drawn, student.spec.inputs, self.settings.augment, pixels)
        inputs = student.normalise(raw).contiguous(memory_format=torch.channels_last)
        return TrainingBatch.oriented((inputs,), batch.values, batch.weights, drawn.flip)

    def held_out(self) -> Iterator[TrainingBatch]:
        """See Training."""
        for batch in self.reader.prefetch(self.validation_parts()):
            inputs = self.student.normalise(batch.raw.to(self.device).permute(0, 3, 1, 2))
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            yield TrainingBatch.regular((inputs,), batch.values, batch.weights)

    def features(self, batch: TrainingBatch) -> Tensor:
        """See Training."""
        return self.student.prepare(batch.inputs[0])[:, REGULAR]


def teacher_d(corpus: Corpus, settings: DistillSettings) -> dict[str, int]:
    """Size of each teacher's feature."""
    pairs = zip(corpus.heads, settings.heads, strict=True)
    return {head.teacher: targets.values.shape[2] // (1 + len(head.motion)) for targets, head in pairs}


def seed_of(*numbers: int) -> int:
    """Combine several numbers into one seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]) >> 1
