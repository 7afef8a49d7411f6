"""How fast the fastest joint moves: it marks the moment of a blow, a kick or a throw within a segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from vpd.detection.inputs import displacements
from vpd.detection.timeline import Timeline
from vpd.types import REGULAR, Array, Segment

SPAN_S = 0.16
"""Speeds are displacements over this time in seconds."""
SMOOTH_S = 0.06
"""Standard deviation of the smoothing of speeds in seconds."""


def fastest_joint(joints: Array, valid: Array, rate_hz: float) -> Array:
    """(T,) float32 displacement over `SPAN_S` of the joint that moves most, smoothed; 0 where unknown.

    ``joints`` (T, J, 2) are normalised as `vpd.teachers.joints2d` does.
    """
    change = displacements(joints, valid, max(1, round(SPAN_S * rate_hz / 2)))
    fastest: Array = np.linalg.norm(change, axis=2).max(axis=1)
    smooth: Array = gaussian_filter1d(fastest, SMOOTH_S * rate_hz).astype(np.float32)
    return smooth


def split_joints(timeline: Timeline, size: int, rate_hz: float) -> Timeline:
    """Take the last ``size`` values, which are joints, out of a timeline, and note their motion."""
    joints = timeline.values[:, REGULAR, -size:].reshape(len(timeline), -1, 2)
    motion = fastest_joint(joints, timeline.valid, rate_hz)
    return replace(timeline, values=timeline.values[:, :, :-size], motion=motion)


def fastest_place(timelines: Sequence[Timeline], segments: Sequence[Segment]) -> float:
    """The usual place of the fastest moment within segments: 0 at the start, 1 at the end; their median.

    0.5 where no timeline knows its motion, or no segment lies on one.
    """
    places = []
    for segment in segments:
        for part in timelines:
            if (part.video, part.athlete) != (segment.video, segment.athlete) or part.motion is None:
                continue
            inside = (part.times_s >= segment.start_s) & (part.times_s < segment.end_s)
            if inside.any() and part.motion[inside].any():
                fastest_s = part.times_s[inside][part.motion[inside].argmax()]
                places.append((fastest_s - segment.start_s) / segment.duration_s)
    return float(np.median(places)) if places else 0.5
