"""Convert frames of a published clip, as the labels number them, to seconds of the user's video."""

from __future__ import annotations

from dataclasses import dataclass

from vpd.library.videos import VideoRow
from vpd.paper.dataset import Clip, Frames
from vpd.paper.videos import SAME_RATE
from vpd.types import Array

LENGTH_DIFFERS = 0.02
"""A clip was cut differently where its number of frames differs by more than this share from the published
one.
"""


@dataclass(frozen=True, eq=False)
class Clock:
    """Converts frames of a clip, as the labels number them, to seconds of the video."""

    times_s: Array
    fps: float
    """Frame rate of the labels' numbers."""
    by_time: bool
    """Whether the video has another frame rate than the labels, so that times are used."""

    def between(self, frames: Frames) -> tuple[float, float]:
        """Start and end in seconds that contain exactly these frames of the video; reversed where it has
        none.
        """
        start, stop = max(0, frames[0]), frames[1]
        if self.by_time:
            return self._at(start), min(self._at(stop), self._edge(len(self.times_s)))
        return self._edge(start), self._edge(stop)

    def beyond_s(self, frames: Frames) -> float:
        """How far the frames reach beyond the end of the video; at most 0 where they do not."""
        own = len(self.times_s)
        return self._at(frames[1]) - self._edge(own) if self.by_time else (frames[1] - own) / self.fps

    def _at(self, frame: int) -> float:
        """The time of a frame of the labels in a video of another frame rate, which may begin after 0 s."""
        return float(self.times_s[0]) + frame / self.fps

    def _edge(self, frame: int) -> float:
        """The time midway between a frame and the one before it, so that rounding moves no frame in or
        out.
        """
        count, half = len(self.times_s), 0.5 / self.fps
        if frame >= count:
            return float(self.times_s[-1]) + half
        if frame <= 0:
            return max(0.0, float(self.times_s[0]) - half)
        return float(self.times_s[frame - 1] + self.times_s[frame]) / 2


def clock_of(clip: Clip, row: VideoRow, times_s: Array) -> Clock | str:
    """The clip's clock, or the reason why its labels do not fit the video."""
    fps = float(row.fps)
    if not clip.fps:
        own = clip.frames
        by_time = False
        labelled = fps
    else:
        by_time = abs(fps / clip.fps - 1) > SAME_RATE
        labelled = clip.fps
        own = round(clip.frames * fps / clip.fps)
    if own and abs(len(times_s) - own) > max(2, LENGTH_DIFFERS * own):
        return f"it has {len(times_s)} frames, the published clip would have {own}: it was cut elsewhere"
    return Clock(times_s, labelled, by_time)
