"""Decide whether a file continues another: streams, sizes, time stamps and time code of recorders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream

from vpd.video.formats import MPEG_FORMATS
from vpd.video.pyav import exact, tags
from vpd.video.source import Source, opened, stated_length_s

GAP_S = 2.0
"""Tolerance of stamps in seconds: they are whole seconds, and a file starts a little before or after the
other's end.
"""
CLOCK_GAP_S = 0.2
"""Tolerance in seconds between the clocks of two MPEG files of one recording: about a frame."""
CODE_GAP = 2
"""Tolerance of time codes in frames."""

LIMITS = tuple((0.85 * limit, limit) for limit in (2**31, 2**32, 2**34))
"""Sizes at which recorders begin another file: 2 and 4 GiB of old file systems, and 16 GiB. They stop up to
15 % before.
"""

_CODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)$")


@dataclass(frozen=True)
class Evidence:
    """What a file says of the recording it belongs to.

    Attributes
    ----------
    bytes : its size.
    streams : codec, size, pixels and rate of its video, and of its sound.
    length_s : of the video.
    started : when recording began, by the container or else by its name; None where not known.
    code : number of the first frame by its time code, with `frames` the number of frames.
    clock_s : start and end by the clock of MPEG streams; None for other formats.
    """

    bytes: int
    streams: tuple[object, ...]
    length_s: float
    frames: int
    started: datetime | None
    code: int | None
    clock_s: tuple[float, float] | None


def evidence(path: Path, named_moment: str = "") -> Evidence:
    """Read a file's evidence without decoding. ``named_moment`` is the YYYYMMDDhhmmss in its name. Raises
    VideoError.
    """
    with opened(path) as source:
        length_s = _length_s(source)
        rate = source.stream_rate
        start = source.stream.start_time
        clock_s = None
        tick_s = exact(source.stream.time_base)
        if source.format in MPEG_FORMATS and start is not None and tick_s:
            begin_s = float(start * tick_s)
            clock_s = begin_s, begin_s + length_s
        return Evidence(
            bytes=path.stat().st_size,
            streams=_streams(source),
            length_s=length_s,
            frames=source.promised_frames or round(length_s * rate),
            started=_stamp(source) or _moment(named_moment),
            code=_code(source, rate),
            clock_s=clock_s,
        )


def goes_on(before: Evidence, this: Evidence) -> bool:
    """Whether ``this`` is the next file of the recording of ``before``.

    The streams must be alike, and no evidence may contradict: a time code or stamp that is not that of the
    end of ``before``. One of these must support it: time code, clock, stamp, or a size at which recorders
    begin another file.
    """
    if before.streams != this.streams:
        return False
    code = clock = stamp = None
    if before.code is not None and this.code is not None and before.code != this.code:
        code = abs(before.code + before.frames - this.code) <= CODE_GAP
    if before.clock_s is not None and this.clock_s is not None:
        # Each recording begins at the same time of a clock; that says nothing.
        clock = abs(this.clock_s[0] - before.clock_s[1]) <= CLOCK_GAP_S or None
    full = any(low <= before.bytes <= high for low, high in LIMITS)
    if before.started is not None and this.started is not None and before.started != this.started:
        apart_s = (this.started - before.started).total_seconds()
        stamp = abs(apart_s - before.length_s) <= GAP_S
        # Some recorders stamp the end of each file; that counts where something else speaks for it.
        if not stamp and (code or clock or full):
            stamp = abs(apart_s - this.length_s) <= GAP_S
    if code is False or stamp is False:
        return False
    return bool(code or clock or stamp or full)


def _length_s(source: Source) -> float:
    return stated_length_s(source.stream) or (source.container.duration or 0) / av.time_base


def _streams(source: Source) -> tuple[object, ...]:
    context = source.stream.codec_context
    rate = exact(source.stream.average_rate)
    found: list[object] = [
        source.format, context.name, context.width, context.height, context.pix_fmt,
        round(float(rate), 1) if rate else None,
    ]  # fmt: skip
    for stream in source.container.streams:
        if isinstance(stream, AudioStream):
            found.append((stream.codec_context.name, stream.codec_context.sample_rate))
    return tuple(found)


def _stamp(source: Source) -> datetime | None:
    for data in (tags(source.container.metadata), tags(source.stream.metadata)):
        text = data.get("creation_time") or data.get("modification_date") or ""
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            continue
        # Cameras whose clock was never set write the first day of their calendar.
        if found.year > 1980:
            return found.replace(tzinfo=None)
    return None


def _moment(digits: str) -> datetime | None:
    for pattern in ("%Y%m%d%H%M%S", "%y%m%d%H%M%S"):
        try:
            return datetime.strptime(digits, pattern)
        except ValueError:
            continue
    return None


def _code(source: Source, rate: Fraction) -> int | None:
    """The first frame's number by the time code, which may skip numbers (SMPTE 12M, drop frame)."""
    found = [tags(source.container.metadata), *(tags(s.metadata) for s in source.container.streams)]
    match = next((m for tag in found if (m := _CODE.match(tag.get("timecode", "")))), None)
    if match is None:
        return None
    hours, minutes, seconds, frames = (int(match[place]) for place in (1, 2, 3, 5))
    whole = round(rate)
    number = (3600 * hours + 60 * minutes + seconds) * whole + frames
    if match[4] in ";.":
        passed = 60 * hours + minutes
        number -= round(whole / 15) * (passed - passed // 10)
    return number
