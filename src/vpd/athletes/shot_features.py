"""The input of the shot finder: differences of each picture from earlier ones, with and without a shift.

A pan shifts the picture but keeps its content; an edit does not. So each picture is compared with those 1 to
32 before it, unshifted and shifted for the best overlap (phase correlation), by their colours, by parts of
the picture, and as the middle of a blend.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from vpd.types import Array

WIDTH, HEIGHT = 48, 27
"""Size at which pictures are compared."""
LAGS = (1, 2, 4, 8, 16, 32)
"""Distances, in pictures, to the earlier ones that each is compared with."""
CELLS = (6, 3)
"""Number of parts across and down."""
CHANGED = 0.08
"""Mean difference (in 0..1) from which on a part counts as changed."""
FAR = 24.0
"""Shift in pixels that counts as 1."""
LEAST_SPAN = 0.02
"""Added to the difference of two pictures, which divides that of a third from their middle."""
PER_LAG = 11
"""Number of features of each pair of pictures."""
COUNT = PER_LAG * len(LAGS) + 4
"""Number of features of each picture."""

_WINDOW = np.outer(np.hanning(HEIGHT), np.hanning(WIDTH)).astype(np.float32)


def thumbnail(rgb: Array) -> Array:
    """(HEIGHT, WIDTH, 3) uint8 of a picture (H, W, 3)."""
    return np.asarray(cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, eq=False)
class _Look:
    """A thumbnail in 0..1, its grey, the spectrum of that, and the shares of 8 levels of each colour."""

    rgb: Array
    grey: Array
    spectrum: Array
    levels: Array


def _look(small: Array) -> _Look:
    rgb = small.astype(np.float32) / 255
    grey = rgb.mean(-1)
    steps = (small >> 5).reshape(-1, 3)
    counts = np.concatenate([np.bincount(steps[:, c], minlength=8) for c in range(3)])
    spectrum = np.fft.rfft2((grey - grey.mean()) * _WINDOW)
    return _Look(rgb, grey, spectrum, counts.astype(np.float32) / (HEIGHT * WIDTH))


def _shift(now: _Look, then: _Look) -> tuple[int, int, float]:
    """The shift in rows and columns with the best overlap of two pictures, and its clarity in 0..1."""
    cross = now.spectrum * np.conj(then.spectrum)
    cross /= np.abs(cross) + 1e-6
    fits = np.fft.irfft2(cross, (HEIGHT, WIDTH))
    best = int(fits.argmax())
    down, across = divmod(best, WIDTH)
    clear = float(fits[down, across])
    return (
        down - HEIGHT if down > HEIGHT // 2 else down,
        across - WIDTH if across > WIDTH // 2 else across,
        clear,
    )


def _compare(now: _Look, then: _Look, between: _Look | None) -> list[float]:
    """Features of two pictures, and of one in the middle between them."""
    apart = np.abs(now.rgb - then.rgb).mean(-1)
    cells = cv2.resize(apart, CELLS, interpolation=cv2.INTER_AREA)
    unshifted = float(np.abs(now.grey - then.grey).mean())
    down, across, clear = _shift(now, then)
    rows, columns = HEIGHT - abs(down), WIDTH - abs(across)
    a = now.grey[max(0, down) :, max(0, across) :][:rows, :columns]
    b = then.grey[max(0, -down) :, max(0, -across) :][:rows, :columns]
    shifted, share = float(np.abs(a - b).mean()), rows * columns / (HEIGHT * WIDTH)
    if shifted > unshifted:
        shifted, share, down, across = unshifted, 1.0, 0, 0
    span = float(apart.mean())
    blend = 0.0
    if between is not None:
        blend = float(np.abs(between.rgb - (now.rgb + then.rgb) / 2).mean()) / (span + LEAST_SPAN)
    return [
        span, shifted, share, float(np.hypot(down, across)) / FAR, clear,
        float(np.abs(now.levels - then.levels).sum()) / 6, float(cells.min()), float(cells.max()),
        float(cells.std()), float((cells > CHANGED).mean()), blend,
    ]  # fmt: skip


class ShotFeatures:
    """Compute the features of pictures in order. It keeps the last 33 thumbnails."""

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque(maxlen=max(LAGS) + 1)

    def add(self, small: Array) -> Array:
        """(COUNT,) float32 of the next thumbnail. The first one also stands for those before it."""
        now = _look(small)
        self._looks.append(now)
        looks, last = self._looks, len(self._looks) - 1
        row: list[float] = []
        for lag in LAGS:
            then = looks[max(0, last - lag)]
            row += _compare(now, then, looks[max(0, last - lag // 2)] if lag > 1 else None)
        colourful = np.abs(now.rgb - now.rgb.mean((0, 1))).mean()
        row += [float(now.grey.mean()), float(now.grey.std()), float(now.levels.max()), float(colourful)]
        return np.array(row, np.float32)
