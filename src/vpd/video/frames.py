"""The frames of a video, numbered and timed, upright."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.errors import VideoError
from vpd.types import Array
from vpd.video.decode import Picture, decoded, decoded_from, opened


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: its number among those that decode, its time (s), and (H, W, 3) uint8 RGB, upright."""

    frame: int
    time_s: float
    rgb: Array


def _numbered(path: Path, start_frame: int, times_s: Array | None) -> Generator[tuple[int, Picture]]:
    if times_s is None or start_frame == 0:
        with opened(path) as source:
            yield from enumerate(decoded(source))
        return
    for picture in decoded_from(path, float(times_s[start_frame])):
        # By its time and not by counting: where decoding starts in the middle of a damaged file, other
        # frames may decode than from the start.
        frame = int(np.searchsorted(times_s, picture.time_s))
        if frame < len(times_s) and times_s[frame] == picture.time_s:
            yield frame, picture


def read_frames(
    path: Path, start_frame: int = 0, stop_frame: int | None = None, times_s: Array | None = None
) -> Iterator[Frame]:
    """The frames from ``start_frame`` up to but not including ``stop_frame``, in order.

    Frames are numbered as in `VideoInfo.times_s`; what does not decode has no number. With ``times_s``, those
    of the video's info, decoding starts at the keyframe before ``start_frame`` and not at the file's start.
    Memory does not grow with the length of the video. Raises VideoError where the file cannot be opened.
    """
    if times_s is not None and start_frame >= len(times_s):
        return
    with closing(_numbered(path, start_frame, times_s)) as numbered:
        for frame, picture in numbered:
            if stop_frame is not None and frame >= stop_frame:
                return
            if frame >= start_frame:
                yield Frame(frame, picture.time_s, picture.rgb())


def frame_at(path: Path, time_s: float) -> Array:
    """The picture that a player shows at ``time_s``, (H, W, 3) uint8 RGB: the last one not after it.

    Before the first frame it is the first. Raises VideoError where nothing decodes.
    """
    shown: Picture | None = None
    with closing(decoded_from(path, time_s)) as pictures:
        for picture in pictures:
            if shown is not None and picture.time_s > time_s:
                break
            shown = picture
    if shown is None:
        raise VideoError(f"{path}: no frame can be decoded.")
    return shown.rgb()
