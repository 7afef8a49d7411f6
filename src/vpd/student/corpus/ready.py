"""A batch as the network and the loss take it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vpd.student.corpus.augment import oriented
from vpd.types import REGULAR


@dataclass(frozen=True)
class Ready:
    """Inputs, which `Student.forward` takes, and of each head targets and weights (N, D)."""

    inputs: Tensor
    values: list[Tensor]
    weights: list[Tensor]

    @classmethod
    def oriented(cls, inputs: Tensor, values: list[Tensor], weights: list[Tensor], flip: Tensor) -> Ready:
        """From targets (N, 2, D) of both orientations those that are seen."""
        return cls(inputs, *([oriented(part, flip) for part in parts] for parts in (values, weights)))

    @classmethod
    def regular(cls, inputs: Tensor, values: list[Tensor], weights: list[Tensor]) -> Ready:
        """With the targets (N, 2, D) of pictures that are not mirrored."""
        device = inputs.device
        return cls(inputs, *([part[:, REGULAR].to(device) for part in parts] for parts in (values, weights)))

    def __len__(self) -> int:
        return len(self.inputs)
