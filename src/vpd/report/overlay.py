"""Draw on pictures: boxes, skeletons and text. Each function draws in place, so that they compose."""

from __future__ import annotations

import unicodedata

import cv2
import numpy as np

from vpd.pose.skeleton import BONES17, COCO17
from vpd.types import Array

Colour = tuple[int, int, int]

ATHLETES: tuple[Colour, ...] = (
    (255, 176, 0), (100, 143, 255), (220, 38, 127), (120, 220, 120), (254, 97, 0), (180, 140, 255),
)  # fmt: skip
"""RGB of the athletes by number, distinguishable with colour blindness (after IBM's palette)."""

UNSURE, SURE = (230, 60, 60), (60, 220, 90)
"""RGB of a joint of score 0 and of score 1."""

LEFT, RIGHT, MIDDLE = (90, 170, 255), (255, 150, 60), (235, 235, 235)
"""RGB of the bones of the person's own left, right, and between."""

HIDDEN_BELOW = 0.1
"""Joints with a lower score are not drawn, because their position is meaningless."""

PICTURE_OF_ONE = 360
"""Height in pixels of a picture on which lines are one unit wide."""


def athlete_colour(athlete: int) -> Colour:
    """The colour of an athlete in all pictures."""
    return ATHLETES[athlete % len(ATHLETES)]


def line_width(rgb: Array) -> int:
    """The width of lines in pixels, proportional to the size of the picture."""
    return max(1, round(int(min(rgb.shape[:2])) / PICTURE_OF_ONE))


def confidence_colour(score: float) -> Colour:
    """The colour of a score, from red (0) to green (1)."""
    mixed = np.array(UNSURE) + np.clip(score, 0, 1) * (np.array(SURE) - np.array(UNSURE))
    red, green, blue = (int(v) for v in mixed.round())
    return red, green, blue


DASH = 4
"""Length of a dash, and of the gap after it, in widths of the line."""


def draw_box(rgb: Array, box: Array, colour: Colour, dashed: bool = False) -> None:
    """Draw the xywh ``box`` (pixels). An interpolated one is dashed."""
    width = line_width(rgb)
    x0, y0, x1, y1 = (round(float(v)) for v in (box[0], box[1], box[0] + box[2], box[1] + box[3]))
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        length = abs(b[0] - a[0]) + abs(b[1] - a[1])
        pieces = max(2, length // (DASH * 2 * width)) if dashed else 1
        ends = np.linspace(a, b, 2 * pieces).round().astype(int)
        for i in range(0, len(ends), 2):
            cv2.line(rgb, tuple(ends[i].tolist()), tuple(ends[i + 1].tolist()), colour, width, cv2.LINE_AA)


def draw_skeleton(rgb: Array, keypoints: Array) -> None:
    """Draw a pose (17, 3): bones in the colour of their side, joints in that of their confidence."""
    width = line_width(rgb)
    points = [(round(float(x)), round(float(y))) for x, y, _ in keypoints]
    for a, b in BONES17:
        if min(keypoints[a, 2], keypoints[b, 2]) >= HIDDEN_BELOW:
            cv2.line(rgb, points[a], points[b], _side(COCO17[a], COCO17[b]), width, cv2.LINE_AA)
    for point, score in zip(points, keypoints[:, 2], strict=True):
        if score >= HIDDEN_BELOW:
            cv2.circle(rgb, point, width + 1, confidence_colour(float(score)), -1, cv2.LINE_AA)


def _side(a: str, b: str) -> Colour:
    if a.startswith("left") and b.startswith("left"):
        return LEFT
    if a.startswith("right") and b.startswith("right"):
        return RIGHT
    return MIDDLE


def draw_text(rgb: Array, text: str, at: tuple[int, int], colour: Colour = (255, 255, 255)) -> None:
    """Write one line with its lower left corner at (x, y), kept inside the picture, on a dark background.

    OpenCV's letters are ASCII. Others are transcribed or become question marks.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or "?"
    scale, width = 0.4 * min(rgb.shape[:2]) / PICTURE_OF_ONE, line_width(rgb)
    (w, h), below = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, width)
    x = int(np.clip(at[0], 0, max(0, rgb.shape[1] - w)))
    y = int(np.clip(at[1], h + 2, max(h + 2, rgb.shape[0] - below)))
    ground = rgb[max(0, y - h - 2) : y + below, x : x + w]
    ground[:] = ground // 3
    cv2.putText(rgb, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA)
