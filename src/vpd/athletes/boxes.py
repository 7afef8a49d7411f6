"""Geometry of boxes: x, y, w, h in pixels."""

from __future__ import annotations

import numpy as np

from vpd.types import Array


def iou(a: Array, b: Array) -> Array:
    """Intersection over union of every box of ``a`` (N, 4) with every box of ``b`` (M, 4): (N, M) in 0..1.

    Boxes are xywh. The value is 0 for a box without area.
    """
    a, b = np.asarray(a, np.float64).reshape(-1, 1, 4), np.asarray(b, np.float64).reshape(1, -1, 4)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=-1)
    union = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - both
    ratio: Array = np.where((both > 0) & (union > 0), both / np.where(union > 0, union, 1), 0.0)
    return ratio


def suppress(boxes: Array, scores: Array, threshold: float) -> Array:
    """Non-maximum suppression: indices of the boxes (N, 4) kept, best score first."""
    order = np.argsort(-scores, kind="stable")
    overlaps = iou(boxes[order], boxes[order]) > threshold
    kept = np.ones(len(order), bool)
    for i in range(len(order)):
        if kept[i]:
            kept[i + 1 :] &= ~overlaps[i, i + 1 :]
    indices: Array = order[kept]
    return indices
