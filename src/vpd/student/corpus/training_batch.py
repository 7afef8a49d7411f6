"""A batch in the form that the network and the loss take."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vpd.student.corpus.augment import oriented
from vpd.types import REGULAR


@dataclass(frozen=True)
class TrainingBatch:
    """Inputs of a student's ``forward``, with targets and weights (N, D) of each head."""

    inputs: tuple[Tensor, ...]
    values: list[Tensor]
    weights: list[Tensor]

    @classmethod
    def oriented(
        cls, inputs: tuple[Tensor, ...], values: list[Tensor], weights: list[Tensor], flip: Tensor
    ) -> TrainingBatch:
        """A batch with the targets, of (N, 2, D), that have the orientation of the inputs. ``flip`` (N,)
        marks mirrored inputs.
        """
        return cls(inputs, *([oriented(part, flip) for part in parts] for parts in (values, weights)))

    @classmethod
    def regular(
        cls, inputs: tuple[Tensor, ...], values: list[Tensor], weights: list[Tensor]
    ) -> TrainingBatch:
        """A batch with the targets, of (N, 2, D), of inputs that are not mirrored."""
        device = inputs[0].device
        return cls(inputs, *([part[:, REGULAR].to(device) for part in parts] for parts in (values, weights)))

    def __len__(self) -> int:
        return len(self.inputs[0])
