"""Tell H.264 and H.265 pictures that no other picture refers to, without decoding them.

A decoder can skip such pictures by itself, but deals them out to its threads, which then wait for each
other. What is not given to it costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from vpd.video.reader import VideoPacket
from vpd.video.source import Source

START = b"\x00\x00\x01"
"""Start code of a NAL unit in a byte stream (H.264 and H.265, annex B)."""
LENGTH_AT = {"h264": 4, "hevc": 21}
"""Byte of the decoder's configuration with the size of a unit's length (ISO 14496-15, 5.3.3.1, 8.3.3.1)."""


class Unreferenced:
    """Whether no other picture refers to that of a packet. Where it is not known, one may."""

    def __init__(self, source: Source) -> None:
        context = source.stream.codec_context
        self._codec = context.name
        configuration, place = context.extradata or b"", LENGTH_AT.get(self._codec, 0)
        stated = len(configuration) > place > 0 and configuration[0] == 1
        self._length_bytes = (configuration[place] & 3) + 1 if stated else 0

    def __call__(self, packet: VideoPacket) -> bool:
        """By the headers of all its coded slices."""
        if self._codec not in LENGTH_AT:
            return False
        slices = [header for header in self._headers(bytes(packet)) if self._is_slice(header)]
        return bool(slices) and not any(map(self._is_referenced, slices))

    def _is_slice(self, header: int) -> bool:
        """Whether a unit with this first byte is a coded slice (H.264, table 7-1; H.265, table 7-1)."""
        return 1 <= header & 0x1F <= 5 if self._codec == "h264" else header >> 1 & 0x3F < 32

    def _is_referenced(self, header: int) -> bool:
        """Whether other pictures may refer to a slice: nal_ref_idc of H.264, odd types below 16 of H.265."""
        if self._codec == "h264":
            return header & 0x60 != 0
        kind = header >> 1 & 0x3F
        return kind >= 16 or kind % 2 == 1

    def _headers(self, data: bytes) -> Iterator[int]:
        """The first byte of each NAL unit."""
        place = 0
        if not self._length_bytes:
            while (place := data.find(START, place) + len(START)) >= len(START) and place < len(data):
                yield data[place]
            return
        while place + self._length_bytes < len(data):
            length = int.from_bytes(data[place : place + self._length_bytes], "big")
            place += self._length_bytes
            yield data[place]
            place += length
