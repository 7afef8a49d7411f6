"""The learning rate over a training, and the user's time limit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

READING_SHARE = 0.75
"""Share of a time limit that reading crops may take. The rest is for training on them."""


@dataclass(frozen=True)
class TimeLimit:
    """The upper bound of a training's wall time, counted from the creation of this object.

    ``minutes`` is None where the user set no bound. Then nothing depends on the clock.
    """

    minutes: float | None
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "started", self.clock())

    def reached(self, share: float = 1.0) -> bool:
        """Whether this share of the time has passed."""
        return self.minutes is not None and self.clock() - self.started >= 60 * share * self.minutes


def learning_rate_factor(kind: Literal["constant", "cosine"], fraction: float) -> float:
    """Factor of the learning rate at a fraction 0..1 of the training."""
    if kind == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * fraction))
