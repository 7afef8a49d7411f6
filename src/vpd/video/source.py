"""Open a file as a recording: only formats with moving pictures, and the stream of the recording.

FFmpeg also opens playlists, which load other files, pictures, and text. None of these is opened here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from vpd.errors import VideoError
from vpd.machine import cores
from vpd.strings import Said, Sentence
from vpd.video.formats import (
    CLOCK_MAY_JUMP,
    FORMATS,
    STILL_BRANDS,
    WITHOUT_TIMES,
    list_of_files,
    picture_format,
    stated_size,
)
from vpd.video.pyav import exact, open_input, tags

DECODER_THREADS = 1
"""Number of decoder threads. FFmpeg conceals damage with the picture before, and several threads do not wait
until that one is complete: sometimes the same file gives other pictures. They also lose the last pictures of
a truncated file. On many cores several videos are decoded at a time.
"""

MOST_THREADS = 4
"""Largest number of threads that decode the pictures of an intact file before a wanted one. Each thread more
also decodes a picture after it.
"""

GUESSES_TIMES = "mpeg"
"""The format (MPEG-PS) in which most pictures carry no time. FFmpeg gives them wrong ones where the lengths
of pictures differ (soft telecine).
"""
NO_GUESSES = 0x10
"""FFmpeg's AVFMT_FLAG_NOFILLIN: times that the file does not state are left out."""

NO_RATE = Fraction(7919, 317)
"""The rate given to FFmpeg for streams without times, instead of its default of 25. A file that returns it
does not state a rate.
"""

MJPEG_SUFFIXES = frozenset((".mjpeg", ".mjpg"))
JPEG = b"\xff\xd8\xff"

NOT_THE_RECORDING = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


def recording_key(files: Sequence[Path]) -> str:
    """The content key of a recording: of its file, or of the keys of its chapters. Raises VideoError."""
    keys = [content_key(path) for path in files]
    return keys[0] if len(keys) == 1 else hashlib.sha256("".join(keys).encode()).hexdigest()[:32]


def content_key(path: Path) -> str:
    """SHA-256 of the whole file, 32 hex digits.

    The whole file is hashed, because damage anywhere must be found. This costs 1 to 3 % of decoding. Raises
    VideoError where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except OSError as error:
        raise VideoError(f"{shown(path)}: cannot be read ({error.strerror}).") from error


def shown(path: Path | str) -> str:
    """The path as text that can be printed and stored. Bytes that are not UTF-8 become escapes."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Source:
    """An opened file and its stream of moving pictures.

    Attributes
    ----------
    origin_s : the second at which players start the file, by the container's clock.
    rate : frames a second where frames carry no times; None where they do, or where nobody says it.
    rate_given : whether the rate was given by the user, as the stream does not state it.
    """

    path: Path
    container: InputContainer
    stream: VideoStream
    origin_s: float
    rate: Fraction | None = None
    rate_given: bool = False

    @property
    def format(self) -> str:
        """FFmpeg's name of the container."""
        return self.container.format.name

    @property
    def without_times(self) -> bool:
        """Whether the format carries no times: a bare stream of pictures."""
        return self.format in WITHOUT_TIMES

    @property
    def clock_may_jump(self) -> bool:
        """Whether jumps of the clock are usual in the format: broadcast and joined recordings."""
        return bool(set(self.format.split(",")) & CLOCK_MAY_JUMP)

    @property
    def promised_frames(self) -> int:
        """The number of frames that the container states; 0 where it states none. It is often wrong."""
        return self.stream.frames

    @property
    def first_step_s(self) -> float:
        """A guess of the time between two frames, for use until two have been read."""
        return float(1 / (self.rate or self.stream_rate))

    @property
    def stream_rate(self) -> Fraction:
        """The rate that the container states of the stream, else FFmpeg's guess, else 25 frames/s."""
        return exact(self.stream.average_rate) or exact(self.stream.guessed_rate) or Fraction(25)


