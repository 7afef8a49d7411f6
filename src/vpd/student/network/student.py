"""The student: an encoder, and a decoder a head that is only needed in training (paper 3.2)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vpd.errors import ArtefactError
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.inputs import InputSpec
from vpd.student.network.backbones import backbone
from vpd.student.network.decoder import decoder
from vpd.student.network.people import PeopleEncoder
from vpd.teachers.on_tensors import anchor


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
    def is_pose(self) -> bool:
        """Whether the feature is itself the pose, in the teacher's units."""
        return not self.decoder

    @property
    def targets(self) -> int:
        """Size of the target vector."""
        return self.teacher_d * (1 + len(self.motion))


@dataclass(frozen=True)
class StudentSpec:
    """What a student is built from, apart from its weights.

    Attributes
    ----------
    backbone, inputs, heads : encoder, what it sees, what it is taught.
    size : side of its crops in pixels.
    """

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
            seen = values["inputs"]
            frames = {name: tuple(seen.get(name, ())) for name in ("neighbours", "context_s")}
            inputs = InputSpec(**{**seen, **frames})
            heads = tuple(HeadSpec(**{**h, "motion": tuple(h["motion"])}) for h in values["heads"])
            return cls(values["backbone"], values["size"], inputs, heads)
        except (KeyError, TypeError) as error:
            raise ArtefactError(f"the student's config.json does not describe a student: {error}") from error


def student_spec(settings: DistillSettings, size: int, teacher_d: dict[str, int]) -> StudentSpec:
    """The student that the settings ask for; ``teacher_d`` is the size of each teacher's feature."""
    people = settings.backbone == "movenet"
    context_s = settings.context_s if people else ()
    inputs = InputSpec("rgb" in settings.inputs, "flow" in settings.inputs, settings.neighbours, context_s)
    heads = tuple(
        HeadSpec(h.teacher, teacher_d[h.teacher], h.d or teacher_d[h.teacher], h.motion, h.decoder)
        for h in settings.heads
    )
    return StudentSpec(settings.backbone, size, inputs, heads)


