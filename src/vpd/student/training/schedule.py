"""How far a training is, and the learning rate there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

WARM_UP = 0.1
"""Share of the training in which "onecycle" rises."""


@dataclass(frozen=True)
class Budget:
    """What a training may take: crops seen and, where given, seconds."""

    images: int
    seconds: float | None

    def fraction(self, images: int, seconds: float) -> float:
        """How far it is, 0..1: of crops or of time, whichever is further."""
        by_time = seconds / self.seconds if self.seconds else 0.0
        return min(1.0, max(images / self.images, by_time))


def learning_rate_factor(kind: Literal["constant", "cosine", "onecycle"], fraction: float) -> float:
    """Factor of the learning rate at a fraction 0..1 of the training."""
    if kind == "constant":
        return 1.0
    if kind == "onecycle":
        if fraction < WARM_UP:
            return max(fraction / WARM_UP, 1e-3)
        fraction = (fraction - WARM_UP) / (1 - WARM_UP)
    return 0.5 * (1 + math.cos(math.pi * fraction))
