"""The formats of FFmpeg that hold recordings, and the recognition of other files by their first bytes."""

from __future__ import annotations

FORMATS = frozenset((
    "amv", "apv", "asf", "asf_o", "av1", "avi", "avs2", "avs3", "cavsvideo", "cine", "dhav", "dirac", "dnxhd",
    "dv", "evc", "flv", "gxf", "h261", "h263", "h264", "hevc", "ifv", "ivf", "ivr", "kux", "live_flv", "lxf",
    "m4v", "matroska", "mjpeg", "mov", "mpeg", "mpegts", "mpegvideo", "mpjpeg", "mxf", "nsv", "nut", "nuv",
    "obu", "ogg", "pva", "rm", "smjpeg", "ty", "vc1", "vc1test", "vvc", "webm", "wtv", "yuv4mpegpipe",
))  # fmt: skip
"""FFmpeg's demuxers of recordings. Other formats are never opened: playlists (hls, dash, concat), which load
other files, pictures (image2, gif, webp, apng), text and sound.
"""

WITHOUT_TIMES = frozenset((
    "av1", "avs2", "avs3", "cavsvideo", "dirac", "dnxhd", "evc", "h261", "h263", "h264", "hevc", "m4v",
    "mjpeg", "mpegvideo", "obu", "vc1", "vvc",
))  # fmt: skip
"""Bare streams of pictures: picture n is shown at n frame lengths."""

CLOCK_MAY_JUMP = frozenset(("mpegts", "mpeg", "ogg", "flv", "live_flv", "wtv", "pva", "nsv"))
"""Formats in which FFmpeg too expects jumps of the clock: recordings of broadcasts, and joined ones."""

MPEG_FORMATS = frozenset(("mpegts", "mpeg"))
"""MPEG streams, whose clock wraps around after 26.5 hours."""

JOINED_BY_BYTES = MPEG_FORMATS | {"flv"}
"""Formats whose files are often joined by copying one after another. Nothing follows their last packet."""

ENTERED_BY_BYTES = WITHOUT_TIMES | MPEG_FORMATS
"""Formats without a table of times. Seeking goes to the byte of a keyframe."""

STILL_BRANDS = frozenset(("avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"))
"""Brands of ISO files with pictures (HEIF, AVIF), also animated ones."""

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
"""First bytes of a Matroska file, and of its part that contains everything (RFC 9559)."""

_LISTS = (b"#EXTM3U", b"ffconcat", b"<MPD", b"[playlist]", b"<smil", b"[Reference]", b"RTSPtext", b"<asx")
_XML_LISTS = (b"<MPD", b"<smil", b"<AssetMap", b"<PackingList", b"<Composition")
_PICTURES = (b"GIF87a", b"GIF89a", b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")


def list_of_files(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is a playlist or another list that loads other files."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<?xml"):
        return any(mark in head for mark in _XML_LISTS)
    return text.lower().startswith(tuple(mark.lower() for mark in _LISTS))


def stated_size(head: bytes) -> int:
    """The size in bytes that a Matroska or RIFF file with the beginning ``head`` states; 0 for none."""
    if head[:4] == b"RIFF" and len(head) >= 8:
        size = int.from_bytes(head[4:8], "little")
        return 0 if size == 0xFFFFFFFF else size + 8
    if head[:4] != EBML:
        return 0
    place, size = _element_size(head, 4)
    place += size
    if head[place : place + 4] != SEGMENT:
        return 0
    start, size = _element_size(head, place + 4)
    return start + size if size else 0


def _element_size(head: bytes, place: int) -> tuple[int, int]:
    """The start of an EBML element's content, and its size; 0 where it is not stated (RFC 8794, 4)."""
    first = head[place] if place < len(head) else 0
    length = 9 - first.bit_length() if first else 1
    value = int.from_bytes(head[place : place + length], "big") & ((1 << 7 * length) - 1)
    return place + length, 0 if value == (1 << 7 * length) - 1 else value


def picture_format(head: bytes) -> bool:
    """The picture format of a file that begins with ``head`` and is no recording, still or animated."""
    return head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def still_brand(head: bytes) -> bool:
    """The brand of an ISO file of pictures that begins with ``head``."""
    return head[4:8] == b"ftyp" and head[8:12].decode("latin-1") in STILL_BRANDS
