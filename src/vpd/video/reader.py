"""Decode the packets of a file into pictures, continuing after damage.

Every packet is numbered in the order of the file, and the decoder passes its number on. So the packet of each
picture is known, whatever times the container states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vpd.errors import VideoError
from vpd.video.pyav import exact
from vpd.video.source import Source, shown

VideoPacket: TypeAlias = "Packet[VideoStream]"


class Stamp(NamedTuple):
    """The container's facts about a packet: times in ticks, position, whether it is a keyframe."""

    pts: int | None
    dts: int | None
    position: int
    size: int
    key: bool


class Seen(NamedTuple):
    """The facts about a picture that a scan keeps: size, orientation (None where the picture states none),
    fields, checksum.
    """

    width: int
    height: int
    orientation: tuple[int, bool] | None
    fields: tuple[int, ...]
    check: int = 0


@dataclass(slots=True)
class Decoded:
    """A stored picture, its packet with its number, the pixels' aspect in the bitstream at that time, and for
    how many seconds the bitstream shows it (None where it does not say so). ``half``: it is a single field.
    """

    packet: int
    stamp: Stamp
    picture: VideoFrame
    aspect: Fraction | None
    seen: Seen | None = None
    length_s: float | None = None
    half: bool = False


class Reader:
    """Read a source from the present position of its container.

    Attributes
    ----------
    packets, hidden : how many packets with content were met, and how many besides that an edit list hides.
    failed : how many packets the decoder, and ``broken`` whether the demuxer, refused or called cut short.
    concealed : how many pictures came out with damage that the decoder hid.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.packets = self.hidden = self.failed = self.concealed = 0
        self.broken = False
        self._codes_fields = source.stream.codec_context.name in CODES_FIELDS
        self._theora = source.stream.codec_context.name == "theora"
        self._demuxed = source.container.demux(source.stream)
        self._waiting: dict[int, Stamp] = {}
        self._aspects: dict[int, Fraction | None] = {}

    def next_packet(self) -> VideoPacket | None:
        """The next packet with content; None at the end, or where a file is cut short."""
        while True:
            try:
                packet = next(self._demuxed, None)
            except av.FFmpegError:
                self.broken = True
                return None
            if packet is not None and self._theora and packet.size and bytes(packet)[0] & THEORA_HEADER:
                continue  # another recording begins, in a chained Ogg file
            if packet is None or packet.size:
                return packet
            if packet.dts is None:
                return None
            # AVI files mark a dropped frame by an empty packet; to the decoder it would mean the end.

    def decode(self, packet: VideoPacket | None, number: int) -> Iterator[Decoded]:
        """The pictures that leave the decoder with the packet ``number``, or at the end (None)."""
        context = self.source.stream.codec_context
        if packet is not None:
            if not self.packets + self.hidden:
                self._must_be_clear(packet)
            if packet.is_discard:
                self.hidden += 1
            else:
                self.packets += 1
                self.broken |= packet.is_corrupt
            self._waiting[number] = stamp_of(packet)
            packet.pts = number
        try:
            pictures = context.decode(packet)
        except (av.FFmpegError, EOFError):
            self._must_be_clear(packet)
            self.failed += packet is not None
            return
        if packet is not None:
            self._aspects[number] = exact(context.sample_aspect_ratio)
        for picture in pictures:
            self.concealed += picture.is_corrupt
            source = picture.pts if picture.pts is not None else min(self._waiting, default=number)
            stamp = self._waiting.pop(source, NOTHING)
            half = self._codes_fields and picture.interlaced_frame
            yield Decoded(source, stamp, picture, self._aspects.pop(source, None), half=half)
        if self.concealed:
            self._must_be_clear(packet)
        if len(self._waiting) > KEPT:
            for old in [n for n in self._waiting if n < number - KEPT]:
                del self._waiting[old]
                self._aspects.pop(old, None)

    def _must_be_clear(self, packet: VideoPacket | None) -> None:
        """Raise VideoError where the packet is encrypted. Not asked of each, as an answer takes 0.5 us."""
        if packet is not None and packet.has_sidedata("encryption_info"):
            raise VideoError(f"{shown(self.source.path)}: its pictures are encrypted. Export it without.")


def stamp_of(packet: VideoPacket) -> Stamp:
    """The packet's stamp, before it is numbered."""
    position = packet.pos if packet.pos is not None else -1
    return Stamp(packet.pts, packet.dts, position, packet.size, packet.is_keyframe)


NOTHING = Stamp(None, None, -1, 0, False)
"""The stamp of a second picture from one packet."""
CODES_FIELDS = frozenset(("hevc",))
"""Decoders that give each field of interlaced video as a picture, and mark only such ones as interlaced."""
THEORA_HEADER = 0x80
"""Bit of the first byte of packets without a picture (Theora specification, 6.1)."""
KEPT = 256
"""Number of packets whose picture may still leave the decoder."""