def reaches_past_end(source: Source) -> bool:
    """Whether the file's own table of packets, or the size in its header, extends beyond its end."""
    size = source.path.stat().st_size
    with source.path.open("rb") as file:
        stated = stated_size(file.read(4096))
    entries = source.stream.index_entries
    if source.promised_frames and len(entries):
        last = entries[len(entries) - 1]
        stated = max(stated, last.pos + last.size)
    return bool(stated > size)


def stated_length_s(stream: VideoStream) -> float:
    """The length in seconds that the container states of a stream; 0 where it states none."""
    tick_s = exact(stream.time_base)
    return float(stream.duration * tick_s) if stream.duration and tick_s else 0.0


def streams_by_rank(container: InputContainer) -> list[VideoStream]:
    """The possible streams of the recording, best first: marked as default, then large, then long."""

    def rank(stream: VideoStream) -> tuple[bool, bool, int, float, int]:
        default = bool(stream.disposition & Disposition.default)
        context = stream.codec_context
        area, length_s = context.width * context.height, stated_length_s(stream)
        return (stream.frames != 1, default, area, length_s, -stream.index)

    candidates = [s for s in container.streams.video if not s.disposition & NOT_THE_RECORDING]
    decodable = [s for s in candidates if s.codec_context is not None]
    return sorted(decodable, key=rank, reverse=True)


@contextmanager
def opened(path: Path, fps: float = 0.0, quickly: bool = False) -> Iterator[Source]:
    """Open ``path``. Raises VideoError, which names the file, where it holds no recording.

    ``fps`` is the rate of streams that neither carry times nor state their rate. 0 leaves it unknown.
    ``quickly`` decodes several pictures at a time, which is exact only where nothing is damaged.
    """
    name = shown(path)
    try:
        if not path.stat().st_size:
            raise VideoError(Sentence("file_empty", {"path": name}))
        with path.open("rb") as file:
            if list_of_files(head := file.read(4096)):
                raise VideoError(Sentence("file_list", {"path": name}))
        # To FFmpeg a row of JPEG pictures is a single one, whatever the file is called.
        known = "mjpeg" if path.suffix.lower() in MJPEG_SUFFIXES and head[:3] == JPEG else None
        name_for_ffmpeg = f"file:{os.path.abspath(path)}"  # noqa: PTH100
        container = open_input(name_for_ffmpeg, known, _options())
        if container.format.name == GUESSES_TIMES:
            container.flags |= NO_GUESSES
            container.seek(0, unsupported_byte_offset=True)
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, av.FFmpegError) and picture_format(head):
            raise VideoError(Sentence("file_pictures", {"path": name})) from error
        raise VideoError(Sentence("file_not_opened", {"path": name, "why": _reason(error)})) from error
    with container:
        source = _source(path, container, fps)
        if quickly:
            source.stream.thread_type = "FRAME"
            source.stream.thread_count = min(cores(), MOST_THREADS)
        yield source


def _options() -> dict[str, str]:
    return {
        "format_whitelist": ",".join(sorted(FORMATS)),
        "protocol_whitelist": "file",
        # FFmpeg takes a clock that was started again for one that ran over, and adds 26 hours.
        "correct_ts_overflow": "0",
        "framerate": str(NO_RATE),
    }


def _reason(error: Exception) -> Said:
    if isinstance(error, av.FFmpegError) and error.errno == 22:
        return Sentence("no_known_format")
    return str(getattr(error, "strerror", None) or error)


def _source(path: Path, container: InputContainer, fps: float) -> Source:
    name = shown(path)
    streams = streams_by_rank(container)
    if not streams:
        raise VideoError(Sentence("file_no_stream", {"path": name}))
    if tags(container.metadata).get("major_brand", "").strip() in STILL_BRANDS:
        raise VideoError(Sentence("file_picture", {"path": name}))
    stream = streams[0]
    stream.thread_count = DECODER_THREADS
    start = container.start_time
    source = Source(path, container, stream, 0.0 if start is None else start / av.time_base)
    if not source.without_times:
        return source
    stated = exact(stream.codec_context.framerate)
    if stated and stated != NO_RATE:
        return Source(path, container, stream, 0.0, stated)
    given = Fraction(fps).limit_denominator(1001) if fps else None
    return Source(path, container, stream, 0.0, given, rate_given=True)
