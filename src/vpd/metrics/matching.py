"""Which detection finds which event: the ranked matching that average precision and error kinds share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vpd.types import Array, Detection, Segment


def spans(segments: Sequence[Segment]) -> Array:
    """(N, 2) float64, start and end in seconds."""
    return np.array([(s.start_s, s.end_s) for s in segments], np.float64).reshape(-1, 2)


def temporal_iou(first: Array, second: Array) -> Array:
    """Temporal intersection over union of (N, 2) and (M, 2) spans: (N, M) in 0..1."""
    starts = np.maximum(first[:, None, 0], second[None, :, 0])
    ends = np.minimum(first[:, None, 1], second[None, :, 1])
    shared = np.clip(ends - starts, 0, None)
    lengths = (first[:, 1] - first[:, 0])[:, None] + (second[:, 1] - second[:, 0])[None, :]
    overlap: Array = shared / (lengths - shared)
    return overlap


def middles(segments: Sequence[Segment]) -> Array:
    """(N,) float64, the middle of each segment in seconds: where an event that is a point lies."""
    middle: Array = spans(segments).mean(axis=1)
    return middle


def ranked(detections: Sequence[Detection]) -> list[Detection]:
    """Surest first; equally sure ones keep their order."""
    return sorted(detections, key=lambda d: -d.score)


@dataclass(frozen=True, eq=False)
class Nearness:
    """How near each detection lies to each event of its video, larger being nearer.

    Attributes
    ----------
    events : for every detection the indices of the events of its video and athlete.
    nearness : for every detection, parallel to ``events``, the temporal IoU or minus the distance in seconds.
    """

    events: list[Array]
    nearness: list[Array]

    @cached_property
    def nearest(self) -> list[tuple[int, float]]:
        """For every detection the nearest event's index and nearness; (-1, -inf) without any."""
        best = [int(values.argmax()) if len(values) else -1 for values in self.nearness]
        return [
            (int(self.events[i][k]), float(self.nearness[i][k])) if k >= 0 else (-1, -np.inf)
            for i, k in enumerate(best)
        ]


def _same_athlete(truth: Sequence[Segment], detections: Sequence[Detection]) -> Array:
    """(N, M) bool, whether a detection may be of an event's athlete: None is any."""
    wanted = np.array([-1 if t.athlete is None else t.athlete for t in truth])
    found = np.array([-1 if d.athlete is None else d.athlete for d in detections])
    same: Array = (wanted[None, :] == found[:, None]) | (wanted[None, :] < 0) | (found[:, None] < 0)
    return same


def nearness(truth: Sequence[Segment], detections: Sequence[Detection], by_middle: bool = False) -> Nearness:
    """Compare each detection with the events of its video: by temporal IoU, or by the distance of middles.

    Labels are not looked at. An event of one athlete is not compared with a detection of another.
    """
    events_of: dict[str, list[int]] = defaultdict(list)
    for index, event in enumerate(truth):
        events_of[event.video].append(index)
    detections_of: dict[str, list[int]] = defaultdict(list)
    for index, detection in enumerate(detections):
        detections_of[detection.video].append(index)
    result = Nearness([np.empty(0, np.int64)] * len(detections), [np.empty(0)] * len(detections))
    for video, found in detections_of.items():
        indices = np.array(events_of.get(video, []), np.int64)
        events, own = [truth[i] for i in indices], [detections[i] for i in found]
        if by_middle:
            near = -np.abs(middles(own)[:, None] - middles(events)[None, :])
        else:
            near = temporal_iou(spans(own), spans(events))
        keep = _same_athlete(events, own)
        for row, i in enumerate(found):
            result.events[i], result.nearness[i] = indices[keep[row]], near[row, keep[row]]
    return result


def match(near: Nearness, n_truth: int, at_least: float) -> Array:
    """The event that each detection finds, or -1: (N,) int64, for detections in the order of their rank.

    As ActivityNet's evaluation does: a detection takes the nearest event that is near enough and that no
    surer detection has taken. An event is found once.
    """
    taken = np.zeros(n_truth, bool)
    found = np.full(len(near.events), -1, np.int64)
    for i, (event, value) in enumerate(near.nearest):
        if value < at_least:
            continue
        if not taken[event]:
            found[i] = event
        else:
            events, values = near.events[i], near.nearness[i]
            free = (values >= at_least) & ~taken[events]
            if not free.any():
                continue
            found[i] = events[np.argmax(np.where(free, values, -np.inf))]
        taken[found[i]] = True
    return found
