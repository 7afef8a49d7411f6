"""Find the rows of a track that form the window around each row."""

from __future__ import annotations

import numpy as np

from vpd.types import Array


def window_rows(frames: Array, times_s: Array, offsets_s: tuple[float, ...]) -> Array:
    """For each row and offset in seconds, the row nearest to that time: (T, K) int64.

    ``frames`` (T,) are increasing, ``times_s`` are their times. Where frames are missing in between, it is
    the last row before the gap.
    """
    found = np.empty((len(frames), len(offsets_s)), np.int64)
    gaps = np.flatnonzero(np.diff(frames) != 1) + 1
    for rows in np.split(np.arange(len(frames)), gaps):
        times = times_s[rows]
        between = (times[1:] + times[:-1]) / 2
        found[rows] = rows[np.searchsorted(between, times[:, None] + np.asarray(offsets_s))]
    return found
