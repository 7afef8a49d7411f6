"""Any top-down ONNX estimator by path: heatmaps (HRNet, ViTPose) or SimCC (RTMPose), by its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vpd.errors import InputError
from vpd.models.session import open_session, session_device
from vpd.types import Array

PADDING = 1.25
"""Ratio of crop to box in the training of all top-down estimators of MMPose."""
JOINT_PADDING = 1.35
"""The same ratio for the box of joints. Head and feet extend beyond it."""
JOINTS = 17
COCO_FIRST = (17, 26, 133)
"""Numbers of joints of the layouts that begin with COCO-17: COCO, Halpe-26, COCO-WholeBody."""


class OnnxEstimator:
    """A top-down estimator from the ONNX file ``path``.

    The input is one float picture, NCHW or NHWC with 3 channels, of a fixed height and width. The outputs are
    either one heatmap (N, K, h, w), or two SimCC vectors (N, K, w * r) and (N, K, h * r); K is 17, 26 or 133,
    of which the first 17 are COCO's.

    Parameters
    ----------
    mean, std : R, G, B of 0..255 are normalised by them.
    threads : of the CPU; 0 for all.

    Raises InputError where the network has another shape than that.
    """

    padding = PADDING
    joint_padding = JOINT_PADDING

    def __init__(self, path: Path, mean: tuple[float, ...], std: tuple[float, ...], threads: int = 0) -> None:
        self.session: Any = open_session(path, threads)
        self.device = session_device(self.session)
        self.name = path.stem
        inputs = self.session.get_inputs()
        shape = inputs[0].shape
        if len(inputs) != 1 or len(shape) != 4 or 3 not in (shape[1], shape[3]):
            raise InputError(
                f"{path} does not take one batch of pictures with 3 channels: its input is {shape}"
            )
        self._channels_first = shape[1] == 3
        height, width = shape[2:] if self._channels_first else shape[1:3]
        if not isinstance(height, int) or not isinstance(width, int):
            raise InputError(f"{path} has no fixed input size ({shape}); export it with its height and width")
        self.size = (width, height)
        self._input = inputs[0].name
        self._fixed_batch = shape[0] if isinstance(shape[0], int) else None
        self._mean, self._std = np.array(mean, np.float32), np.array(std, np.float32)
        self._outputs = self._heads(path)

    def keypoints(self, crops: Array) -> Array:
        """Poses of crops (N, height, width, 3) uint8 RGB: (N, 17, 3) x, y in crop pixels, score in 0..1."""
        batch = (crops.astype(np.float32) - self._mean) / self._std
        if self._channels_first:
            batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
        parts = [self._run(part) for part in self._parts(batch)]
        heads = [np.concatenate(head) for head in zip(*parts, strict=True)]
        if len(heads) == 1:
            return decode_heatmap(heads[0][:, :JOINTS], self.size)
        return decode_simcc(heads[0][:, :JOINTS], heads[1][:, :JOINTS], self.size)

    def _parts(self, batch: Array) -> list[Array]:
        if self._fixed_batch is None:
            return [batch]
        return [batch[i : i + self._fixed_batch] for i in range(0, len(batch), self._fixed_batch)]

    def _run(self, batch: Array) -> list[Array]:
        n = len(batch)
        if self._fixed_batch is not None and n < self._fixed_batch:
            batch = np.concatenate([batch, np.zeros((self._fixed_batch - n, *batch.shape[1:]), np.float32)])
        return [out[:n] for out in self.session.run(self._outputs, {self._input: batch})]

    def _heads(self, path: Path) -> list[str]:
        """Names of the outputs to read: the heatmap, or the x and the y vector. A black picture identifies
        them.
        """
        outputs = self.session.get_outputs()
        shape = (*self.size[::-1], 3) if not self._channels_first else (3, *self.size[::-1])
        blank = np.zeros((self._fixed_batch or 1, *shape), np.float32)
        shapes = {
            o.name: v.shape
            for o, v in zip(outputs, self.session.run(None, {self._input: blank}), strict=True)
        }
        fits = {name: s for name, s in shapes.items() if len(s) in (3, 4) and s[1] in COCO_FIRST}
        heatmaps = [name for name, s in fits.items() if len(s) == 4]
        vectors = [name for name, s in fits.items() if len(s) == 3]
        if len(heatmaps) == 1:
            return heatmaps
        if len(vectors) == 2:
            return _x_then_y(vectors, shapes, self.size)
        raise InputError(
            f"{path} gives {shapes}; a heatmap (N, {JOINTS}, h, w) or two SimCC vectors "
            f"(N, {JOINTS}, w r) and (N, {JOINTS}, h r) are understood"
        )


def _x_then_y(names: list[str], shapes: dict[str, Any], size: tuple[int, int]) -> list[str]:
    """The vector over the width first, identified by length. Where the crop is square, the network's order is
    kept.
    """
    first, second = names
    same = shapes[first][2] * size[1] == shapes[second][2] * size[0]
    return [first, second] if same else [second, first]


def decode_heatmap(heatmap: Array, size: tuple[int, int]) -> Array:
    """Joints (N, K, 3) of heatmaps (N, K, h, w): the highest cell, moved a quarter towards its higher
    neighbour.

    x, y are in pixels of the input ``size`` (width, height). This is the decoding of HRNet's and MMPose's
    plain heatmaps.
    """
    n, k, h, w = heatmap.shape
    best = heatmap.reshape(n, k, -1).argmax(axis=2)
    y, x = best // w, best % w
    item, joint = np.arange(n)[:, None], np.arange(k)
    around = np.pad(heatmap, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    right, left = around[item, joint, y + 1, x + 2], around[item, joint, y + 1, x]
    below, above = around[item, joint, y + 2, x + 1], around[item, joint, y, x + 1]
    # At the border there is no neighbour to lean to.
    lean_x = np.where((x > 0) & (x < w - 1), 0.25 * np.sign(right - left), 0)
    lean_y = np.where((y > 0) & (y < h - 1), 0.25 * np.sign(below - above), 0)
    score = heatmap[item, joint, y, x].clip(0, 1)
    found = np.stack([(x + lean_x) * (size[0] / w), (y + lean_y) * (size[1] / h), score], axis=-1)
    return found.astype(np.float32)


def decode_simcc(along_x: Array, along_y: Array, size: tuple[int, int]) -> Array:
    """Joints (N, K, 3) of SimCC vectors (N, K, w * r) and (N, K, h * r): the highest bins.

    x, y are in pixels of the input ``size`` (width, height). The score is the lower of the two, as in MMPose.
    """
    x = along_x.argmax(axis=2) * (size[0] / along_x.shape[2])
    y = along_y.argmax(axis=2) * (size[1] / along_y.shape[2])
    score = np.minimum(along_x.max(axis=2), along_y.max(axis=2)).clip(0, 1)
    return np.stack([x, y, score], axis=-1).astype(np.float32)
