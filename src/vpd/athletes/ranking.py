"""Rank the tracks of a shot by the likelihood that each is its main person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vpd.athletes.bytetrack import Tracklet
from vpd.types import Array

LIVELY = 0.25
"""Standard deviation of the logarithm of width over height from which on the motion score is 1. Measured on
tennis: players 0.1 to 0.37, people who sit or stand below 0.1.
"""


@dataclass(frozen=True)
class Rank:
    """The score of one track of a shot, in parts of 0..1; ``score`` decides the order.

    size : geometric mean of the box's sides, as a share of the picture's.
    centrality : 1 in the middle of the picture, 0 in its corners.
    duration : share of the shot in which the person was found.
    motion : how much the outline of the body changes; independent of how the camera moves.
    """

    score: float
    size: float
    centrality: float
    duration: float
    motion: float

    def explained(self) -> dict[str, Any]:
        """The parts, rounded, for the notes of an artefact."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def rank(tracklet: Tracklet, width: int, height: int, looks: int) -> Rank:
    """The rank of ``tracklet`` in a shot, in which people were detected in ``looks`` frames."""
    boxes = np.stack(tracklet.boxes).astype(np.float64)
    sides = np.sqrt(boxes[:, 2] * boxes[:, 3] / (width * height))
    size = float(np.median(sides))
    centres = (boxes[:, :2] + boxes[:, 2:] / 2) / (width, height) - 0.5
    centrality = float(1 - np.median(np.hypot(*centres.T)) / np.hypot(0.5, 0.5))
    duration = len(boxes) / looks
    motion = _liveliness(boxes)
    # Size counts in full and duration nearly so: the camera shows its subject large and stays with it. Place
    # and motion only decide between people of like size.
    score = size * duration * (0.5 + 0.5 * centrality) * (0.5 + 0.5 * motion)
    return Rank(score, size, centrality, duration, motion)


def _liveliness(boxes: Array) -> float:
    outline = np.log(boxes[:, 2] / boxes[:, 3])
    return float(min(1.0, outline.std() / LIVELY))
