"""Come to a frame from a keyframe before it: the same picture, time and number as from the start of the file.

Nothing is believed. The keyframe's packet must be the one that the scan saw, every frame must come that the
scan counted, and each picture must have the checksum that it had then. Else decoding starts further ahead,
and at last at the start of the file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np

from vpd.errors import VideoError
from vpd.library.frames import FrameIndex
from vpd.video.check import checksum, decoder_version
from vpd.video.fields import fields
from vpd.video.formats import ENTERED_BY_BYTES
from vpd.video.picture import Picture
from vpd.video.reader import Decoded, Reader, VideoPacket, stamp_of
from vpd.video.source import Source, opened, shown

MISSED_PACKETS = 5000
"""So many packets after a seek are looked at for the keyframe that is meant."""

AHEAD = 64
"""Order of presentation and order in the file differ by fewer frames."""

CHUNK = 1024
"""Frames whose packets are looked up at a time."""

FROM_START = -1
"""In place of a key: decoding starts at the start of the file, and nothing is passed over."""


def indexed(path: Path, index: FrameIndex, start: int) -> Generator[tuple[int, Picture]]:
    """The frames of ``path`` from ``start`` on, with their numbers.

    Raises VideoError where the file has not the frames that the scan found.
    """
    following, back = start, 0
    while following < len(index):
        nearest = int(np.searchsorted(index.keys, following, side="right")) - 1
        row = max(nearest - back, FROM_START)
        before = following
        with opened(path) as source:
            for frame, picture in _Entry(source, index, row, following).pictures():
                yield frame, picture
                following = frame + 1
        if row == FROM_START and following < len(index):
            raise VideoError(
                f"{shown(path)}: frame {following} is not as it was when the file was scanned. "
                "Run `vpd scan`."
            )
        back = 0 if following > before else 2 * back + 1


class _Entry:
    """Decodes from the key ``row`` of an index (or from the start) and gives frames from ``following`` on."""

    def __init__(self, source: Source, index: FrameIndex, row: int, following: int) -> None:
        self.source, self.index, self.row, self.following = source, index, row, following
        self.reader = Reader(source)
        self._numbers: dict[tuple[int, int], int] = {}
        first = 0 if row == FROM_START else int(index.keys[row])
        self._looked_up = max(0, first - AHEAD)
        self._covered = -1
        self._checked = row != FROM_START and index.decoder == decoder_version()

    def pictures(self) -> Iterator[tuple[int, Picture]]:
        """Frames in order, each as it was scanned; ends before the first that is not."""
        held: dict[int, Picture] = {}
        for decoded in self._decoded():
            for field in fields(decoded.picture):
                frame = self._frame(decoded.packet, field)
                if frame is not None and frame >= self.following:
                    held[frame] = self._picture(frame, decoded, field)
            while (picture := held.pop(self.following, None)) is not None:
                if self._checked and checksum(picture.decoded.picture) != self.index.checks[self.following]:
                    return
                self.following += 1
                yield self.following - 1, picture
            if len(held) > AHEAD:
                return

    def _picture(self, frame: int, decoded: Decoded, field: int) -> Picture:
        index = self.index
        return Picture(float(index.times_s[frame]), decoded, field, index.shape(frame), index.canvas)

    def _decoded(self) -> Iterator[Decoded]:
        entered = self._enter()
        if entered is None:
            return
        number, first = entered
        context = self.source.stream.codec_context
        needed = int(self.index.packets[self.following : self.following + AHEAD].min())
        packets = chain([first], iter(self.reader.next_packet, None))
        for packet in packets:
            # What no other picture refers to need not be decoded before the wanted frame.
            if self.row != FROM_START and number <= needed:
                context.skip_frame = "NONREF" if number < needed else "DEFAULT"
            yield from self.reader.decode(packet, number)
            number += 1
        yield from self.reader.decode(None, number)

    def _enter(self) -> tuple[int, VideoPacket] | None:
        """The number of the packet where decoding starts, and that packet; None where it is not found."""
        index, row = self.index, self.row
        if row == FROM_START or (number := int(index.packets[index.keys[row]])) == 0:
            packet = self.reader.next_packet()
            return None if packet is None else (0, packet)
        try:
            self._seek()
        except av.FFmpegError:
            return None
        for _ in range(MISSED_PACKETS):
            packet = self.reader.next_packet()
            if packet is None:
                return None
            if self._is_key(packet):
                return number, packet
        return None

    def _seek(self) -> None:
        index, row, container = self.index, self.row, self.source.container
        if self.source.format in ENTERED_BY_BYTES:
            container.seek(int(index.positions[row]), unsupported_byte_offset=True)
        else:
            ticks = np.nanmin([index.pts[row], index.dts[row]])
            container.seek(0 if np.isnan(ticks) else int(ticks), stream=self.source.stream)

    def _is_key(self, packet: VideoPacket) -> bool:
        index, row, stamp = self.index, self.row, stamp_of(packet)
        if not stamp.key or stamp.size != index.sizes[row]:
            return False
        if self.source.format in ENTERED_BY_BYTES:
            return bool(stamp.position == index.positions[row])
        times = ((stamp.pts, index.pts[row]), (stamp.dts, index.dts[row]))
        return all(bool(np.isnan(b)) if a is None else a == b for a, b in times)

    def _frame(self, packet: int, field: int) -> int | None:
        """The number of the frame from a packet and of a field."""
        index = self.index
        while self._looked_up < len(index) and packet > self._covered - AHEAD:
            stop = min(self._looked_up + CHUNK, len(index))
            rows = slice(self._looked_up, stop)
            keys = zip(index.packets[rows].tolist(), index.fields[rows].tolist(), strict=True)
            self._numbers.update(zip(keys, range(rows.start, stop), strict=True))
            self._covered = int(index.packets[rows].max())
            self._looked_up = stop
        return self._numbers.get((packet, field))
