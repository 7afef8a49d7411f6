"""Cut segments out of their videos, one file each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vpd.counting import counted
from vpd.errors import ArtefactError, InputError
from vpd.library.frames import Footage
from vpd.types import Segment
from vpd.video import cut_clip

Find = Callable[[str], Footage]
"""A function that finds the footage of a video by its id."""


@dataclass(frozen=True)
class Clip:
    """The clip of a segment: its file, and the problem, if there was one."""

    path: Path
    problem: str = ""


def write_clip(out: Path, segment: Segment, find: Find, padding_s: float = 0.0) -> Clip:
    """Cut the segment with ``padding_s`` around it into ``out``. A failure is returned as the clip's problem.

    Raises DiskFullError.
    """
    try:
        cut_clip(find(segment.video), segment.start_s - padding_s, segment.end_s + padding_s, out)
    except (InputError, ArtefactError) as error:
        return Clip(out, str(error))
    return Clip(out)


def write_clips(folder: Path, segments: Sequence[Segment], find: Find, padding_s: float = 0.0) -> list[Clip]:
    """Cut each segment into ``folder``. The files are numbered in the given order."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        write_clip(folder / clip_name(number, segment), segment, find, padding_s)
        for number, segment in enumerate(segments, start=1)
    ]


def clip_problems(clips: Sequence[Clip]) -> list[str]:
    """A sentence on the clips that could not be cut, with the first reason; none where all were."""
    wrong = [clip.problem for clip in clips if clip.problem]
    return [f"{len(wrong)} of {counted(len(clips), 'clip')} could not be cut: {wrong[0]}"] if wrong else []


def clip_name(number: int, segment: Segment) -> str:
    """The file name of the clip of the ``number``-th segment."""
    return f"{number:03d}_{segment.video}_{segment.start_s:.2f}.mp4"