class Student(nn.Module):
    """Encoder and decoders with the numbers that inputs and targets are normalised by.

    A student works on crops (N, C, S, S), which are in bytes' units before ``normalise``. One that reads
    people (`PeopleEncoder`) works in two steps: crops to ``tokens``, and the tokens of a frame and its
    context to the feature.
    """

    channel_mean: Tensor
    channel_std: Tensor
    mirror_sign: Tensor
    part_scale: Tensor

    def __init__(self, spec: StudentSpec, weights: str = "") -> None:
        super().__init__()
        self.spec = spec
        self.encoder = backbone(spec.backbone).make(spec.inputs, spec.d, weights)
        self.decoders = nn.ModuleList(
            decoder(head.d, head.targets) if head.decoder else nn.Identity() for head in spec.heads
        )
        self.anchors = nn.ModuleList(
            (
                head.is_pose
                and self.reads_people
                and anchor(head.teacher, head.teacher_d, spec.inputs.context_s)
            )
            or nn.Identity()
            for head in spec.heads
        )
        self.register_buffer("channel_mean", torch.zeros(spec.inputs.channels))
        self.register_buffer("channel_std", torch.ones(spec.inputs.channels))
        sign = torch.ones(spec.inputs.channels)
        if spec.inputs.flow_x is not None:
            sign[spec.inputs.flow_x] = -1
        self.register_buffer("mirror_sign", sign, persistent=False)
        self.register_buffer("part_scale", torch.ones(len(spec.heads)))
        for i, head in enumerate(spec.heads):
            self.register_buffer(f"target_mean_{i}", torch.zeros(head.targets))
            self.register_buffer(f"target_std_{i}", torch.ones(head.targets))

    @property
    def reads_people(self) -> bool:
        """Whether it works in two steps."""
        return isinstance(self.encoder, PeopleEncoder)

    @property
    def pretrained(self) -> list[nn.Parameter]:
        """The weights that knew people before."""
        return list(self.encoder.pretrained.parameters()) if isinstance(self.encoder, PeopleEncoder) else []

    def freeze(self) -> None:
        """Leave the pretrained weights as they are."""
        for parameter in self.pretrained:
            parameter.requires_grad_(False)

    @property
    def frozen(self) -> bool:
        """Whether it reads people by weights that are not trained: what it reads can be kept."""
        return self.reads_people and not any(p.requires_grad for p in self.pretrained)

    @property
    def token_d(self) -> int:
        """Size of a token; the feature's where there is but one step."""
        return self.encoder.size if isinstance(self.encoder, PeopleEncoder) else self.spec.d

    def normalise(self, raw: Tensor) -> Tensor:
        """Channels in bytes' units (N, C, S, S), as float32 of about zero mean and unit variance."""
        shape = (1, -1, 1, 1)
        return (raw.float() - self.channel_mean.view(shape)) / self.channel_std.view(shape)

    def mirror(self, inputs: Tensor) -> Tensor:
        """Normalised inputs of the mirrored crop: flipped, the horizontal flow negated."""
        flipped = inputs.flip(-1)
        return flipped * self.mirror_sign.to(inputs.dtype).view(1, -1, 1, 1)

    def tokens(self, inputs: Tensor) -> Tensor:
        """Tokens (N, ``token_d``) of normalised inputs: all that looks at pictures."""
        tokens: Tensor = self.encoder(inputs)
        return tokens

    def look(self, inputs: Tensor) -> Tensor:
        """What an engine gives of normalised inputs: (N, 2, ``token_d``) of both orientations, tokens, or
        features where there is but one step."""
        if isinstance(self.encoder, PeopleEncoder):
            read = self.tokens(inputs)
            return torch.stack([read, self.encoder.mirrored(read)], 1)
        return torch.stack([self.embed(inputs), self.embed(self.mirror(inputs))], 1)

    def started(self, windows: Tensor) -> Tensor:
        """What the anchors say (N, K, d) of the tokens (N, K, ``token_d``), in deviations of their teachers'.

        (N, 1, d) where they say it of the window as a whole. It does not change in training.
        """
        assert isinstance(self.encoder, PeopleEncoder)
        n, k, size = windows.shape
        joints, scores = self.encoder.pose(windows.reshape(n * k, size))
        joints, scores = joints.view(n, k, -1, 2), scores.view(n, k, -1)
        parts = []
        for i, (head, start) in enumerate(zip(self.spec.heads, self.anchors, strict=True)):
            if isinstance(start, nn.Identity):
                parts.append(windows.new_zeros(n, 1, head.d))
                continue
            mean, std = self.target_scale(i)
            parts.append((start(joints, scores) - mean) / std)
        most = max(part.shape[1] for part in parts)
        return torch.cat([part.expand(-1, most, -1) for part in parts], 2)

    def normalised_feature(self, windows: Tensor) -> Tensor:
        """Features (N, d) of the tokens (N, K, ``token_d``) of the context and, last, of the frame itself.

        A part that is a pose is in deviations of its teacher's. Tokens may be followed by what the anchors
        say of them (N, K, ``token_d`` + d), which is then not asked again.
        """
        if not isinstance(self.encoder, PeopleEncoder):
            return windows[:, -1]
        if windows.shape[2] > self.token_d:
            windows, said = torch.split(windows, [self.token_d, self.spec.d], dim=2)
        else:
            said = self.started(windows)
        return self.encoder.combine(windows, said)

    def feature(self, windows: Tensor) -> Tensor:
        """As ``normalised_feature``; a part that is a pose is in its teacher's units, one that is decoded is
        scaled by ``part_scale``."""
        found = torch.split(self.normalised_feature(windows), [head.d for head in self.spec.heads], dim=1)
        parts = []
        for i, (head, part) in enumerate(zip(self.spec.heads, found, strict=True)):
            mean, std = self.target_scale(i)
            parts.append(part.float() * std + mean if head.is_pose else part * self.part_scale[i])
        return torch.cat(parts, 1)

    def balance(self, features: Tensor, size: float = 1.0) -> None:
        """Scale the decoded parts to vary over ``features`` (N, d) ``size`` times as much as those that are
        poses do.

        Distances of features then hang on all. Without a pose among them nothing is scaled.
        """
        parts = torch.split(features.float(), [head.d for head in self.spec.heads], dim=1)
        spread = torch.stack([part.var(0).sum().sqrt() for part in parts])
        poses = torch.tensor([head.is_pose for head in self.spec.heads], device=spread.device)
        if poses.any():
            self.part_scale[~poses] *= size * spread[poses].mean() / spread[~poses].clamp_min(1e-6)

    def alone(self, tokens: Tensor) -> Tensor:
        """The windows (N, K, ``token_d``) of frames whose context is not known: themselves."""
        return tokens[:, None].expand(-1, 1 + len(self.spec.inputs.context_s), -1)

    def windows(self, inputs: Tensor) -> Tensor:
        """Windows (N, K, ``token_d``) of normalised pictures, each by itself; windows stay as they are."""
        return self.alone(self.tokens(inputs)) if inputs.dim() == 4 else inputs

    def embed(self, inputs: Tensor) -> Tensor:
        """Features (N, d) of normalised pictures, each by itself, or of windows."""
        return self.feature(self.windows(inputs))

    def decode(self, normalised: Tensor) -> list[Tensor]:
        """Each head's prediction (N, targets) from normalised features (N, d), in deviations."""
        parts = torch.split(normalised, [head.d for head in self.spec.heads], dim=1)
        return [decode(part) for decode, part in zip(self.decoders, parts, strict=True)]

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Each head's prediction (N, targets) in deviations, of normalised inputs (N, C, S, S) or of what
        ``normalised_feature`` takes."""
        windows = self.windows(inputs)
        return self.decode(self.normalised_feature(windows))

    def target_scale(self, head: int) -> tuple[Tensor, Tensor]:
        """Mean and deviation (targets,) that this head's targets are normalised by."""
        return getattr(self, f"target_mean_{head}"), getattr(self, f"target_std_{head}")

    def poses(self, features: Tensor, head: int = 0) -> Tensor:
        """The teacher's feature (N, teacher's d) as the student sees it, in its own units: the feature
        itself, or the pose part of the decoder."""
        spec = self.spec.heads[head]
        part = torch.split(features, [h.d for h in self.spec.heads], dim=1)[head]
        if spec.is_pose:
            return part.float()
        mean, std = self.target_scale(head)
        decoded: Tensor = self.decoders[head](part / self.part_scale[head]).float() * std + mean
        return decoded[:, : spec.teacher_d]
