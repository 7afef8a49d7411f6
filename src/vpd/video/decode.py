"""Decode a file to pictures with their times, past damage, from the start or from near a given time.

Everything that reads pictures goes through `decoded`, so that all of it numbers and times frames alike.
Nothing the container claims is trusted: not its frame count, its rate nor its duration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vpd.errors import VideoError
from vpd.types import Array
from vpd.video.picture import Display

RESTART_S = 1.0
"""A clock that goes back further than this was started again (joined recordings); less is a slip."""

SEEK_MARGINS_S = (0.0, 1.0, 10.0)
"""How much earlier to look for a keyframe when the one that was found lies after the wanted time."""

DECODER_THREADS = 1
"""FFmpeg conceals damage by the picture before, and several threads do not wait until that one is whole: now
and then the same file gives other pictures. The last pictures of a file cut short are lost to them as well.
On many cores several videos are decoded at a time."""

REORDERED = 4
"""Pictures that are held back to put right the order in which some leave the decoder after damage."""

STILL_FORMATS = ("image2", "tty", "_pipe")
"""FFmpeg's demuxers of pictures and text, which also claim to hold a video stream."""


def content_key(path: Path) -> str:
    """SHA-256 of the whole file, 32 hex digits.

    The whole and not a sample of it, because damage anywhere must show; hashing costs 1 to 3 % of decoding.
    Raises VideoError where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror}).") from error


@dataclass(frozen=True)
class Source:
    """An opened file, its first stream of moving pictures, and the second at which players start (s)."""

    path: Path
    container: InputContainer
    stream: VideoStream
    origin_s: float

    @property
    def promised_frames(self) -> int:
        """How many frames the container says there are; 0 where it says nothing. Often wrong."""
        return self.stream.frames

    @property
    def step_s(self) -> float:
        """The average time between frames, by the container; for frames that carry no time."""
        rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        return float(1 / rate)


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open ``path``. Raises VideoError, naming the file, where there is no video in it."""
    try:
        if not path.stat().st_size:
            raise VideoError(f"{path}: the file is empty.")
        container = av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"{path}: cannot be opened as a video ({reason}).") from error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            raise VideoError(f"{path}: there is no video stream in the file.")
        if any(name in container.format.name for name in STILL_FORMATS):
            raise VideoError(f"{path}: this is a picture or a text, not a video.")
        stream = streams[0]
        stream.thread_count = DECODER_THREADS
        origin = container.start_time
        yield Source(path, container, stream, 0.0 if origin is None else origin / av.time_base)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture and its time in seconds."""

    time_s: float
    stored: VideoFrame
    display: Display

    def rgb(self) -> Array:
        """(H, W, 3) uint8, as shown."""
        return self.display.rgb(self.stored)


class _Clock:
    """Seconds since the players' start for the pictures of a file, as they leave the decoder."""

    def __init__(self, source: Source) -> None:
        self.tick_s, self.origin_s, self.step_s = source.stream.time_base, source.origin_s, source.step_s
        self.latest_s: float | None = None
        self.shift_s = 0.0

    def time_s(self, pts: int | None) -> float:
        """Time of the next picture; of one without pts, a step after the one before."""
        following = 0.0 if self.latest_s is None else self.latest_s + self.step_s
        if pts is None or self.tick_s is None:
            time_s = following
        else:
            # Rounded so that the same pts gives the same bits wherever decoding started.
            time_s = round(float(pts * self.tick_s) - self.origin_s + self.shift_s, 9)
            if self.latest_s is not None and time_s < self.latest_s - RESTART_S:
                self.shift_s += following - time_s
                time_s = following
        self.latest_s = time_s if self.latest_s is None else max(time_s, self.latest_s)
        return time_s


def _stored(source: Source) -> Iterator[VideoFrame]:
    """All pictures from where the container stands; what does not decode is passed over."""
    packets = source.container.demux(source.stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:  # A file cut short: what follows cannot be found.
            packet = None
        at_end = packet is None or (not packet.size and packet.dts is None)
        if packet is not None and not packet.size and not at_end:
            continue  # AVI files mark a dropped frame so; to the decoder it would mean the end.
        # At the end, what the decoder still holds comes out. What raises is lost, the next is not.
        with suppress(av.FFmpegError, EOFError):
            yield from source.stream.decode(None if at_end else packet)
        if at_end:
            return


def _timed(source: Source) -> Iterator[tuple[float, VideoFrame]]:
    """Times and pictures in the order of their times."""
    clock = _Clock(source)
    held: list[tuple[float, int, VideoFrame]] = []
    for arrival, stored in enumerate(_stored(source)):
        heappush(held, (clock.time_s(stored.pts), arrival, stored))
        if len(held) > REORDERED:
            time_s, _, earliest = heappop(held)
            yield time_s, earliest
    while held:
        time_s, _, earliest = heappop(held)
        yield time_s, earliest


def decoded(source: Source) -> Generator[Picture]:
    """The pictures from the start of the file, in order of presentation, their times strictly increasing.

    Of pictures that share a time, of which a player shows one, the first is taken.
    """
    display, last_s = None, -np.inf
    for time_s, stored in _timed(source):
        if time_s > last_s:
            last_s = time_s
            display = display or Display(source.stream, stored)
            yield Picture(time_s, stored, display)


def decoded_from(path: Path, start_s: float) -> Generator[Picture]:
    """As `decoded`, from a picture at or before ``start_s`` where the file can be entered there.

    Enters at a keyframe and decodes forward. Where the file has no picture before ``start_s``, or cannot be
    entered, starts at its first.
    """
    for margin_s in SEEK_MARGINS_S:
        if start_s <= margin_s:
            break
        with opened(path) as source:
            tick_s = source.stream.time_base
            if tick_s is None:
                break
            try:
                source.container.seek(
                    int((start_s - margin_s + source.origin_s) / tick_s), stream=source.stream
                )
            except av.FFmpegError:
                break
            entered = False
            for picture in decoded(source):
                if not entered and picture.time_s > start_s:
                    break
                entered = True
                yield picture
            if entered:
                return
    with opened(path) as source:
        yield from decoded(source)
