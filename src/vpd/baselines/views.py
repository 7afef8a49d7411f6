"""Crop, mirror and normalise clips on the device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vpd.types import Array

FLOW_ZERO = 128.0
"""Code of no motion. Mirrored codes are reflected about it."""
TEST_SCALE = 0.875
"""Side of a test crop: 224 of 256 px (TSN)."""


def corner_crops(side: int, scales: Sequence[float], count: int, rng: np.random.Generator) -> Array:
    """(count, 4) x, y, width, height: TSN's multi-scale corner crops of a square of ``side`` pixels.

    Width and height are neighbouring scales. A crop has one of 13 fixed positions.
    """
    sizes = [int(side * scale) for scale in scales]
    pairs = [(w, h) for i, w in enumerate(sizes) for j, h in enumerate(sizes) if abs(i - j) <= 1]
    quarters = [(x, y) for x in (0, 2, 4) for y in (0, 2, 4)] + [(x, y) for x in (1, 3) for y in (1, 3)]
    boxes = np.empty((count, 4), np.int64)
    for box in boxes:
        w, h = pairs[int(rng.integers(len(pairs)))]
        x, y = quarters[int(rng.integers(len(quarters)))]
        box[:] = x * ((side - w) // 4), y * ((side - h) // 4), w, h
    return boxes


def fixed_crops(side: int, views: int) -> list[tuple[int, int, int, int]]:
    """Boxes x, y, width, height of the test crops. Ten are five, each also mirrored."""
    if views == 1:
        return [(0, 0, side, side)]
    crop = int(side * TEST_SCALE)
    far, middle = side - crop, (side - crop) // 2
    if views == 3:
        return [(x, middle, crop, crop) for x in (0, middle, far)]
    corners = [(x, y, crop, crop) for y in (0, far) for x in (0, far)]
    return [*corners, (middle, middle, crop, crop)]


def cropped(clips: Tensor, boxes: Sequence[Sequence[int]] | Array, side: int) -> Tensor:
    """Clips (N, F, C, S, S) cut to their boxes (N, 4) and resized to (N, F, C, side, side)."""
    whole = clips.shape[-1]
    if all(tuple(box) == (0, 0, whole, whole) for box in boxes):
        n, f = clips.shape[:2]
        return _resized(clips.flatten(0, 1), side).view(n, f, -1, side, side)
    return torch.stack(
        [
            _resized(clip[..., y : y + h, x : x + w], side)
            for clip, (x, y, w, h) in zip(clips, boxes, strict=True)
        ]
    )


def _resized(pictures: Tensor, side: int) -> Tensor:
    if pictures.shape[-2:] == (side, side):
        return pictures
    return interpolate(pictures, (side, side), mode="bilinear", align_corners=False, antialias=True)


def mirrored(clips: Tensor, flow: bool) -> Tensor:
    """Mirror clips (..., C, H, W). The x of flow is reflected about no motion."""
    clips = clips.flip(-1)
    if flow:
        sideways = clips[..., 0::2, :, :]
        clips = torch.stack([2 * FLOW_ZERO - sideways, clips[..., 1::2, :, :]], -3).flatten(-4, -3)
    return clips


def normalised(clips: Tensor, mean: Sequence[float], std: Sequence[float], bgr: bool) -> Tensor:
    """Normalise clips (N, F, C, H, W) with values of bytes for the network's weights.

    ``mean`` and ``std`` are of three colours, in the network's order. Flow gets 0 for no motion and their
    mean standard deviation.
    """
    if clips.shape[2] != 3:
        return (clips - FLOW_ZERO) / float(np.mean(std))
    if bgr:
        clips = clips.flip(2)
    shape = (1, 1, 3, 1, 1)
    return (clips - clips.new_tensor(mean).view(shape)) / clips.new_tensor(std).view(shape)
