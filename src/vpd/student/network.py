"""The student: an encoder, and a decoder a head that is only needed in training (paper 3.2)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vpd.errors import ArtefactError
from vpd.settings.distill import DistillSettings
from vpd.student.backbones import backbone
from vpd.student.decoder import decoder
from vpd.student.inputs import InputSpec


@dataclass(frozen=True)
class HeadSpec:
    """One head: its teacher, the size of the teacher's feature and of its own, and its targets.

    A target is the pose followed by a change of pose for each offset in ``motion``.
    """

    teacher: str
    teacher_d: int
    d: int
    motion: tuple[int, ...]
    decoder: bool

    @property
    def targets(self) -> int:
        """Size of the target vector."""
        return self.teacher_d * (1 + len(self.motion))


@dataclass(frozen=True)
class StudentSpec:
    """What a student is built from, apart from its weights; ``size`` is its crops' side in pixels."""

    backbone: str
    size: int
    inputs: InputSpec
    heads: tuple[HeadSpec, ...]

    @property
    def d(self) -> int:
        """Size of a feature."""
        return sum(head.d for head in self.heads)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for config.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> StudentSpec:
        """The inverse of ``to_json``. Raises ArtefactError where something is missing."""
        try:
            inputs = InputSpec(**{**values["inputs"], "neighbours": tuple(values["inputs"]["neighbours"])})
            heads = tuple(HeadSpec(**{**h, "motion": tuple(h["motion"])}) for h in values["heads"])
            return cls(values["backbone"], values["size"], inputs, heads)
        except (KeyError, TypeError) as error:
            raise ArtefactError(f"the student's config.json does not describe a student: {error}") from error


def student_spec(settings: DistillSettings, size: int, teacher_d: dict[str, int]) -> StudentSpec:
    """The student that the settings ask for; ``teacher_d`` is the size of each teacher's feature."""
    inputs = InputSpec("rgb" in settings.inputs, "flow" in settings.inputs, settings.neighbours)
    heads = tuple(
        HeadSpec(h.teacher, teacher_d[h.teacher], h.d or teacher_d[h.teacher], h.motion, h.decoder)
        for h in settings.heads
    )
    return StudentSpec(settings.backbone, size, inputs, heads)


class Student(nn.Module):
    """Encoder and decoders with the numbers that inputs and targets are normalised by.

    Inputs are (N, C, S, S): in bytes' units before ``normalise``; ``forward`` and ``embed`` take them after.
    """

    channel_mean: Tensor
    channel_std: Tensor
    mirror_sign: Tensor

    def __init__(self, spec: StudentSpec, weights: str = "") -> None:
        super().__init__()
        self.spec = spec
        self.encoder = backbone(spec.backbone).make(spec.inputs, spec.d, weights)
        self.decoders = nn.ModuleList(
            decoder(head.d, head.targets) if head.decoder else nn.Identity() for head in spec.heads
        )
        self.register_buffer("channel_mean", torch.zeros(spec.inputs.channels))
        self.register_buffer("channel_std", torch.ones(spec.inputs.channels))
        sign = torch.ones(spec.inputs.channels)
        if spec.inputs.flow_x is not None:
            sign[spec.inputs.flow_x] = -1
        self.register_buffer("mirror_sign", sign, persistent=False)
        for i, head in enumerate(spec.heads):
            self.register_buffer(f"target_mean_{i}", torch.zeros(head.targets))
            self.register_buffer(f"target_std_{i}", torch.ones(head.targets))

    def normalise(self, raw: Tensor) -> Tensor:
        """Channels in bytes' units (N, C, S, S), as float32 of about zero mean and unit variance."""
        shape = (1, -1, 1, 1)
        return (raw.float() - self.channel_mean.view(shape)) / self.channel_std.view(shape)

    def mirror(self, inputs: Tensor) -> Tensor:
        """Normalised inputs of the mirrored crop: flipped, the horizontal flow negated."""
        flipped = inputs.flip(-1)
        return flipped * self.mirror_sign.to(inputs.dtype).view(1, -1, 1, 1)

    def embed(self, inputs: Tensor) -> Tensor:
        """Features (N, d) of normalised inputs."""
        feature: Tensor = self.encoder(inputs)
        return feature

    def decode(self, features: Tensor) -> list[Tensor]:
        """Each head's prediction (N, targets) from features (N, d), in units of the normalised targets."""
        parts = torch.split(features, [head.d for head in self.spec.heads], dim=1)
        return [decode(part) for decode, part in zip(self.decoders, parts, strict=True)]

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Each head's prediction (N, targets) of normalised inputs, in units of the normalised targets."""
        return self.decode(self.embed(inputs))

    def target_scale(self, head: int) -> tuple[Tensor, Tensor]:
        """Mean and deviation (targets,) that this head's targets are normalised by."""
        return getattr(self, f"target_mean_{head}"), getattr(self, f"target_std_{head}")

    def poses(self, features: Tensor, head: int = 0) -> Tensor:
        """The teacher's feature (N, teacher's d) as the student sees it: the pose part of the decoder, in its
        own units."""
        mean, std = self.target_scale(head)
        size = self.spec.heads[head].teacher_d
        return (self.decode(features)[head].float() * std + mean)[:, :size]
