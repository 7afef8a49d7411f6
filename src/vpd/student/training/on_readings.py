"""The training of the default student on readings of the frozen pose network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from vpd.settings.distill import DistillSettings
from vpd.student.corpus.corpus import Corpus, Split
from vpd.student.corpus.training_batch import TrainingBatch
from vpd.student.inference.readings import Readings
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.student.training.loop import Training
from vpd.types import MIRRORED, REGULAR, Array

AT_ONCE = 500
"""Number of frames whose teacher features are computed at a time."""


class ReadingTraining(Training):
    """The training of a `PoseReadingStudent` on the frames with readings.

    The only augmentation is mirroring; the network's dropout replaces the others. The teachers' features of
    the joints do not change in training, and are computed once for all steps.
    """

    student: PoseReadingStudent

    def __init__(
        self,
        corpus: Corpus,
        split: Split,
        settings: DistillSettings,
        accelerator: Accelerator,
        student: PoseReadingStudent,
        readings: Readings,
    ) -> None:
        read = Split(
            np.intersect1d(split.training, readings.frames),
            np.intersect1d(split.validation, readings.frames),
            split.held_out,
        )
        super().__init__(read, settings, accelerator, student)
        self.heads = corpus.heads
        self.readings = torch.from_numpy(readings.readings).to(self.device)
        self.context = torch.from_numpy(readings.context).to(self.device)
        self.place = np.full(len(corpus), -1)
        self.place[readings.frames] = np.arange(len(readings.frames))
        self.teacher_features = self._teacher_features(np.union1d(read.training, self.validation_rows))

    def _places(self, rows: Array) -> Tensor:
        return torch.from_numpy(self.place[rows]).to(self.device)

    @torch.no_grad()
    def _teacher_features(self, rows: Array) -> Tensor:
        """`PoseReadingStudent.teacher_features` of the rows in both orientations, (frames read, 2, K or 1,
        d); 0 for other frames.
        """
        found: Tensor | None = None
        for part in np.array_split(rows, -(-len(rows) // AT_ONCE)):
            place = self._places(part)
            readings = self.readings[self.context[place]].float().transpose(1, 2)
            made = self.student.teacher_features(readings.flatten(0, 1))
            made = made.view(len(part), 2, *made.shape[1:])
            if found is None:
                found = made.new_zeros(len(self.context), *made.shape[1:])
            found[place] = made
        assert found is not None
        return found

    def _inputs(self, rows: Array, orientation: Tensor) -> tuple[Tensor, Tensor]:
        """Readings (N, K, ``prepared_d``) and teacher features (N, K or 1, d) of the corpus' frames, each in
        its ``orientation`` (N,).
        """
        place = self._places(rows)
        readings = self.readings[self.context[place], orientation[:, None]].float()
        return readings, self.teacher_features[place, orientation]

    def _targets(self, rows: Array) -> tuple[list[Tensor], list[Tensor]]:
        """Values and weights (N, 2, D) of each head."""
        values = [torch.from_numpy(head.values[rows]).to(self.device) for head in self.heads]
        weights = [torch.from_numpy(head.weights[rows]).to(self.device) for head in self.heads]
        return values, weights

    def batches(self, images: int, stop: int) -> Iterator[TrainingBatch]:
        """See Training."""
        for start in range(images, stop, self.settings.batch):
            rows, flip = self.rows(start), self.drawn(start).flip
            inputs = self._inputs(rows, torch.where(flip, MIRRORED, REGULAR))
            yield TrainingBatch.oriented(inputs, *self._targets(rows), flip)

    def held_out(self) -> Iterator[TrainingBatch]:
        """See Training."""
        for rows in self.validation_parts():
            regular = torch.full((len(rows),), REGULAR, device=self.device)
            yield TrainingBatch.regular(self._inputs(rows, regular), *self._targets(rows))

    def features(self, batch: TrainingBatch) -> Tensor:
        """See Training."""
        return self.student.scaled(self.student.normalised(*batch.inputs))
