"""A checksum of a decoded picture, cheap enough for every frame. It shows that seeking gave the same
pixels.
"""

from __future__ import annotations

import platform
from functools import lru_cache

import av
import numpy as np
import xxhash
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

EVERY_ROWS, EVERY_ROWS_HIGH = 16, 32
"""Rows between those that are looked at, in pictures of up to `HIGH` rows and in higher ones: codecs' blocks
are at least 16 rows high, damage is of blocks, and it seldom ends with the first."""
HIGH = 800
METHOD = "xxh3 1"
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
    sample_bytes, has_palette = _stored(picture.format.name)
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, abs(plane.line_size))
    width = min(plane.line_size, plane.width * sample_bytes)
    every = EVERY_ROWS if plane.height <= HIGH else EVERY_ROWS_HIGH
    sample = rows[every // 2 :: every, :width].tobytes()
    check = xxhash.xxh3_64_intdigest(sample, picture.width)
    if has_palette:
        check = xxhash.xxh3_64_intdigest(memoryview(picture.planes[1]), check)
    return check & 0xFFFF_FFFF


@lru_cache
def _stored(pixels: str) -> tuple[int, bool]:
    """Bytes of a sample of the first component, and whether the format has a palette."""
    form = VideoFormat(pixels)
    return 1 + (form.components[0].bits > 8), form.has_palette
