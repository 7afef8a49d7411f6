"""What is in a video file, found out by decoding it once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from vpd.errors import VideoError
from vpd.types import VideoInfo
from vpd.video.decode import content_key, decoded, opened

MAX_RATE_DENOMINATOR = 1001
"""Enough for the rates of television, such as 30000/1001."""


def read_video_info(path: Path, video: str = "", key: str = "") -> VideoInfo:
    """Decode ``path`` once and describe it; ``video`` is the id to give it (its stem where empty).

    ``key`` is its content key where that is known already.
    Second 0 is where players start the file; the times are the frames' own, strictly increasing. Frames that
    do not decode are left out and named in ``warning``, as is a file that ends before its header says.
    Raises VideoError, naming the file, where there is no video stream or no frame decodes.
    """
    times: list[float] = []
    with opened(path) as source:
        display = None
        for picture in decoded(source):
            times.append(picture.time_s)
            display = picture.display
        promised, container_rate = source.promised_frames, source.stream.average_rate
    if display is None:
        raise VideoError(f"{path}: no frame can be decoded.")
    span_s = times[-1] - times[0]
    rate = Fraction((len(times) - 1) / span_s) if span_s > 0 else (container_rate or Fraction(25))
    width, height = display.size
    missing = promised - len(times)
    warning = ""
    if missing > 0:
        warning = f"{missing} of {promised} frames cannot be decoded: the file is damaged or cut short"
    return VideoInfo(
        video=video or path.stem,
        path=path,
        key=key or content_key(path),
        width=width,
        height=height,
        rotation=display.rotation,
        fps=rate.limit_denominator(MAX_RATE_DENOMINATOR),
        times_s=np.array(times),
        warning=warning,
    )
