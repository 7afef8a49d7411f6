"""Read for how long an MPEG-2 picture is shown: for two fields, or longer where fields are repeated.

Film of 24 frames a second on discs and in broadcasts is stored as such, and flags tell the player to show the
first field of every other picture again (soft telecine).
"""

from __future__ import annotations

from vpd.video.reader import VideoPacket
from vpd.video.source import Source

MPEG = "mpeg1video", "mpeg2video"
EXTENSION = b"\x00\x00\x01\xb5"
SEQUENCE, PICTURE = 1, 8
"""Start code and kinds of extensions (ISO 13818-2, 6.3.1, tables 6-1 and 6-2)."""

HEADERS = 2048
"""Number of bytes of a packet in which the headers of its picture are searched."""


class Lengths:
    """The lengths of the pictures of a source, in the order of the file.

    Attributes
    ----------
    repeating : how many pictures repeat fields.
    """

    def __init__(self, source: Source) -> None:
        context = source.stream.codec_context
        rate = context.framerate if context.name in MPEG and not source.rate_given else None
        self._mpeg1 = context.name == MPEG[0]
        self._field_s = float(1 / (2 * rate)) if rate else 0.0
        self._progressive = False
        self.repeating = 0

    def of(self, packet: VideoPacket) -> float | None:
        """The seconds for which the packet's picture is shown; None where the bitstream does not say it."""
        if not self._field_s:
            return None
        if self._mpeg1:
            return 2 * self._field_s
        head = bytes(memoryview(packet)[:HEADERS])
        place = head.find(EXTENSION)
        while 0 <= place < len(head) - 7:
            kind = head[place + 4] >> 4
            if kind == SEQUENCE:
                self._progressive = bool(head[place + 5] & 0x08)
            elif kind == PICTURE:
                return self._field_s * self._fields(head[place + 7])
            place = head.find(EXTENSION, place + 4)
        return None

    def _fields(self, flags: int) -> int:
        """How many fields are shown, by top_field_first and repeat_first_field (ISO 13818-2, 6.3.10)."""
        top_first, repeat = flags & 0x80, flags & 0x02
        if not repeat:
            return 2
        self.repeating += 1
        if self._progressive:
            return 6 if top_first else 4
        return 3
