"""Draw 3D poses beside the picture, from two views."""

from __future__ import annotations

import math

import cv2
import numpy as np

from vpd.pose.skeleton import BODY13, BONES13, COCO17
from vpd.types import Array

BACKGROUND, GROUND = (250, 250, 248), (214, 214, 210)
LEFT, RIGHT, MIDDLE = (33, 102, 172), (214, 96, 77), (90, 90, 90)
"""RGB of the person's left bones, right bones (distinguishable with colour blindness), and of the rest."""
HEIGHT_M = 2.2
"""Height of the panel in metres."""
VIEWS_DEGREES = (30.0, 120.0)
"""Azimuths of the two views in degrees: half from the front, and from the side. The person faces azimuth
0.
"""
ELEVATION_DEGREES = 12.0
_SIDE = [COCO17[i].split("_")[0] for i in BODY13]


def _colour(a: int, b: int) -> tuple[int, int, int]:
    if _SIDE[a] == _SIDE[b] == "left":
        return LEFT
    return RIGHT if _SIDE[a] == _SIDE[b] == "right" else MIDDLE


def draw_pose3d(joints: Array, side: int) -> Array:
    """A picture (side, 2 side, 3) uint8 RGB of a pose (13, 3) in metres, z up, from two views.

    Nearer bones are drawn later and thicker. The ring marks the ground below the lowest joint.
    """
    canvas = np.full((side, side * len(VIEWS_DEGREES), 3), BACKGROUND, np.uint8)
    centred = np.asarray(joints, np.float64)
    centred = centred - (centred.max(axis=0) + centred.min(axis=0)) / 2
    for number, azimuth in enumerate(VIEWS_DEGREES):
        panel = np.ascontiguousarray(canvas[:, number * side : (number + 1) * side])
        _draw(panel, centred, math.radians(azimuth))
        canvas[:, number * side : (number + 1) * side] = panel
    return canvas


def _draw(panel: Array, joints: Array, azimuth: float) -> None:
    side = panel.shape[0]
    elevation = math.radians(ELEVATION_DEGREES)
    away = np.array(
        [
            -math.cos(azimuth) * math.cos(elevation),
            -math.sin(azimuth) * math.cos(elevation),
            -math.sin(elevation),
        ]
    )
    right = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0])
    down = np.cross(away, right)
    scale = side / HEIGHT_M

    def pixels(points: Array) -> Array:
        xy = np.stack([points @ right, points @ down], axis=-1) * scale + side / 2
        rounded: Array = np.rint(xy).astype(int)
        return rounded

    turn = np.linspace(0, 2 * math.pi, 48)
    ring = np.stack([0.5 * np.cos(turn), 0.5 * np.sin(turn), np.full(48, joints[:, 2].min())], axis=1)
    cv2.polylines(panel, [pixels(ring)], True, GROUND, 1, cv2.LINE_AA)
    places, depth = pixels(joints), joints @ away
    for a, b in sorted(BONES13, key=lambda bone: -(depth[bone[0]] + depth[bone[1]])):
        thick = max(1, round(side / 90 * (1.3 - (depth[a] + depth[b]) / 2)))
        cv2.line(panel, tuple(places[a]), tuple(places[b]), _colour(a, b), thick, cv2.LINE_AA)
    cv2.circle(panel, tuple(places[0]), max(2, side // 45), MIDDLE, -1, cv2.LINE_AA)


def beside(picture: Array, joints: Array | None) -> Array:
    """The picture (H, W, 3) with the two views of the pose to its right, (H, W + 2 H', 3). H' is half the
    height, so that a wide picture stays the larger part. Without a pose the panels are empty.
    """
    height = picture.shape[0]
    side = height // 2
    panel = np.full((height, side * len(VIEWS_DEGREES), 3), BACKGROUND, np.uint8)
    if joints is not None and np.isfinite(joints).all():
        top = (height - side) // 2
        panel[top : top + side] = draw_pose3d(joints, side)
    return np.concatenate([picture, panel], axis=1)
