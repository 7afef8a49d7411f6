"""Finding shot cuts, as the frames come, from thumbnails."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from vpd.types import Array

THUMBNAIL = (32, 18)
RECENT = 15
"""Number of differences that say how much the picture moves just now."""
SUDDEN = 3.0
"""How many times greater than the recent ones the difference at a cut is: a fast pan builds up."""


class CutDetector:
    """Says of every frame whether a new shot begins with it.

    A cut is a mean difference of the RGB thumbnails of at least ``difference`` (of 255) that stands out from
    the differences just before.
    """

    def __init__(self, difference: float) -> None:
        self.difference = difference
        self._before: Array | None = None
        self._recent: deque[float] = deque(maxlen=RECENT)

    def is_cut(self, rgb: Array) -> bool:
        """Whether the picture (H, W, 3) uint8 begins a new shot; the first of all does not."""
        small = cv2.resize(rgb, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.int16)
        before, self._before = self._before, small
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        usual = float(np.median(self._recent)) if self._recent else 0.0
        self._recent.append(change)
        return change >= self.difference and change >= SUDDEN * usual
