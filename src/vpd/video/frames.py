"""The frames of a video, numbered and timed, upright."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from vpd.errors import VideoError
from vpd.library.frames import Footage, recording
from vpd.types import Array
from vpd.video.enter import indexed
from vpd.video.picture import Picture
from vpd.video.sequence import Sequence
from vpd.video.source import opened, shown


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: its number among those that decode, its time (s), and (H, W, 3) uint8 RGB, upright."""

    frame: int
    time_s: float
    rgb: Array


def numbered(footage: Footage, start: int = 0) -> Generator[tuple[int, Picture]]:
    """Yield the pictures from frame ``start`` on with their numbers, by seeking where there is an index."""
    video = recording(footage)
    if video.index is not None:
        yield from indexed(video.files, video.index, start)
        return
    with opened(video.path) as source:
        for frame, picture in enumerate(Sequence(source, video.more).pictures()):
            if frame >= start:
                yield frame, picture


def read_frames(footage: Footage, start_frame: int = 0, stop_frame: int | None = None) -> Iterator[Frame]:
    """Yield the frames from ``start_frame`` up to but not including ``stop_frame``, in order.

    Frames are numbered as in `VideoInfo.times_s`. A picture that does not decode has no number. A recording
    with an index is read from a keyframe before ``start_frame``, a bare file from its start; the frames are
    the same. Memory does not grow with the length of the video.

    Parameters
    ----------
    footage : Path or Recording
        The video file, or a recording with its index.
    start_frame : int
        Number of the first frame, from 0.
    stop_frame : int, optional
        Number of the first frame that is left out; by default the video is read to its end.

    Yields
    ------
    Frame
        ``frame`` (number), ``time_s`` (seconds of the video's clock), ``rgb`` (H, W, 3) uint8, upright.

    Raises
    ------
    VideoError
        Where the file cannot be opened, or is not the one that was scanned.

    Examples
    --------
    >>> first, second = read_frames(clip, 0, 2)
    >>> second.frame, second.rgb.shape, round(second.time_s - first.time_s, 2)
    (1, (240, 320, 3), 0.05)
    """
    with closing(numbered(footage, start_frame)) as pictures:
        for frame, picture in pictures:
            if stop_frame is not None and frame >= stop_frame:
                return
            yield Frame(frame, picture.time_s, picture.rgb())


def from_time(footage: Footage, start_s: float) -> Generator[Picture]:
    """Yield the pictures from the last one at or before ``start_s`` on; from the first where none is
    before.
    """
    index = recording(footage).index
    start = 0 if index is None else max(0, int(np.searchsorted(index.times_s, start_s, side="right")) - 1)
    before: Picture | None = None
    for _, picture in numbered(footage, start):
        if picture.time_s <= start_s:
            before = picture
            continue
        if before is not None:
            yield before
            before = None
        yield picture
    if before is not None:
        yield before


def frame_at(footage: Footage, time_s: float) -> Array:
    """The picture that a player shows at a time: the last one not after it, or the first where all are later.

    Parameters
    ----------
    footage : Path or Recording
        The video file, or a recording with its index.
    time_s : float
        Seconds of the video's clock.

    Returns
    -------
    array (H, W, 3) uint8
        RGB, upright.

    Raises
    ------
    VideoError
        Where nothing decodes.

    Examples
    --------
    >>> frame_at(clip, 2.5).shape
    (240, 320, 3)
    """
    with closing(from_time(footage, time_s)) as pictures:
        for picture in pictures:
            return picture.rgb()
    raise VideoError(f"{shown(recording(footage).path)}: no frame can be decoded.")
