"""All pictures of a recording from its start, in order of presentation, with their times."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from pathlib import Path

import av
from av.video.frame import VideoFrame

from vpd.errors import RateMissingError
from vpd.library.frames import Shape
from vpd.video.check import checksum
from vpd.video.clock import Clock, Segments
from vpd.video.fields import fields
from vpd.video.formats import JOINED_BY_BYTES, MPEG_FORMATS
from vpd.video.orientation import orientation
from vpd.video.picture import Picture, Shapes
from vpd.video.pyav import exact
from vpd.video.reader import KEPT, Decoded, Reader, Seen
from vpd.video.source import Source, opened, reaches_past_end, shown
from vpd.video.telecine import Lengths

REORDERED = 4
"""Number of pictures held back to restore the order in which some leave the decoder after damage."""

FAR_FROM_ORIGIN_S = 10.0
"""Distance in seconds of the first picture from the container's start from which on that start counts as
wrong, in formats whose clock may jump.
"""

TOGETHER = 32
"""Pictures of a scan, without their pixels, that are handed on at a time: what is done with each then stays
in the processor's caches, out of which decoding takes it."""

NO_PICTURE = VideoFrame()
"""Replaces a picture whose pixels are not kept."""

Timed = tuple[int, float | None, Decoded]
"""Segment of the clock, seconds on it, and a picture."""

Unit = tuple[int, float | None, float | None, tuple[Decoded, int, Shape]]
"""Segment of the clock, seconds on it, length in seconds, and a picture or a field."""


@dataclass
class FilePass:
    """Findings of decoding one file.

    Attributes
    ----------
    first_packet : number of its first packet.
    packets, hidden, failed, broken, concealed : of `Reader`.
    promised : how many frames the container says there are; 0 where it says nothing.
    past_end : whether the file itself tells of more than it has.
    unread : share of the file after its last packet, in formats that can be joined byte by byte.
    """

    name: str
    first_packet: int
    packets: int = 0
    hidden: int = 0
    failed: int = 0
    broken: bool = False
    concealed: int = 0
    promised: int = 0
    past_end: bool = False
    unread: float = 0.0

    @property
    def intact(self) -> bool:
        """Whether everything in the file was decoded without damage."""
        return not (self.failed or self.broken or self.concealed or self.past_end)


