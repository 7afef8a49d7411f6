"""The default student: a frozen pose network reads each crop, and a small network turns readings into
features.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from vpd.pose.movenet_torch import RGB_MEAN, RGB_STD
from vpd.student.network.base import BaseStudent
from vpd.student.network.pose_reader import PoseReader, joints_of
from vpd.student.network.spec import StudentSpec
from vpd.teachers.table import on_tensors

HIDDEN = 256
"""Width of the layers."""
DROPOUT = 0.3
LIMIT = 16.0
"""Numbers of a reading are limited to this many standard deviations."""
OWN_SHARE = 3.0
"""Initial logit of the frame itself. Those of its context are 0."""


class ReadingNetwork(nn.Module):
    """Readings (N, K, ``size``) of a frame's context and, last, of itself to a normalised feature (N, d).

    Initially the feature is the mean, over the frames, of the teachers' features of the joints in the
    readings. The layers learn what to add.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, size: int, frames: int, d: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))
        self.project = nn.Linear(size + d, HIDDEN)
        self.mix = nn.Linear(HIDDEN * frames, HIDDEN)
        self.middle = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, d)
        self.share = nn.Parameter(torch.tensor([0.0] * (frames - 1) + [OWN_SHARE]))
        self.dropout = nn.Dropout(DROPOUT)

    def set_scale(self, readings: Tensor) -> None:
        """Set mean and standard deviation of readings from (M, ``size``) readings of the corpus."""
        self.mean.copy_(readings.mean(0))
        self.deviation.copy_(readings.std(0).clamp_min(1e-3))

    def forward(self, readings: Tensor, teacher_features: Tensor) -> Tensor:
        """See the class. ``teacher_features`` is (N, K, d), or (N, 1, d) where one feature stands for all K
        frames.
        """
        teacher_features = teacher_features.expand(-1, readings.shape[1], -1)
        scaled = ((readings - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)
        each = self.dropout(torch.relu(self.project(torch.cat([scaled, teacher_features], 2))))
        mixed = self.dropout(torch.relu(self.mix(each.flatten(1))))
        mixed = mixed + torch.relu(self.middle(mixed))
        start = (teacher_features * torch.softmax(self.share, 0)[:, None]).sum(1)
        feature: Tensor = self.last(mixed) + start
        return feature


class PoseReadingStudent(BaseStudent):
    """Crop to reading; then readings of a frame and its context to the feature.

    The pose network is never trained, so its readings can be kept. Pose parts of the feature start as the
    teacher's feature of the joints in the readings.
    """

    prepared_type: ClassVar = np.float16
    """Rounding to this type makes kept and new readings of a video give the same features."""

    def __init__(self, spec: StudentSpec) -> None:
        super().__init__(spec)
        self.reader = PoseReader(spec.inputs.flow)
        self.network = ReadingNetwork(self.reader.size, 1 + len(spec.inputs.context_s), spec.d)
        self.add_decoders()
        self.teachers = nn.ModuleList(
            (head.is_pose and on_tensors(head.teacher, head.teacher_d, spec.inputs.context_s))
            or nn.Identity()
            for head in spec.heads
        )
        self.prepared_d = self.reader.size
        self.set_channels(torch.full((3,), RGB_MEAN), torch.full((3,), RGB_STD))

    def forward(self, readings: Tensor, teacher_features: Tensor | None = None) -> list[Tensor]:
        """Each head's prediction (N, targets), in standard deviations, from readings (N, K, ``prepared_d``).

        ``teacher_features`` are those of these readings, where they were computed before.
        """
        return self.decode(self.normalised(readings, teacher_features))

    def prepare(self, inputs: Tensor) -> Tensor:
        """Readings (N, 2, ``prepared_d``)."""
        readings = self.reader(inputs)
        return torch.stack([readings, self.reader.mirrored(readings)], 1)

    def embed(self, prepared: Tensor) -> Tensor:
        """Features (N, d) from readings (N, K, ``prepared_d``)."""
        return self.scaled(self.normalised(prepared))

    def normalised(self, readings: Tensor, teacher_features: Tensor | None = None) -> Tensor:
        """Normalised features (N, d) from readings (N, K, ``prepared_d``)."""
        if teacher_features is None:
            teacher_features = self.teacher_features(readings)
        feature: Tensor = self.network(readings, teacher_features)
        return feature

    def teacher_features(self, readings: Tensor) -> Tensor:
        """The teachers' normalised features (N, K, d) of the joints in readings (N, K, ``prepared_d``).

        Their shape is (N, 1, d) where every teacher makes one feature of all K frames. Decoded parts, and
        teachers without a version on tensors, give zeros. They do not change in training.
        """
        joints, scores = joints_of(readings)
        parts = []
        for i, (head, teacher) in enumerate(zip(self.spec.heads, self.teachers, strict=True)):
            if isinstance(teacher, nn.Identity):
                parts.append(readings.new_zeros(len(readings), 1, head.d))
                continue
            mean, std = self.target_scale(i)
            parts.append((teacher(joints, scores) - mean) / std)
        most = max(part.shape[1] for part in parts)
        return torch.cat([part.expand(-1, most, -1) for part in parts], 2)
