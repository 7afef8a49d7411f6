"""Whole pictures of the labelled segments, stored as crops of a box that is the whole picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vpd.crops import make_crops, write_crops
from vpd.errors import InputError
from vpd.flow import make_flow
from vpd.library.artefact import Recipe, is_current
from vpd.library.frames import read_times
from vpd.library.layout import Layout
from vpd.library.videos import OK, Videos
from vpd.settings.crop import CropSettings
from vpd.types import Array, Segment, Track
from vpd.video import Frame, read_frames

VERSION = 1
SIDE = 224
"""Side in pixels of the square that holds a whole picture, with black bars above and below (or beside) it."""


def picture_settings() -> CropSettings:
    """The settings of whole pictures: nothing is cut off, and flow is between whole pictures."""
    return CropSettings(size=SIDE, padding=0.0)


def make_pictures(layout: Layout, segments: Sequence[Segment]) -> dict[str, str]:
    """Write the missing whole pictures of ``segments``. Returns by video why it has none.

    Each video has one file with the frames of all its segments.
    """
    videos = Videos.read(layout)
    without: dict[str, str] = {}
    for video in dict.fromkeys(segment.video for segment in segments):
        row = videos[video]
        if row.status != OK:
            without[video] = row.error or f"{video} is not scanned"
            continue
        times = read_times(layout.frames(video))
        wanted = _frames(times, [s for s in segments if s.video == video])
        recipe = Recipe(
            "pictures",
            VERSION,
            {"side": SIDE, "frames": wanted.tolist()},
            {"video": row.key},
        )
        path = layout.pictures(video)
        if not len(wanted) or is_current(path, recipe):
            continue
        track = _whole(wanted, times, row.width, row.height)
        frames = _read(videos, video, wanted)
        settings = picture_settings()
        try:
            write_crops(path, make_crops(frames, [track], make_flow(settings.flow, "cpu"), settings), recipe)
        except InputError as error:  # a file that is gone stops no other
            without[video] = str(error)
    return without


def _frames(times: Array, segments: Sequence[Segment]) -> Array:
    """The frames of all segments, and the frame before each, for its flow."""
    wanted: set[int] = set()
    for s in segments:
        first, last = np.searchsorted(times, [s.start_s, s.end_s], side="left")
        wanted.update(range(max(0, int(first) - 1), int(last)))
    return np.array(sorted(wanted), np.int64)


def _whole(frames: Array, times: Array, width: int, height: int) -> Track:
    n = len(frames)
    boxes = np.tile(np.array([0, 0, width, height], np.float32), (n, 1))
    return Track(0, frames, times[frames], boxes, np.ones(n, np.float32), np.full(n, "whole"))


def _read(videos: Videos, video: str, wanted: Array) -> Iterator[Frame]:
    """Decode the wanted frames, run by run."""
    ends = np.flatnonzero(np.diff(wanted) > 1) + 1
    recording = videos.recording(video)
    for run in np.split(wanted, ends):
        yield from read_frames(recording, int(run[0]), int(run[-1]) + 1)
