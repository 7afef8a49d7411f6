"""Write H.264 files that every browser plays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from vpd.errors import InputError, VideoError
from vpd.library.artefact import replacing
from vpd.library.frames import Footage, recording
from vpd.types import Array
from vpd.video.frames import from_time
from vpd.video.source import shown

TICKS_PER_S = 90_000
"""Ticks a second of MPEG's clock. Every common frame rate is a whole number of ticks."""

QUALITY_CRF = "21"
"""x264's constant quality: nearly invisible losses, about 1 MB for 10 s of 640 x 360."""

OPTIONS = {"crf": QUALITY_CRF, "preset": "veryfast"}


def _even(rgb: Array) -> Array:
    """The picture with its last row and column repeated where its size is odd, because 4:2:0 halves both."""
    height, width = rgb.shape[:2]
    return np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def write_timed(
    timed: Iterable[tuple[float, Array]],
    out: Path,
    rate: Fraction = Fraction(30),
    options: Mapping[str, str] = OPTIONS,
) -> int:
    """Write (H, W, 3) uint8 RGB frames of one size at their times (s, increasing). Returns their number.

    ``rate`` is the stated rate in frames/s. ``options`` are x264's. The file is written completely or not at
    all. Raises InputError where there is no frame.
    """
    written = 0
    with (
        replacing(out) as part,
        av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as file,
    ):
        stream = None
        for time_s, rgb in timed:
            rgb = _even(rgb)
            if stream is None:
                stream = file.add_stream("libx264", rate=rate, options=dict(options))
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
            picture = VideoFrame.from_ndarray(rgb, format="rgb24")
            picture.pts, picture.time_base = round(time_s * TICKS_PER_S), Fraction(1, TICKS_PER_S)
            file.mux(stream.encode(picture))
            written += 1
        if stream is None:
            raise InputError(f"{out}: there is no frame to write.")
        file.mux(stream.encode(None))
    return written


def write_video(frames: Iterable[Array], fps: float | Fraction, out: Path) -> int:
    """Write pictures as an MP4 that browsers play: H.264, yuv420p, the index in front.

    Parameters
    ----------
    frames : iterable of array (H, W, 3) uint8
        RGB pictures of one size. An odd size gets one more row or column.
    fps : float or Fraction
        Pictures a second, above 0.
    out : Path
        The file to write.

    Returns
    -------
    int
        Number of pictures written.

    Raises
    ------
    InputError
        Where there is no picture.

    Examples
    --------
    >>> import numpy as np
    >>> write_video([np.zeros((32, 48, 3), np.uint8)] * 10, 25, folder / "black.mp4")
    10
    """
    rate = Fraction(fps).limit_denominator(1001)
    return write_timed(((float(i / rate), rgb) for i, rgb in enumerate(frames)), out, rate)


def cut_clip(footage: Footage, start_s: float, end_s: float, out: Path) -> int:
    """Write the frames with start_s <= time < end_s as an MP4, upright, at their own times, without sound.

    Parameters
    ----------
    footage : Path or Recording
        The video file, or a recording with its index.
    start_s, end_s : float
        Seconds of the video's clock. The clip starts at its second 0.
    out : Path
        The file to write.

    Returns
    -------
    int
        Number of frames written.

    Raises
    ------
    VideoError
        Where no frame lies in the span.

    Examples
    --------
    >>> cut_clip(clip, 1.0, 2.0, folder / "clip.mp4")
    20
    """

    def span() -> Iterator[tuple[float, Array]]:
        first_s = None
        with closing(from_time(footage, start_s)) as pictures:
            for picture in pictures:
                if picture.time_s >= end_s:
                    break
                if picture.time_s >= start_s:
                    first_s = picture.time_s if first_s is None else first_s
                    yield picture.time_s - first_s, picture.rgb()
        if first_s is None:
            raise VideoError(
                f"{shown(recording(footage).path)}: no frame between {start_s:g} and {end_s:g} s."
            )

    return write_timed(span(), out)
