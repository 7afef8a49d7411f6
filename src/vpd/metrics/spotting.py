"""Average precision of segments that are points: right within a tolerance of time.

A point is the middle of its segment, so that intervals and points share one container; a point given alone is
a segment one frame long. Tolerances are seconds; one of n frames is ``frames_to_seconds(n, fps)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpd.metrics.average_precision import DetectionScore, by_class, curve
from vpd.metrics.matching import match, nearness, ranked
from vpd.types import Array, Detection, Segment

ROUNDING_S = 1e-6
"""Largest difference, in seconds, that rounding alone makes between times that are frames divided by a
rate.
"""


def frames_to_seconds(frames: float, fps: float) -> float:
    """The tolerance in seconds of ``frames`` in a video of ``fps`` frames a second."""
    return frames / fps


def spotting_average_precision(
    truth: Sequence[Segment], detections: Sequence[Detection], tolerances_s: Sequence[float]
) -> Array:
    """Average precision (K,) within each tolerance, without regard to labels; NaN where truth is empty.

    In order of falling score, each detection finds the nearest segment that no earlier one has found, if it
    lies within the tolerance. The curve is interpolated as in ``average_precision``.
    """
    if not truth:
        return np.full(len(tolerances_s), np.nan)
    order = ranked(detections)
    near = nearness(truth, order, by_middle=True)
    scores = np.array([d.score for d in order])
    return np.array(
        [
            curve(match(near, len(truth), -t - ROUNDING_S) >= 0, len(truth), scores).average_precision
            for t in tolerances_s
        ]
    )


def mean_spotting_average_precision(
    truth: Sequence[Segment], detections: Sequence[Detection], tolerances_s: Sequence[float]
) -> DetectionScore:
    """`spotting_average_precision` of every class that occurs in ``truth``."""
    return by_class(spotting_average_precision, truth, detections, tolerances_s)
