"""Find people in pictures: the detector's interface, and NanoDet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from vpd.athletes.boxes import suppress
from vpd.models import model_path
from vpd.models.session import open_session, session_device
from vpd.types import Array

# Values of the published network: input, outputs, decoding.
INPUT = 416
BGR_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
BGR_STD = np.array([57.375, 57.12, 58.395], np.float32)
STRIDES = (32, 16, 8)
BINS = 11
PERSON = 0
NMS_IOU = 0.5
MOST = 300
"""Largest number of candidates before suppression, best first. A full stadium at a low threshold has a
thousand.
"""


@dataclass(frozen=True, eq=False)
class PersonBoxes:
    """The people in one picture: ``boxes`` (N, 4) float32 xywh in pixels, ``scores`` (N,) float32 in 0..1."""

    boxes: Array
    scores: Array

    def __len__(self) -> int:
        return len(self.scores)


class PersonDetector(Protocol):
    """A detector of people in a batch of RGB pictures (H, W, 3) uint8 of one size.

    ``device`` is the device it runs on, "CPU" or "CUDA".
    """

    device: str

    def detect(self, images: Sequence[Array]) -> list[PersonBoxes]:
        """The people in each picture, best score first."""
        ...


class NanoDet:
    """NanoDet at 416 x 416. Of its 80 COCO classes only people are kept.

    Parameters
    ----------
    min_score : people with a lower score are dropped. ByteTrack wants the doubtful ones too.
    threads : of the CPU; 0 for all.
    """

    def __init__(self, min_score: float = 0.1, threads: int = 0) -> None:
        self.min_score = min_score
        self.session: Any = open_session(model_path("nanodet"), threads)
        self.device = session_device(self.session)

    def detect(self, images: Sequence[Array]) -> list[PersonBoxes]:
        """The people in each picture (H, W, 3) uint8 RGB. All pictures have one size."""
        if not images:
            return []
        height, width = images[0].shape[:2]
        outputs = self.session.run(OUTPUTS, {"image": prepare(images)})
        heads = [(t, outputs[2 * i], outputs[2 * i + 1]) for i, t in enumerate(STRIDES)]
        return [self._people(heads, n, width, height) for n in range(len(images))]

    def _people(self, heads: list[tuple[int, Array, Array]], n: int, width: int, height: int) -> PersonBoxes:
        found = [_decode(scores[n, :, PERSON], bins[n], t, self.min_score) for t, scores, bins in heads]
        corners = np.concatenate([f[0] for f in found]) / scale_of(width, height)
        scores = np.concatenate([f[1] for f in found])
        corners[:, 0::2] = corners[:, 0::2].clip(0, width)
        corners[:, 1::2] = corners[:, 1::2].clip(0, height)
        boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        solid = (boxes[:, 2:] > 1).all(axis=1)
        boxes, scores = boxes[solid], scores[solid]
        best = np.argsort(-scores, kind="stable")[:MOST]
        boxes, scores = boxes[best], scores[best]
        kept = suppress(boxes, scores, NMS_IOU)
        return PersonBoxes(boxes[kept].astype(np.float32), scores[kept].astype(np.float32))


OUTPUTS = [f"{head}_{t}" for t in STRIDES for head in ("cls", "box")]


def scale_of(width: int, height: int) -> float:
    """The factor that scales a picture to the network's input."""
    return min(INPUT / width, INPUT / height)


def prepare(images: Sequence[Array]) -> Array:
    """The network's input (N, 3, 416, 416) float32 BGR: scaled into the upper left corner, on black."""
    height, width = images[0].shape[:2]
    scale = scale_of(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # What is outside the picture is black before the normalisation, as the published network had it.
    batch = np.empty((len(images), 3, INPUT, INPUT), np.float32)
    batch[:] = (-BGR_MEAN / BGR_STD)[:, None, None]
    shrinking = scale < 1
    for out, image in zip(batch, images, strict=True):
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
        # Planes that lie together in memory are normalised five times faster than strided ones.
        for channel, plane in enumerate(reversed(cv2.split(small))):
            np.multiply(plane, 1 / BGR_STD[channel], out=out[channel, : size[1], : size[0]], dtype=np.float32)
            out[channel, : size[1], : size[0]] -= BGR_MEAN[channel] / BGR_STD[channel]
    return batch


def _decode(scores: Array, bins: Array, stride: int, min_score: float) -> tuple[Array, Array]:
    """Corners (K, 4) in pixels of the network's input, and scores (K,), of one head of one picture."""
    cells = np.flatnonzero(scores > min_score)
    grid = INPUT // stride
    centres = (np.stack([cells % grid, cells // grid], axis=1) + 0.5) * stride
    weights = np.exp(bins[cells].reshape(-1, 4, BINS))
    sides = (weights @ np.arange(BINS)) / weights.sum(axis=2) * stride
    return np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1), scores[cells]
