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


def mean_of_colours(rgb: Array) -> Array:
    """The mean over the last axis, of three: in a third of the time of numpy's, and to the same bits."""
    found: Array = (rgb[..., 0] + rgb[..., 1] + rgb[..., 2]) / np.float32(3)
    return found


def _look(small: Array) -> _Look:
    rgb = small.astype(np.float32) / 255
    grey = mean_of_colours(rgb)
    steps = (small >> 5).reshape(-1, 3)
    counts = np.concatenate([np.bincount(steps[:, c], minlength=8) for c in range(3)])
    spectrum = np.fft.rfft2((grey - grey.mean()) * _WINDOW)
    return _Look(rgb, grey, spectrum, counts.astype(np.float32) / (HEIGHT * WIDTH))


def _shifts(now: _Look, spectra: Array) -> list[tuple[int, int, float]]:
    """The shifts in rows and columns with the best overlap of a picture with others, whose spectra are given,
    and their clarity in 0..1.
    """
    cross = now.spectrum * np.conj(spectra)
    cross /= np.abs(cross) + 1e-6
    fits = np.fft.irfft2(cross, (HEIGHT, WIDTH)).reshape(len(spectra), -1)
    found = []
    for fit, best in zip(fits, fits.argmax(1).tolist(), strict=True):
        down, across = divmod(best, WIDTH)
        down, across = down - HEIGHT if down > HEIGHT // 2 else down, across
        found.append((down, across - WIDTH if across > WIDTH // 2 else across, float(fit[best])))
    return found


def _compared(now: _Look, thens: list[_Look], betweens: list[_Look]) -> list[float]:
    """Features of a picture and each of several earlier ones. All but the first of these come with one in the
    middle between them.
    """
    rgb = np.stack([then.rgb for then in thens])
    apart = mean_of_colours(np.abs(now.rgb - rgb))
    spans = apart.reshape(len(thens), -1).mean(1).tolist()
    greys = (
        np.abs(now.grey - np.stack([then.grey for then in thens])).reshape(len(thens), -1).mean(1).tolist()
    )
    levels = np.abs(now.levels - np.stack([then.levels for then in thens])).sum(1).tolist()
    middles = np.abs(np.stack([between.rgb for between in betweens]) - (now.rgb + rgb[1:]) / 2)
    blends = middles.reshape(len(betweens), -1).mean(1).tolist()
    cells = np.stack([cv2.resize(one, CELLS, interpolation=cv2.INTER_AREA) for one in apart])
    cells = cells.reshape(len(thens), -1)
    least, most, spread, changed = cells.min(1), cells.max(1), cells.std(1), (cells > CHANGED).mean(1)
    features: list[float] = []
    for i, (down, across, clear) in enumerate(_shifts(now, np.stack([then.spectrum for then in thens]))):
        shifted, share = _shifted(now.grey, thens[i].grey, down, across)
        if shifted > greys[i]:
            shifted, share, down, across = greys[i], 1.0, 0, 0
        features += [
            spans[i], shifted, share, float(np.hypot(down, across)) / FAR, clear, levels[i] / 6,
            float(least[i]), float(most[i]), float(spread[i]), float(changed[i]),
            blends[i - 1] / (spans[i] + LEAST_SPAN) if i else 0.0,
        ]  # fmt: skip
    return features


def _shifted(now: Array, then: Array, down: int, across: int) -> tuple[float, float]:
    """The mean difference of two pictures where they overlap when one is shifted, and the overlap's share."""
    rows, columns = HEIGHT - abs(down), WIDTH - abs(across)
    a = now[max(0, down) :, max(0, across) :][:rows, :columns]
    b = then[max(0, -down) :, max(0, -across) :][:rows, :columns]
    return float(np.abs(a - b).mean()), rows * columns / (HEIGHT * WIDTH)


class ShotFeatures:
    """Compute the features of pictures in order. It keeps the last 33 thumbnails."""

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque(maxlen=max(LAGS) + 1)

    def add(self, small: Array) -> Array:
        """(COUNT,) float32 of the next thumbnail. The first one also stands for those before it."""
        now = _look(small)
        self._looks.append(now)
        looks, last = self._looks, len(self._looks) - 1
        thens = [looks[max(0, last - lag)] for lag in LAGS]
        row = _compared(now, thens, [looks[max(0, last - lag // 2)] for lag in LAGS[1:]])
        colourful = np.abs(now.rgb - now.rgb.mean((0, 1))).mean()
        row += [float(now.grey.mean()), float(now.grey.std()), float(now.levels.max()), float(colourful)]
        return np.array(row, np.float32)
