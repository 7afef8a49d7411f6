"""From a decoded picture to RGB as a player shows it: square pixels, upright."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vpd.types import Array


class Display:
    """Turns the pictures of one file into RGB arrays of one size.

    The size is the stream's, so that a picture of another size in the middle of a file is brought to it.
    Pixels that are not square (DV, HDV) are made so by widening, as players do. The display matrix' turn is
    applied; the pictures of a file share that of the first.
    """

    def __init__(self, stream: VideoStream, first: VideoFrame) -> None:
        context = stream.codec_context
        width, self._height = context.width or first.width, context.height or first.height
        aspect = stream.sample_aspect_ratio
        stretched = aspect is not None and aspect > 0 and aspect != 1
        self._width = max(1, round(width * float(aspect))) if stretched and aspect is not None else width
        self.rotation = round(-first.rotation / 90) % 4 * 90
        """Degrees (0, 90, 180, 270) clockwise from stored to shown."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as shown."""
        turned = self.rotation in (90, 270)
        return (self._height, self._width) if turned else (self._width, self._height)

    def rgb(self, picture: VideoFrame) -> Array:
        """(H, W, 3) uint8."""
        stored = picture.to_ndarray(format="rgb24", width=self._width, height=self._height)
        return np.ascontiguousarray(np.rot90(stored, -self.rotation // 90))
