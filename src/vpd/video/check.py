"""A checksum of a decoded picture, cheap enough for every frame. It shows that seeking gave the same
pixels.
"""

from __future__ import annotations

import platform
import zlib

import av
import numpy as np
from av.video.frame import VideoFrame

EVERY_ROWS, EVERY_ROWS_HIGH = 16, 32
"""Rows between those that are looked at, in pictures of up to `HIGH` rows and in higher ones: codecs' blocks
are at least 16 rows high, damage is of blocks, and it seldom ends with the first."""
HIGH = 800
METHOD = "crc 2"
"""Named in the index with the decoder: by another method a checksum says nothing."""


def decoder_version() -> str:
    """Versions of the decoders in use, and of the checksum; other versions may give other pixels."""
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"libavcodec {version} {platform.machine()} {METHOD}"


def checksum(picture: VideoFrame) -> int:
    """Of every 16th or 32nd row of the first plane (luminance), with its size; and of the palette, which a
    keyframe need not bring.
    """
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, abs(plane.line_size))
    width = min(plane.line_size, plane.width * (1 + (picture.format.components[0].bits > 8)))
    every = EVERY_ROWS if plane.height <= HIGH else EVERY_ROWS_HIGH
    check = zlib.crc32(rows[every // 2 :: every, :width].tobytes(), picture.width)
    return zlib.crc32(memoryview(picture.planes[1]), check) if picture.format.has_palette else check
