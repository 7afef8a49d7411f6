"""The paper's student: an encoder from a crop to the feature (paper 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor

from vpd.student.network.backbones import backbone
from vpd.student.network.base import BaseStudent
from vpd.student.network.spec import StudentSpec


class Student(BaseStudent):
    """Crop to feature. ``weights`` are the encoder's first weights, as in `DistillSettings`."""

    def __init__(self, spec: StudentSpec, weights: str = "") -> None:
        super().__init__(spec)
        self.encoder = backbone(spec.backbone)(spec.inputs, spec.d, weights)
        self.prepared_d = spec.d
        self.add_decoders()

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Each head's prediction (N, targets), in standard deviations, from normalised inputs (N, C, S,
        S).
        """
        return self.decode(self.encoder(inputs))

    def prepare(self, inputs: Tensor) -> Tensor:
        """Features (N, 2, d). All of the work is done on single crops."""
        return torch.stack([self.scaled(self.encoder(i)) for i in (inputs, self.mirror(inputs))], 1)

    def embed(self, prepared: Tensor) -> Tensor:
        """The frame's own feature; there is no context."""
        return prepared[:, -1]
