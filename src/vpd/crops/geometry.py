"""Place the square around an athlete, and cut it out of a picture."""

from __future__ import annotations

import cv2
import numpy as np

from vpd.types import Array, Track

MIN_SIDE = 4
"""Smallest side of a square in pixels. A box without size still gives a crop."""


def squares(track: Track, padding: float) -> tuple[Array, Array]:
    """The square of every frame of a track, and whether the athlete was visible in the frame before.

    The box is joined with that of the previous frame, made square about its centre and padded by ``padding``
    times its side at every edge, so that the athlete of both frames lies in it.

    Returns
    -------
    squares : (T, 3) int64, x, y of the upper left corner and side, in pixels; may pass the picture's edges.
    has_previous : (T,) bool, False in the first frame and after a gap of the track.
    """
    low, high = (
        track.boxes[:, :2].astype(np.float64),
        (track.boxes[:, :2] + track.boxes[:, 2:]).astype(np.float64),
    )
    has_previous = np.r_[False, np.diff(track.frames) == 1][: len(low)]
    rows = np.flatnonzero(has_previous)
    joined_low, joined_high = low.copy(), high.copy()
    joined_low[rows] = np.minimum(low[rows], low[rows - 1])
    joined_high[rows] = np.maximum(high[rows], high[rows - 1])
    centre = (joined_low + joined_high) / 2
    side = (joined_high - joined_low).max(axis=1) * (1 + 2 * padding)
    side = np.maximum(np.rint(side), MIN_SIDE)
    corner = np.rint(centre - side[:, None] / 2)
    return np.column_stack([corner, side]).astype(np.int64), has_previous


def cut_square(rgb: Array, square: Array, size: int) -> Array:
    """Cut the square (x, y, side) out of the picture (H, W, 3) uint8, and resize it to (size, size, 3).
    Pixels outside are black.
    """
    x, y, side = square
    return cut_window(rgb, np.array([x, y, side, side]), (size, size))


def cut_window(rgb: Array, window: Array, size: tuple[int, int]) -> Array:
    """Cut the window (x, y, w, h) out of the picture (H, W, 3) uint8, and resize it to ``size`` (w, h).

    Pixels outside the picture are black. Returns (height, width, 3) uint8.
    """
    x, y, w, h = (int(v) for v in window)
    height, width = rgb.shape[:2]
    left, top = min(max(x, 0), width), min(max(y, 0), height)
    right, bottom = max(min(x + w, width), left), max(min(y + h, height), top)
    inside = rgb[top:bottom, left:right]
    if inside.size == 0:
        return np.zeros((size[1], size[0], 3), np.uint8)
    if inside.shape[:2] != (h, w):
        margins = (top - y, y + h - bottom, left - x, x + w - right)
        inside = cv2.copyMakeBorder(inside, *margins, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    way = cv2.INTER_AREA if w > size[0] else cv2.INTER_LINEAR
    crop: Array = cv2.resize(inside, size, interpolation=way)
    return crop


def to_crop(points: Array, squares: Array) -> Array:
    """Convert points (N, J, 2) in pixels of the picture to fractions of their squares (N, 3), 0..1 inside."""
    fractions: Array = (points - squares[:, None, :2]) / squares[:, None, 2:3]
    return fractions
