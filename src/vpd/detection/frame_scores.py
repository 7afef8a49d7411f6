"""How surely each tick of an athlete lies in an event of each class, and the detections read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vpd.detection.proposals import Decoding, Lengths, peaks, propose
from vpd.types import Array, Detection


@dataclass(frozen=True, eq=False)
class FrameScores:
    """Scores of one athlete at a fixed rate.

    Attributes
    ----------
    times_s : (T,) float64.
    chances : (T, 1 + C) float32, of the background and of each class; rows sum to 1.
    """

    video: str
    athlete: int
    times_s: Array
    chances: Array
    classes: tuple[str, ...]

    @property
    def action(self) -> Array:
        """(T,) how surely each tick lies in an event of any class."""
        surely: Array = 1 - self.chances[:, 0]
        return surely


def mixed(first: FrameScores, second: FrameScores, weight: float) -> FrameScores:
    """``weight`` parts of the second and the rest of the first, tick by tick."""
    return replace(first, chances=(1 - weight) * first.chances + weight * second.chances)


def _labels(scores: FrameScores, starts: Array, stops: Array) -> list[str]:
    """The class with most score within each span."""
    totals = np.concatenate([np.zeros((1, len(scores.classes))), scores.chances[:, 1:].cumsum(axis=0)])
    best = (totals[stops] - totals[starts]).argmax(axis=1)
    return [scores.classes[i] for i in best]


def _detections(scores: FrameScores, spans: Array, values: Array, rate_hz: float) -> list[Detection]:
    ticks = len(scores.times_s)
    starts = np.clip(np.floor(spans[:, 0]).astype(int), 0, ticks - 1)
    stops = np.clip(np.ceil(spans[:, 1]).astype(int), starts + 1, ticks)
    begin_s = scores.times_s[0] if ticks else 0.0
    return [
        Detection(
            scores.video,
            max(0.0, float(begin_s + start / rate_hz)),
            float(begin_s + stop / rate_hz),
            scores.athlete,
            label,
            float(value),
        )
        for (start, stop), value, label in zip(spans, values, _labels(scores, starts, stops), strict=True)
    ]


def detect_intervals(
    scores: Sequence[FrameScores], rate_hz: float, lengths: Lengths, decoding: Decoding
) -> list[Detection]:
    """Intervals of all athletes, surest first; each has the class with most score within."""
    found = []
    for one in scores:
        spans, values = propose(one.action, rate_hz, lengths, decoding)
        found += _detections(one, spans, values, rate_hz)
    return sorted(found, key=lambda d: -d.score)


def detect_points(
    scores: Sequence[FrameScores], rate_hz: float, radius_s: float, decoding: Decoding
) -> list[Detection]:
    """Points of all athletes as segments one tick long, surest first.

    ``radius_s``: how far around a point the scores were trained to be high. No two points of an athlete lie
    nearer than ``decoding.merge_gap`` radii.
    """
    found = []
    for one in scores:
        apart = decoding.merge_gap * radius_s * rate_hz
        ticks, values = peaks(one.action, apart, decoding.smoothing * radius_s * rate_hz)
        found += _detections(one, np.stack([ticks, ticks + 1], axis=1), values, rate_hz)
    return sorted(found, key=lambda d: -d.score)
