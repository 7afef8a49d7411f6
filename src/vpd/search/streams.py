"""One athlete's features over a whole video, for one pass of a search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.types import Array


@dataclass(frozen=True, eq=False)
class Stream:
    """Frames of one athlete without a gap in time.

    Attributes
    ----------
    times_s : (T,) float64.
    values : (T, d) float32, the frames as they are; memory-mapped where they come from a library.
    valid : (T,) bool.
    number : which of its video's streams it is.
    skip : no result ends before this frame; the frames before it are there as context.
    """

    video: str
    athlete: int
    times_s: Array
    values: Array
    valid: Array
    number: int = 0
    skip: int = 0

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def step_s(self) -> float:
        """Typical time between two frames in seconds."""
        return float(np.median(np.diff(self.times_s))) if len(self) > 1 else 0.04
