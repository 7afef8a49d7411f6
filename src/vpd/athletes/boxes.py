"""Geometry of boxes: x, y, w, h in pixels."""

from __future__ import annotations

import numpy as np

from vpd.types import Array


def iou(a: Array, b: Array) -> Array:
    """Intersection over union of every box of ``a`` (N, 4) with every box of ``b`` (M, 4): (N, M) in 0..1.

    Boxes are xywh. The value is 0 for a box without area.
    """
    # Coordinate by coordinate: sums over an axis of two take most of the time otherwise.
    ax, ay, aw, ah = np.asarray(a, np.float64).reshape(-1, 4).T[:, :, None]
    bx, by, bw, bh = np.asarray(b, np.float64).reshape(-1, 4).T[:, None, :]
    across = np.minimum(ax + aw, bx + bw) - np.maximum(ax, bx)
    down = np.minimum(ay + ah, by + bh) - np.maximum(ay, by)
    both = np.clip(across, 0, None) * np.clip(down, 0, None)
    union = aw * ah + bw * bh - both
    ratio: Array = np.where((both > 0) & (union > 0), both / np.where(union > 0, union, 1), 0.0)
    return ratio


AT_ONCE = 16
"""Number of boxes that are compared with all others in one go."""


def suppress(boxes: Array, scores: Array, threshold: float) -> Array:
    """Non-maximum suppression: indices of the boxes (N, 4) kept, best score first."""
    left, found = np.argsort(-scores, kind="stable"), [np.empty(0, np.int64)]
    while len(left):
        best = left[:AT_ONCE]
        overlaps = iou(boxes[best], boxes[left]) > threshold
        kept = np.ones(len(left), bool)
        for i in range(len(best)):
            if kept[i]:
                kept[i + 1 :] &= ~overlaps[i, i + 1 :]
        found.append(best[kept[: len(best)]])
        left = left[AT_ONCE:][kept[AT_ONCE:]]
    return np.concatenate(found)
