"""Match detections to segments in order of score, for average precision and for kinds of errors."""

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
    """(N,) float64, the middle of each segment in seconds. This is the time of a point."""
    middle: Array = spans(segments).mean(axis=1)
    return middle


def ranked(detections: Sequence[Detection]) -> list[Detection]:
    """Sort by falling score; equal scores keep their order."""
    return sorted(detections, key=lambda d: -d.score)


@dataclass(frozen=True, eq=False)
class Nearness:
    """How near each detection lies to each segment of its video. Larger is nearer.

    Attributes
    ----------
    segments : for every detection the indices of the segments of its video and athlete.
    nearness : for every detection, parallel to ``segments``, the temporal IoU, or minus the distance in
        seconds.
    """

    segments: list[Array]
    nearness: list[Array]

    @cached_property
    def nearest(self) -> list[tuple[int, float]]:
        """The index and nearness of the nearest segment of every detection; (-1, -inf) where there is
        none.
        """
        best = [int(values.argmax()) if len(values) else -1 for values in self.nearness]
        return [
            (int(self.segments[i][k]), float(self.nearness[i][k])) if k >= 0 else (-1, -np.inf)
            for i, k in enumerate(best)
        ]


def _same_athlete(truth: Sequence[Segment], detections: Sequence[Detection]) -> Array:
    """(N, M) bool, whether a detection may be of a segment's athlete. None stands for any athlete."""
    wanted = np.array([-1 if t.athlete is None else t.athlete for t in truth])
    found = np.array([-1 if d.athlete is None else d.athlete for d in detections])
    same: Array = (wanted[None, :] == found[:, None]) | (wanted[None, :] < 0) | (found[:, None] < 0)
    return same


def nearness(truth: Sequence[Segment], detections: Sequence[Detection], by_middle: bool = False) -> Nearness:
    """Compare each detection with the segments of its video: by temporal IoU, or by the distance of middles.

    Labels play no part. A segment of one athlete is not compared with a detection of another.
    """
    segments_of: dict[str, list[int]] = defaultdict(list)
    for index, segment in enumerate(truth):
        segments_of[segment.video].append(index)
    detections_of: dict[str, list[int]] = defaultdict(list)
    for index, detection in enumerate(detections):
        detections_of[detection.video].append(index)
    result = Nearness([np.empty(0, np.int64)] * len(detections), [np.empty(0)] * len(detections))
    for video, found in detections_of.items():
        indices = np.array(segments_of.get(video, []), np.int64)
        segments, own = [truth[i] for i in indices], [detections[i] for i in found]
        if by_middle:
            near = -np.abs(middles(own)[:, None] - middles(segments)[None, :])
        else:
            near = temporal_iou(spans(own), spans(segments))
        keep = _same_athlete(segments, own)
        for row, i in enumerate(found):
            result.segments[i], result.nearness[i] = indices[keep[row]], near[row, keep[row]]
    return result


def match(near: Nearness, n_truth: int, at_least: float) -> Array:
    """The segment that each detection finds, or -1: (N,) int64, for detections in the order of their rank.

    This is ActivityNet's rule: a detection takes the nearest segment that is near enough and that no
    detection of higher score has taken. A segment is found once.
    """
    taken = np.zeros(n_truth, bool)
    found = np.full(len(near.segments), -1, np.int64)
    for i, (segment, value) in enumerate(near.nearest):
        if value < at_least:
            continue
        if not taken[segment]:
            found[i] = segment
        else:
            segments, values = near.segments[i], near.nearness[i]
            free = (values >= at_least) & ~taken[segments]
            if not free.any():
                continue
            found[i] = segments[np.argmax(np.where(free, values, -np.inf))]
        taken[found[i]] = True
    return found
