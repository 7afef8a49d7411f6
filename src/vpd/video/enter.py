"""Seek to a frame from a keyframe before it, with the same picture, time and number as from the file's start.

Every assumption is checked. The keyframe's packet must be the one that the scan recorded, every frame that
the scan counted must arrive, and each picture must have its recorded checksum. Otherwise decoding starts
farther ahead, and at last at the start of the file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
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
from vpd.video.unreferenced import Unreferenced

MISSED_PACKETS = 5000
"""Largest number of packets after a seek that are searched for the keyframe."""

AHEAD = 64
"""Order of presentation and order in the file differ by fewer frames than this."""

CHUNK = 1024
"""Number of frames whose packets are looked up at a time."""

FROM_START = -1
"""Replaces a key: decoding starts at the start of the file, and skips nothing."""


def indexed(files: Sequence[Path], index: FrameIndex, start: int) -> Generator[tuple[int, Picture]]:
    """Yield the frames of a recording from ``start`` on, with their numbers.

    Raises VideoError where the file does not have the frames of the scan.
    """
    following, back = start, 0
    while following < len(index):
        nearest = int(np.searchsorted(index.keys, following, side="right")) - 1
        row = max(nearest - back, FROM_START)
        before = following
        for frame, picture in _Entry(files, index, row, following).pictures():
            yield frame, picture
            following = frame + 1
        if row == FROM_START and following < len(index):
            raise VideoError(
                f"{shown(files[0])}: frame {following} is not as it was when the file was scanned. "
                "Run `vpd scan`."
            )
        back = 0 if following > before else 2 * back + 1


class _Entry:
    """Decode from the key ``row`` of an index (or from the start) and yield frames from ``following`` on."""

    def __init__(self, files: Sequence[Path], index: FrameIndex, row: int, following: int) -> None:
        self.files, self.index, self.row, self.following = files, index, row, following
        self._numbers: dict[tuple[int, int], int] = {}
        first = 0 if row == FROM_START else int(index.keys[row])
        self._looked_up = max(0, first - AHEAD)
        self._covered = -1
        self._checked = row != FROM_START and index.decoder == decoder_version()
        self._quickly = self._checked and index.intact and first < following

    def pictures(self) -> Iterator[tuple[int, Picture]]:
        """Yield frames in order that equal those of the scan; end before the first that does not."""
        held: dict[int, Picture] = {}
        for decoded in self._decoded():
            for field in fields(decoded.picture, decoded.half):
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
        """Decode from the key to the end of its file, then the following files."""
        index, from_start = self.index, self.row == FROM_START
        packet = 0 if from_start else int(index.packets[index.keys[self.row]])
        entered = int(np.searchsorted(index.files, packet, side="right")) - 1
        for file in range(entered, len(self.files)):
            begins = index.files[file] if file < len(index.files) else -1
            if file > entered and begins != packet:
                return  # a file has another number of packets than when it was scanned
            with opened(self.files[file], quickly=self._quickly) as source:
                wanted = None if from_start or file > entered or packet == begins else self.row
                packet = yield from self._of_file(source, packet, wanted)
            if packet < 0:
                return

    def _of_file(self, source: Source, number: int, row: int | None) -> Generator[Decoded, None, int]:
        """Decode the pictures of a file from its start, or from the key ``row``, whose packet has this
        number.

        Returns the number of the packet after its last; -1 where the key is not found.
        """
        reader, context = Reader(source), source.stream.codec_context
        first = reader.next_packet() if row is None else self._enter(source, reader, row)
        if first is None:
            return number if row is None else -1
        needed = int(self.index.packets[self.following : self.following + AHEAD].min())
        unreferenced = Unreferenced(source)
        for packet in chain([first], iter(reader.next_packet, None)):
            # What no other picture refers to need not be decoded before the wanted frame.
            before = self.row != FROM_START and number < needed
            context.skip_frame = "NONREF" if before else "DEFAULT"
            if not (before and unreferenced(packet)):
                yield from reader.decode(packet, number)
            number += 1
        yield from reader.decode(None, number)
        return number

    def _enter(self, source: Source, reader: Reader, row: int) -> VideoPacket | None:
        """Seek to the packet of a key. Returns it, or None where it is not found."""
        try:
            self._seek(source, row)
        except av.FFmpegError:
            return None
        for _ in range(MISSED_PACKETS):
            packet = reader.next_packet()
            if packet is None:
                return None
            if self._is_key(source, packet, row):
                return packet
        return None

    def _seek(self, source: Source, row: int) -> None:
        index, container = self.index, source.container
        if source.format in ENTERED_BY_BYTES:
            container.seek(int(index.positions[row]), unsupported_byte_offset=True)
        else:
            ticks = np.nanmin([index.pts[row], index.dts[row]])
            container.seek(0 if np.isnan(ticks) else int(ticks), stream=source.stream)

    def _is_key(self, source: Source, packet: VideoPacket, row: int) -> bool:
        index, stamp = self.index, stamp_of(packet)
        if not stamp.key or stamp.size != index.sizes[row]:
            return False
        if source.format in ENTERED_BY_BYTES:
            return bool(stamp.position == index.positions[row])
        times = ((stamp.pts, index.pts[row]), (stamp.dts, index.dts[row]))
        return all(bool(np.isnan(b)) if a is None else a == b for a, b in times)

    def _frame(self, packet: int, field: int) -> int | None:
        """The number of the frame of a packet and a field."""
        index = self.index
        while self._looked_up < len(index) and packet > self._covered - AHEAD:
            stop = min(self._looked_up + CHUNK, len(index))
            rows = slice(self._looked_up, stop)
            keys = zip(index.packets[rows].tolist(), index.fields[rows].tolist(), strict=True)
            self._numbers.update(zip(keys, range(rows.start, stop), strict=True))
            self._covered = int(index.packets[rows].max())
            self._looked_up = stop
        return self._numbers.get((packet, field))
