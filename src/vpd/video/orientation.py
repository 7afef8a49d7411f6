"""Derive turn and mirroring of a picture from its display matrix: eight orientations, without stretching."""

from __future__ import annotations

import struct
from typing import cast

import cv2
import numpy as np
from av.sidedata.sidedata import SideData, SideDataContainer
from av.video.frame import VideoFrame

from vpd.types import Array

_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def _linear(rotation: int, mirrored: bool) -> Array:
    """(2, 2): a stored point (x, y), as a row vector, multiplied by this gives the shown one; y points
    down.
    """
    mirror = np.diag([-1.0 if mirrored else 1.0, 1.0])
    turn = np.linalg.matrix_power(np.array([[0.0, 1.0], [-1.0, 0.0]]), rotation // 90)
    return np.asarray(mirror @ turn)


_ORIENTATIONS = {
    (rotation, mirrored): _linear(rotation, mirrored)
    for mirrored in (False, True)
    for rotation in (0, 90, 180, 270)
}


def orientation(picture: VideoFrame) -> tuple[int, bool] | None:
    """Degrees clockwise (0, 90, 180, 270), and whether the picture is mirrored left to right before the turn.

    It is the nearest to the display matrix (ISO 14496-12, 8.3.2); None without a matrix.
    """
    # Not picture.side_data: picture and side data would hold each other, and stay in memory for long.
    beside = SideDataContainer(picture)  # type: ignore[call-arg]  # PyAV types it as Mapping
    data = beside.get("DISPLAYMATRIX") if len(beside) else None
    if data is None:
        return None
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(cast(SideData, data))[:36])
    matrix = np.array([[a, b], [c, d]], float)
    if not matrix.any():
        return 0, False
    return max(_ORIENTATIONS, key=lambda o: float((matrix * _ORIENTATIONS[o]).sum()))


def oriented(rgb: Array, rotation: int, mirrored: bool) -> Array:
    """The picture (H, W, 3) in its shown orientation, contiguous."""
    if mirrored:
        rgb = cv2.flip(rgb, 1)
    if rotation:
        rgb = cv2.rotate(rgb, _TURNS[rotation])
    return np.ascontiguousarray(rgb)
