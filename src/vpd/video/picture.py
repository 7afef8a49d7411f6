"""Convert a decoded picture to RGB as a player shows it: square pixels, upright, one size for the video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from vpd.library.frames import Shape
from vpd.types import Array
from vpd.video.colour import to_rgb
from vpd.video.fields import WHOLE, field_of, full_height
from vpd.video.orientation import oriented
from vpd.video.reader import Decoded, Seen

UPRIGHT = (0, False)
"""Rotation and mirroring of pictures without a display matrix."""


class Shapes:
    """Find the shape of each picture.

    A container's aspect holds while the bitstream's does not change. An orientation in the bitstream holds up
    to the next keyframe without one (H.264, D.2.26).
    """

    def __init__(self, container_aspect: Fraction | None) -> None:
        self._container_aspect = container_aspect
        self._first_aspect: Fraction | None = None
        self._started = False
        self._orientation = UPRIGHT
        self._latest: tuple[object, Shape] | None = None
        self._latest_stated: object = None

    def of(self, decoded: Decoded, seen: Seen) -> Shape:
        """The shape of a picture."""
        if seen.orientation is not None:
            self._orientation = seen.orientation
        elif decoded.stamp.key:
            self._orientation = UPRIGHT
        stated = (seen.width, seen.height, decoded.aspect, self._orientation, decoded.half)
        if self._latest is not None and stated == self._latest_stated:
            return self._latest[1]
        self._latest_stated = stated
        found = (seen.width, seen.height, self._aspect(decoded), *self._orientation)
        if self._latest is None or self._latest[0] != found:
            self._latest = found, Shape(*found)
        return self._latest[1]

    def _aspect(self, decoded: Decoded) -> Fraction:
        """Width to height of the picture's pixels."""
        aspect = decoded.aspect
        if not self._started:
            self._started, self._first_aspect = True, aspect
        if self._container_aspect and aspect == self._first_aspect:
            aspect = self._container_aspect
        if not aspect or aspect <= 0:
            aspect = Fraction(1)
        return aspect / 2 if decoded.half else aspect


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, or one field of it, with its time (s) and the properties that decide how it is
    shown.

    ``canvas`` is the size (width, height) of all pictures of the video: that of the first. A picture of
    another size is fitted into it, with black bars.
    """

    time_s: float
    decoded: Decoded
    field: int
    shape: Shape
    canvas: tuple[int, int]

    def rgb(self) -> Array:
        """(H, W, 3) uint8, as shown."""
        shape = self.shape
        width, height = self._fitted()
        turned = shape.rotation in (90, 270)
        stored_size = (height, width) if turned else (width, height)
        upright = oriented(self._square(*stored_size), shape.rotation, shape.mirrored)
        if (width, height) == self.canvas:
            return upright
        out = np.zeros((self.canvas[1], self.canvas[0], 3), np.uint8)
        left, top = (self.canvas[0] - width) // 2, (self.canvas[1] - height) // 2
        out[top : top + height, left : left + width] = upright
        return out

    def _fitted(self) -> tuple[int, int]:
        """Width and height within the canvas."""
        size, canvas = self.shape.shown, self.canvas
        scale = min(canvas[0] / size[0], canvas[1] / size[1])
        if scale == 1 or size == canvas:
            return size
        return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))

    def _square(self, width: int, height: int) -> Array:
        """The stored picture, not turned, resized to the given size."""
        whole = self.decoded.picture
        if self.field == WHOLE:
            return to_rgb(whole, width, height, whole)
        half = to_rgb(field_of(whole, self.field), width, whole.height // 2, whole)
        rgb = full_height(half, self.field)
        if rgb.shape[0] == height:
            return rgb
        return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA))
