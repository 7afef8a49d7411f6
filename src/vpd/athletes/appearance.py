"""Tell people apart by their clothes: colours of the upper and of the lower part of the body."""

from __future__ import annotations

import cv2
import numpy as np

from vpd.types import Array

BANDS = ((0.12, 0.5), (0.5, 0.92))
"""Upper and lower body, as shares of the box's height from above; the head says little."""
MIDDLE = (0.2, 0.8)
"""Share of the box's width that is looked at; beside it lies mostly background."""
SIZE = (24, 24)
"""Pixels, width and height, that a band is brought to, so that near and far people count alike."""
LEVELS = (12, 4, 4)
"""Levels of hue, saturation and value."""
RANGES = (0, 180, 0, 256, 0, 256)


def appearance(rgb: Array, box: tuple[float, float, float, float]) -> Array:
    """(2, 192) shares of colours of the upper and the lower body of the person in ``box`` (x, y, w, h in
    pixels) of a picture (H, W, 3) uint8 RGB. Each row adds up to 1, or to 0 outside of the picture.
    """
    x, y, w, h = box
    height, width = rgb.shape[:2]
    left, right = (int(np.clip(x + share * w, 0, width)) for share in MIDDLE)
    found = np.zeros((len(BANDS), int(np.prod(LEVELS))))
    for band, (above, below) in enumerate(BANDS):
        top, bottom = (int(np.clip(y + share * h, 0, height)) for share in (above, below))
        if right > left and bottom > top:
            small = cv2.resize(rgb[top:bottom, left:right], SIZE, interpolation=cv2.INTER_AREA)
            hsv = cv2.cvtColor(cv2.GaussianBlur(small, (3, 3), 0), cv2.COLOR_RGB2HSV)
            counts = cv2.calcHist([hsv], [0, 1, 2], None, list(LEVELS), list(RANGES)).ravel()
            found[band] = counts / counts.sum()
    return found


def likeness(a: Array, b: Array) -> float:
    """How alike two appearances are, in 0..1: the intersection of their histograms (Swain and Ballard, 1991),
    the mean of both bands.
    """
    return float(np.minimum(a, b).sum(axis=1).mean())
