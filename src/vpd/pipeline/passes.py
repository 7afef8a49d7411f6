"""One pass over a video's frames for all steps that look at them, so that each frame is decoded once.

`track` must have seen a whole shot before it knows whom to follow, so poses and crops come in a second pass.
Where the pictures of the video fit into `KEPT_BYTES`, the second pass takes them from memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from vpd.errors import CancelledError
from vpd.library.frames import Footage
from vpd.video import Frame, read_frames

KEPT_BYTES = 256 << 20
"""Pictures of a video are kept for the second pass where all of them need no more."""

Read = Callable[[Footage], Iterable[Frame]]


class Watcher(AbstractContextManager[object], Protocol):
    """A step's work on one video, frame by frame. Left with an error it leaves no artefact behind."""

    def add(self, frame: Frame) -> None:
        """The next frame."""
        ...

    def finish(self) -> None:
        """No frame follows: write what remains."""
        ...


class StepFailedError(Exception):
    """One of several steps of a pass failed; its error is the cause."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


class Pictures:
    """The frames of one video, for the passes of one task.

    Parameters
    ----------
    footage : finds the recording; called when it is read.
    size : bytes of all its pictures, as RGB.
    again : whether there is another pass after the first.
    """

    def __init__(
        self, footage: Callable[[], Footage], size: int, again: bool, read: Read = read_frames
    ) -> None:
        self._footage, self._read = footage, read
        self._keeping = again and size <= KEPT_BYTES
        self._kept: list[Frame] | None = None

    def frames(self) -> Iterator[Frame]:
        """All frames, in order: from memory where a pass before kept them."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            yield from kept
            return
        keeping, self._keeping = self._keeping, False
        kept = []
        for frame in self._read(self._footage()):
            if keeping:
                kept.append(frame)
            yield frame
        self._kept = kept if keeping else None


def watch(watchers: Mapping[str, Watcher], frames: Iterable[Frame]) -> dict[str, float]:
    """Show each frame to all watchers, by the names of their steps; returns the seconds that each took.

    The time of decoding counts for the first. Raises StepFailedError with the error of a step, which ends
    all; CancelledError.
    """
    seconds = dict.fromkeys(watchers, 0.0)
    step = first = next(iter(watchers))
    try:
        with ExitStack() as stack:
            for watcher in watchers.values():
                stack.enter_context(watcher)
            began = time.perf_counter()
            for frame in frames:
                for step, watcher in watchers.items():
                    watcher.add(frame)
                    now = time.perf_counter()
                    seconds[step] += now - began
                    began = now
                step = first
            for step, watcher in watchers.items():
                watcher.finish()
                now = time.perf_counter()
                seconds[step] += now - began
                began = now
    except CancelledError:
        raise
    except Exception as error:
        raise StepFailedError(step) from error
    return seconds
