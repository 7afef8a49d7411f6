"""Facts of a video that other programs need, and the conversion between its frames and seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from vpd.errors import LabelError
from vpd.library.videos import VideoRow
from vpd.types import Array

ROUNDING_S = 1e-6
"""Precision of label times in seconds. A frame's time is reached within it."""


@dataclass(frozen=True, eq=False)
class Media:
    """One video in the terms of other programs.

    Attributes
    ----------
    video : its id in the library. ``path``: the file, with forward slashes.
    fps, frames, width, height, duration_s : 0 where not known.
    start_s : time of the first frame.
    times_s : (T,) time of every frame where known; else frames are taken to be evenly spaced.
    """

    video: str
    path: str
    fps: float = 0.0
    frames: int = 0
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    start_s: float = 0.0
    times_s: Array = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(cls, row: VideoRow, times_s: Array | None = None) -> Media:
        """From the library's row, with the times of its frames where they are known."""
        times = np.empty(0) if times_s is None else times_s
        return cls(
            row.video,
            row.path,
            float(row.fps),
            row.frames,
            row.width,
            row.height,
            row.duration_s,
            row.start_s,
            times,
        )

    @property
    def name(self) -> str:
        """The file's name."""
        return PurePosixPath(self.path).name

    def _need_fps(self) -> float:
        if not self.fps:
            raise LabelError(f"the frame rate of {self.video} is not known; scan it first (`vpd scan`)")
        return self.fps

    def from_player(self, time_s: float) -> float:
        """Convert a player's time, which starts at 0 with the first frame, to the video's own clock."""
        return self.start_s + time_s

    def to_player(self, time_s: float) -> float:
        """Convert a time on the video's own clock to a player's time."""
        return time_s - self.start_s

    def frame_at(self, time_s: float) -> int:
        """The first frame at or after a time; one past the last where all frames are earlier."""
        if len(self.times_s):
            return int(np.searchsorted(self.times_s, time_s - ROUNDING_S))
        return max(0, int(np.ceil((time_s - self.start_s) * self._need_fps() - 1e-3)))

    def time_of(self, frame: int) -> float:
        """The time at which a frame is shown. Beyond the last frame it continues at the average rate."""
        if frame < len(self.times_s):
            return float(self.times_s[max(0, frame)])
        if len(self.times_s):
            return float(self.times_s[-1]) + (frame - len(self.times_s) + 1) / self._need_fps()
        return self.start_s + frame / self._need_fps()


FindMedia = Callable[[str], Media]
"""Find the video that a name or path in a foreign file means. Raises InputError where there is none."""