class Sequence:
    """The pictures of a source, and of the files that follow as chapters of one recording.

    Attributes
    ----------
    files : what was met in each file.
    clock : knows where the container's clock was put right; None before the first picture.
    undated : how many pictures carried no time.
    repeating : how many pictures repeat fields (soft telecine).

    During a scan only the first picture keeps its pixels, and each its checksum: waiting pictures would
    displace the decoder's memory from the processor's caches.
    """

    def __init__(
        self, source: Source, more: Many[Path] = (), fps: float = 0.0, scanning: bool = False
    ) -> None:
        self._check_rate(source)
        self.source = source
        self.files: list[FilePass] = []
        self.clock: Clock | None = None
        self.undated = self.repeating = 0
        self._more, self._fps, self._scanning = more, fps, scanning
        self._file_begins: set[int] = set()
        self._places: dict[int, tuple[int, float | None, float | None]] = {}
        self._late_ticks: int | None = None
        self._kept_one = False

    @staticmethod
    def _check_rate(source: Source) -> None:
        if source.without_times and source.rate is None:
            raise RateMissingError(
                f"{shown(source.path)}: the file does not say how many frames a second it has. "
                "Set fps in the section scan of vpd.toml."
            )

    def __iter__(self) -> Iterator[Picture]:
        return self.pictures()

    def pictures(self) -> Generator[Picture]:
        """Yield pictures and single fields with strictly increasing times."""
        source = self.source
        shapes = Shapes(exact(source.stream.sample_aspect_ratio))
        canvas: tuple[int, int] | None = None
        for time_s, (decoded, field, shape) in self._timed(shapes):
            canvas = canvas or shape.shown
            yield Picture(time_s, decoded, field, shape, canvas)

    def _timed(self, shapes: Shapes) -> Iterator[tuple[float, tuple[Decoded, int, Shape]]]:
        units = self._units(shapes)
        first = next(units, None)
        if first is None:
            return
        origin_s, first_s = self.source.origin_s, first[1]
        if first_s is not None and self.source.clock_may_jump and abs(first_s - origin_s) > FAR_FROM_ORIGIN_S:
            origin_s = first_s
        elif first_s is not None:
            # FFmpeg takes the start from the first packets; a picture that is decoded later may come before.
            origin_s = min(origin_s, first_s)
        self.clock = Clock(origin_s, self.source.first_step_s, self._file_begins)

        def all_units() -> Iterator[Unit]:
            yield first
            yield from units

        yield from self.clock.timed(all_units())

    def _units(self, shapes: Shapes) -> Iterator[Unit]:
        """Yield pictures, and fields of interlaced ones. The later field has no time of its own."""
        rate = self.source.rate
        for number, (segment, seconds, decoded) in enumerate(self._ordered()):
            length_s = decoded.length_s
            if rate is not None:
                segment, seconds = 0, float(number / rate) if length_s is None or not number else None
            self.undated += seconds is None and length_s is None
            seen = decoded.seen or _seen(decoded, False)
            shape = shapes.of(decoded, seen)
            if length_s is not None:
                length_s /= len(seen.fields)
            for place, field in enumerate(seen.fields):
                yield segment, seconds if place == 0 else None, length_s, (decoded, field, shape)

    def _ordered(self) -> Iterator[Timed]:
        """Yield pictures in the order of their times. One without a time keeps its position."""
        if self.source.without_times:
            yield from self._decoded()
            return
        held: list[tuple[int, float, int, Timed]] = []
        latest: dict[int, float] = {}
        for arrival, timed in enumerate(self._decoded()):
            segment, seconds, _ = timed
            place = seconds if seconds is not None else latest.get(segment, 0.0)
            latest = {segment: max(place, latest.get(segment, place))}
            heappush(held, (segment, place, arrival, timed))
            if len(held) > REORDERED:
                yield heappop(held)[3]
        while held:
            yield heappop(held)[3]

    def _decoded(self) -> Iterator[Timed]:
        number, segment = yield from self._of_file(self.source, 0, 0)
        for path in self._more:
            with opened(path, self._fps) as source:
                self._check_rate(source)
                self._late_ticks = None
                self._file_begins.add(segment + 1)
                number, segment = yield from self._of_file(source, number, segment + 1)

    def _of_file(self, source: Source, number: int, segment: int) -> Generator[Timed, None, tuple[int, int]]:
        """Yield the pictures of one file. ``number`` is its first packet and ``segment`` its first segment of
        the clock. Returns the number of the next packet, and the last segment.
        """
        reader, met = Reader(source), FilePass(source.path.name, number, promised=source.promised_frames)
        self.files.append(met)
        tick_s = exact(source.stream.time_base) or Fraction(1, av.time_base)
        wraps = source.format in MPEG_FORMATS
        segments = Segments(tick_s, wraps, source.clock_may_jump, source.first_step_s, segment)
        lengths = Lengths(source)
        together = TOGETHER if self._scanning else 1
        ready: list[Timed] = []
        position = 0
        about_s = float(tick_s)
        while (packet := reader.next_packet()) is not None:
            placed = segments.add(packet.pts, packet.dts, packet.is_keyframe)
            self._places[number] = *placed, lengths.of(packet)
            position = packet.pos or position
            for decoded in reader.decode(packet, number):
                ready.append(self._placed(decoded, about_s))
            if len(ready) >= together:
                yield from ready
                ready.clear()
            if len(self._places) > 2 * KEPT:
                self._places = {n: place for n, place in self._places.items() if n > number - KEPT}
            number += 1
        yield from ready
        for decoded in reader.decode(None, number):
            yield self._placed(decoded, float(tick_s))
        met.packets, met.hidden, met.failed = reader.packets, reader.hidden, reader.failed
        met.broken, met.past_end = reader.broken, reaches_past_end(source)
        met.concealed = reader.concealed
        self.repeating += lengths.repeating
        if source.format in JOINED_BY_BYTES and position:
            met.unread = 1 - position / source.path.stat().st_size
        return number, segments.number

    def _placed(self, decoded: Decoded, tick_s: float) -> Timed:
        segment, seconds, decoded.length_s = self._places.pop(decoded.packet, (0, None, None))
        left, dts = decoded.picture.dts, decoded.stamp.dts
        if seconds is None and left is not None and dts is not None:
            # AVI has decoding times alone: a picture is shown when it leaves the decoder, but for the delay.
            if self._late_ticks is None:
                self._late_ticks = left - dts
            seconds = (left - self._late_ticks) * tick_s
        if self._scanning:
            decoded.seen = _seen(decoded, True)
            if self._kept_one:
                decoded.picture = NO_PICTURE
            self._kept_one = True
        return segment, seconds, decoded


def _seen(decoded: Decoded, check: bool) -> Seen:
    picture = decoded.picture
    parts = fields(picture, decoded.half)
    return Seen(picture.width, picture.height, orientation(picture), parts, checksum(picture) if check else 0)
