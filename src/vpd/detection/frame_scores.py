"""Probabilities that each tick of an athlete lies in a segment of each class, and their decoding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vpd.detection.proposals import Decoding, Lengths, peaks, propose
from vpd.detection.timeline import Timeline
from vpd.types import Array, Detection


@dataclass(frozen=True, eq=False)
class FrameScores:
    """Scores of one athlete at a fixed rate.

    Attributes
    ----------
    timeline : what was scored.
    probabilities : (T, 1 + C) float32, of the background and of each class; rows sum to 1.
    edges : (T, 2) ticks from each to the start and to the end of the segment that it would lie in, or None.
    """

    timeline: Timeline
    probabilities: Array
    classes: tuple[str, ...]
    edges: Array | None = None

    @property
    def video(self) -> str:
        """The video's id."""
        return self.timeline.video

    @property
    def athlete(self) -> int:
        """The athlete's number within the video."""
        return self.timeline.athlete

    @property
    def times_s(self) -> Array:
        """(T,) float64, the time of each tick."""
        return self.timeline.times_s

    @property
    def action(self) -> Array:
        """(T,) probability that each tick lies in a segment of any class."""
        surely: Array = 1 - self.probabilities[:, 0]
        return surely


def mixed(first: FrameScores, second: FrameScores, weight: float) -> FrameScores:
    """The mean of two scores, tick by tick, in which the second has the weight ``weight``. Edges are the
    first's.
    """
    return replace(first, probabilities=(1 - weight) * first.probabilities + weight * second.probabilities)


Interval = tuple[FrameScores, Array]
"""Scores of an athlete, and spans (N, 2) of its ticks."""
Named = tuple[list[str], Array]
"""A class for each span, and how probable it is (N,)."""
Name = Callable[[Sequence[Interval]], list[Named]]
"""A function that names the classes of the spans of all athletes."""


def class_shares(scores: FrameScores, spans: Array) -> Array:
    """(N, C) share of each class in the summed action scores of the ticks of spans (N, 2)."""
    probabilities = scores.probabilities[:, 1:].astype(np.float64)
    totals = np.concatenate([np.zeros((1, probabilities.shape[1])), probabilities.cumsum(axis=0)])
    held = totals[spans[:, 1]] - totals[spans[:, 0]]
    shares: Array = held / np.maximum(held.sum(axis=1, keepdims=True), 1e-12)
    return shares


def most_scored(intervals: Sequence[Interval]) -> list[Named]:
    """The class with the largest score within each span, taken for sure."""
    return [
        ([scores.classes[i] for i in class_shares(scores, spans).argmax(axis=1)], np.ones(len(spans)))
        for scores, spans in intervals
    ]


def _ticks_of(scores: FrameScores, spans: Array, margin: int = 0) -> Array:
    """(N, 2) whole ticks that spans (N, 2) touch, at least one each, with ``margin`` more on either side."""
    ticks = len(scores.times_s)
    starts = np.clip(np.floor(spans[:, 0]).astype(int), 0, ticks - 1)
    stops = np.clip(np.ceil(spans[:, 1]).astype(int), starts + 1, ticks)
    return np.stack([np.maximum(starts - margin, 0), np.minimum(stops + margin, ticks)], axis=1)


def _ranked(
    scores: Sequence[FrameScores],
    proposals: Sequence[tuple[Array, Array]],
    rate_hz: float,
    name: Name,
    margin: int = 0,
) -> list[Detection]:
    """Detections in order of falling score: that of the proposal, times the probability of its name."""
    intervals = [
        (one, _ticks_of(one, spans, margin)) for one, (spans, _) in zip(scores, proposals, strict=True)
    ]
    found = []
    for one, (spans, values), (labels, likely) in zip(scores, proposals, name(intervals), strict=True):
        begin_s = float(one.times_s[0]) if len(one.times_s) else 0.0
        # A point on the first tick reaches to before it, but not to before the video.
        least_s = min(0.0, begin_s)
        for (start, stop), value, label in zip(spans, values * likely, labels, strict=True):
            start_s, stop_s = float(begin_s + start / rate_hz), float(begin_s + stop / rate_hz)
            found.append(
                Detection(one.video, max(least_s, start_s), stop_s, one.athlete, label, float(value))
            )
    return sorted(found, key=lambda d: -d.score)


def detect_intervals(
    scores: Sequence[FrameScores],
    rate_hz: float,
    lengths: Lengths,
    decoding: Decoding,
    name: Name = most_scored,
) -> list[Detection]:
    """Intervals of all athletes in order of falling score, with the classes that ``name`` gives them."""
    proposals = [
        propose(one.action, rate_hz, lengths, decoding, one.edges, one.timeline.motion) for one in scores
    ]
    return _ranked(scores, proposals, rate_hz, name)


def detect_points(
    scores: Sequence[FrameScores],
    rate_hz: float,
    radius_s: float,
    decoding: Decoding,
    name: Name = most_scored,
) -> list[Detection]:
    """Points of all athletes as segments one tick long, in order of falling score. ``name`` sees the radius
    around them.

    ``radius_s`` is the distance in seconds around a point within which scores were trained to be high. Two
    points of an athlete lie at least ``decoding.merge_gap`` radii apart.
    """
    apart = decoding.merge_gap * radius_s * rate_hz
    proposals = []
    for one in scores:
        ticks, values = peaks(one.action, apart, decoding.smoothing * radius_s * rate_hz)
        proposals.append((np.stack([ticks, ticks + 1], axis=1), values))
    return _ranked(scores, proposals, rate_hz, name, round(radius_s * rate_hz))
