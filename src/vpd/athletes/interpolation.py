"""Interpolate boxes between detections."""

from __future__ import annotations

import numpy as np

from vpd.types import Array


def between(
    frames: Array, boxes: Array, scores: Array, all_frames: Array, all_times_s: Array, max_gap_s: float
) -> tuple[Array, Array, Array, Array]:
    """Fill the frames between known boxes, linearly in time, over gaps of at most ``max_gap_s``.

    Parameters
    ----------
    frames, boxes, scores : (K,), (K, 4), (K,): the known boxes, frames strictly increasing.
    all_frames, all_times_s : (N,): number and time of every frame of the video; ``frames`` are among them.

    Returns
    -------
    rows (T,) into ``all_frames``, boxes (T, 4), scores (T,), and known (T,) bool: False where interpolated.
    """
    at = np.searchsorted(all_frames, frames)
    rows = np.arange(at[0], at[-1] + 1)
    times_s = all_times_s[rows]
    known = np.isin(rows, at)
    gap_s = np.diff(all_times_s[at])
    # Which gap a row lies in: between the (left)th and the next known box.
    left = np.clip(np.searchsorted(at, rows, side="right") - 1, 0, max(len(at) - 2, 0))
    kept = known | (gap_s[left] <= max_gap_s + 1e-9) if len(at) > 1 else known
    filled = np.stack([np.interp(times_s, all_times_s[at], boxes[:, i]) for i in range(4)], axis=1)
    filled_scores = np.interp(times_s, all_times_s[at], scores)
    return rows[kept], filled[kept], filled_scores[kept], known[kept]
