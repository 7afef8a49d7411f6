"""The base class of both kinds of student: normalised inputs, decoders, scales of targets and features."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from vpd.student.network.decoder import decoder
from vpd.student.network.spec import StudentSpec


class BaseStudent(nn.Module):
    """A student in two stages: `prepare` handles one crop at a time, `embed` makes the feature of a frame.

    Crops are (N, C, S, S), the channels of `InputSpec` in bytes' units before ``normalise``. The feature has
    a part for each head. A *normalised* feature has parts that are poses in standard deviations of their
    teacher's feature; a feature has them in the teacher's units, and decoded parts scaled by ``part_scale``.

    Attributes
    ----------
    prepared_d : numbers that `prepare` gives for one orientation of a crop.
    prepared_type : what these numbers are stored as.
    """

    prepared_d: int
    prepared_type: ClassVar[type[np.floating[Any]]] = np.float32

    channel_mean: Tensor
    channel_std: Tensor
    mirror_sign: Tensor
    part_scale: Tensor
    decoders: nn.ModuleList

    def __init__(self, spec: StudentSpec) -> None:
        super().__init__()
        self.spec = spec
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

    def add_decoders(self) -> None:
        """Create the heads' decoders. Called after the encoder is created, so that one seed determines
        both.
        """
        self.decoders = nn.ModuleList(
            decoder(head.d, head.targets) if head.decoder else nn.Identity() for head in self.spec.heads
        )

    @abstractmethod
    def prepare(self, inputs: Tensor) -> Tensor:
        """(N, 2, ``prepared_d``) from normalised inputs (N, C, S, S): of the crops as they are, and
        mirrored.
        """

    @abstractmethod
    def embed(self, prepared: Tensor) -> Tensor:
        """Features (N, d) of one orientation from prepared rows (N, K, ``prepared_d``): those of the
        context's frames (`InputSpec.context_s`) in order, and last of the frame itself.
        """

    def normalise(self, raw: Tensor) -> Tensor:
        """Channels in bytes' units (N, C, S, S) as float32 with about zero mean and unit variance."""
        shape = (1, -1, 1, 1)
        return (raw.float() - self.channel_mean.view(shape)) / self.channel_std.view(shape)

    def mirror(self, inputs: Tensor) -> Tensor:
        """Normalised inputs of the mirrored crop: flipped, the horizontal flow negated."""
        flipped = inputs.flip(-1)
        return flipped * self.mirror_sign.to(inputs.dtype).view(1, -1, 1, 1)

    def set_channels(self, rgb_mean: Tensor, rgb_std: Tensor) -> None:
        """Set the mean and standard deviation (3,) of colours 0..255 that inputs are normalised by."""
        mean, std = self.spec.inputs.normalisation(rgb_mean.numpy(), rgb_std.numpy())
        self.channel_mean.copy_(torch.from_numpy(mean))
        self.channel_std.copy_(torch.from_numpy(std))

    def target_scale(self, head: int) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (targets,) by which this head's targets are normalised."""
        return getattr(self, f"target_mean_{head}"), getattr(self, f"target_std_{head}")

    def scaled(self, normalised: Tensor) -> Tensor:
        """Features (N, d) in final units from normalised features (N, d)."""
        parts = []
        for i, part in enumerate(torch.split(normalised, self.spec.parts, dim=1)):
            mean, std = self.target_scale(i)
            is_pose = self.spec.heads[i].is_pose
            parts.append(part.float() * std + mean if is_pose else part * self.part_scale[i])
        return torch.cat(parts, 1)

    def scale_decoded_parts(self, features: Tensor, size: float) -> None:
        """Scale decoded parts so that their standard deviation over ``features`` (N, d) is ``size`` times the
        mean of that of the pose parts. Without a pose part nothing changes.
        """
        spread = torch.stack(
            [part.var(0).sum().sqrt() for part in torch.split(features.float(), self.spec.parts, dim=1)]
        )
        poses = torch.tensor([head.is_pose for head in self.spec.heads], device=spread.device)
        if poses.any():
            self.part_scale[~poses] *= size * spread[poses].mean() / spread[~poses].clamp_min(1e-6)

    def decode(self, normalised: Tensor) -> list[Tensor]:
        """Each head's prediction (N, targets), in standard deviations, from normalised features (N, d)."""
        parts = torch.split(normalised, self.spec.parts, dim=1)
        return [decode(part) for decode, part in zip(self.decoders, parts, strict=True)]

    def poses(self, features: Tensor, head: int = 0) -> Tensor:
        """The predicted feature of the teacher (N, teacher_d), in its own units, from features (N, d): the
        head's part itself, or the pose from its decoder.
        """
        spec = self.spec.heads[head]
        part = torch.split(features, self.spec.parts, dim=1)[head]
        if spec.is_pose:
            return part.float()
        mean, std = self.target_scale(head)
        decoded: Tensor = self.decoders[head](part / self.part_scale[head]).float() * std + mean
        return decoded[:, : spec.teacher_d]
