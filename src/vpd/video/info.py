"""Describe a video file by decoding it once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from vpd.errors import VideoError
from vpd.library.frames import Footage, FrameIndex, Shape, recording
from vpd.types import VideoInfo
from vpd.video.about import about
from vpd.video.check import decoder_version
from vpd.video.colour import not_read
from vpd.video.picture import Picture
from vpd.video.reader import Stamp
from vpd.video.sequence import FilePass, Sequence
from vpd.video.source import Source, opened, recording_key, shown

MAX_RATE_DENOMINATOR = 1001
"""Largest denominator of a rate. It suffices for the rates of television, such as 30000/1001."""


def read_video_info(footage: Footage, video: str = "", key: str = "", fps: float = 0.0) -> VideoInfo:
    """Decode a video once and describe it.

    Second 0 is where players start the file. The times are the frames' own, strictly increasing. Frames that
    do not decode are left out and named in ``warning``, as is a file that ends earlier than its header
    states.

    Parameters
    ----------
    footage : Path or Recording
        The video file, or a recording with its index.
    video : str
        The id to give it; by default the stem of the file.
    key : str
        Its content key where that is known already; by default it is computed.
    fps : float
        Frames a second of streams that state none; 0 refuses these.

    Returns
    -------
    VideoInfo
        Size, orientation, the time of every frame that decodes, and warnings.

    Raises
    ------
    VideoError
        Where there is no video stream, no frame decodes, or no rate is known; it names the file.

    Examples
    --------
    >>> info = read_video_info(clip)
    >>> info.frames, info.width, info.height, info.fps
    (319, 320, 240, Fraction(20, 1))
    """
    return scan_video(footage, video, key, fps)[0]


def scan_video(
    footage: Footage, video: str = "", key: str = "", fps: float = 0.0
) -> tuple[VideoInfo, FrameIndex]:
    """`read_video_info` that also returns the index of frames."""
    files = recording(footage).files
    path = files[0]
    with opened(path, fps) as source:
        pictures = Sequence(source, files[1:], fps, scanning=True)
        found = _Found()
        for picture in pictures.pictures():
            if found.first is None:
                _must_be_read(picture, source)
            found.add(picture)
        if found.first is None or pictures.clock is None:
            raise VideoError(f"{shown(path)}: no frame can be decoded.")
        index = found.index(source.stream.index, tuple(pictures.clock.jumps), pictures.files)
        description, doubts = about(source, pictures, index, found.first)
        step_s = source.first_step_s
    shape, times_s = index.shapes[0][1], index.times_s
    width, height = shape.shown
    span_s = float(times_s[-1] - times_s[0])
    rate = Fraction((len(times_s) - 1) / span_s) if span_s > 0 else Fraction(1 / step_s)
    info = VideoInfo(
        video=video or path.stem,
        path=path,
        key=key or recording_key(files),
        width=width,
        height=height,
        rotation=shape.rotation,
        fps=rate.limit_denominator(MAX_RATE_DENOMINATOR),
        times_s=times_s,
        warning="; ".join(doubts),
        about=description,
        rate_given=source.rate_given,
    )
    return info, index


def _must_be_read(picture: Picture, source: Source) -> None:
    if colours := not_read(picture.decoded.picture, source.stream.codec_context.codec_tag):
        name = shown(source.path)
        raise VideoError(f"{name}: its colours are {colours}, which is not read. Convert the file.")


class _Found:
    """Collect the columns of the index."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.packets: list[int] = []
        self.fields: list[int] = []
        self.checks: list[int] = []
        self.keys: list[tuple[int, Stamp]] = []
        self.shapes: list[tuple[int, Shape]] = []
        self.first: Picture | None = None
        self._last: Picture | None = None

    def add(self, picture: Picture) -> None:
        """Add one frame."""
        frame, decoded, last = len(self.times_s), picture.decoded, self._last
        again = last is not None and last.decoded is decoded
        self.times_s.append(picture.time_s)
        self.packets.append(decoded.packet)
        self.fields.append(picture.field)
        self.checks.append(0 if decoded.seen is None else decoded.seen.check)
        if decoded.stamp.key and not again:
            self.keys.append((frame, decoded.stamp))
        if last is None or picture.shape is not last.shape:
            self.shapes.append((frame, picture.shape))
        self._last = picture
        self.first = self.first or picture

    def index(self, stream: int, jumps: tuple[tuple[float, float], ...], files: list[FilePass]) -> FrameIndex:
        """All columns as arrays."""
        stamps = [stamp for _, stamp in self.keys]
        ticks = [[np.nan if t is None else t for t in (s.pts, s.dts)] for s in stamps]
        pts, dts = np.array(ticks, float).reshape(-1, 2).T
        return FrameIndex(
            times_s=np.array(self.times_s),
            packets=np.array(self.packets, np.int32),
            fields=np.array(self.fields, np.int8),
            checks=np.array(self.checks, np.uint32),
            keys=np.array([frame for frame, _ in self.keys], np.int64),
            pts=pts,
            dts=dts,
            positions=np.array([s.position for s in stamps], np.int64),
            sizes=np.array([s.size for s in stamps], np.int64),
            shapes=tuple(self.shapes),
            stream=stream,
            decoder=decoder_version(),
            jumps=jumps,
            files=tuple(met.first_packet for met in files),
            intact=all(met.intact for met in files),
        )
