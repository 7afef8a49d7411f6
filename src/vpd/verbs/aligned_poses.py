"""Two executions in step, their poses, and the words for where in an execution something is."""

from __future__ import annotations

from typing import Any

import numpy as np

from vpd.dtw import FALLBACK, Alignment, dtw_path
from vpd.errors import unknown_name
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.pose.skeleton import BODY13, COCO17, MIRROR13
from vpd.strings import Sentence
from vpd.teachers.joints2d import normalise, torso_lengths
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

TORSO = 0.5
"""Median, over an execution, of the largest distance between shoulders and hips."""


def in_step(first: FeatureSequence, second: FeatureSequence, mirror: str) -> tuple[Alignment, int]:
    """The path between two executions, and the orientation of the second, as ``mirror`` asks or as is nearer.

    ``mirror`` is "no", "yes" or "auto". Raises InputError for another.
    """
    known = {"auto": [REGULAR, MIRRORED], "no": [REGULAR], "yes": [MIRRORED]}
    if mirror not in known:
        raise unknown_name("way to mirror", mirror, known)
    x = first.values[:, REGULAR]
    found = [(dtw_path(x, second.values[:, o], FALLBACK), o) for o in known[mirror]]
    return min(found, key=lambda pair: pair[0].distance)


def poses_of(layout: Layout, sequence: FeatureSequence, rows: Array, mirrored: bool = False) -> Array | None:
    """Normalised poses (L, 13, 2) of rows of a sequence, NaN where a frame has none; None without poses.

    All have one scale, by which the median torso is `TORSO` long. With a scale for each pose, a torso that is
    seen from above or guessed too small would send hands and feet far away.
    """
    path = layout.poses(sequence.video)
    if not path.is_file():
        return None
    of_athlete = [p for p in read_poses(path) if p.athlete == sequence.athlete]
    if not of_athlete:
        return None
    poses = of_athlete[0]
    frames = sequence.frames[rows]
    places = np.searchsorted(poses.frames, frames).clip(0, len(poses.frames) - 1)
    keypoints = poses.keypoints[places]
    torsos = torso_lengths(keypoints)
    usual = float(np.median(torsos)) or 1.0
    points: Array = normalise(keypoints).astype(np.float64) * (torsos / usual)[:, None, None]
    points[poses.frames[places] != frames] = np.nan
    if mirrored:
        points = points[:, MIRROR13] * np.array([-1.0, 1.0])
    return points


def plain_poses(points: Array | None) -> list[Any]:
    """(L, 13, 2) as lists in the order of the 17 joints. Unknown values are None."""
    if points is None:
        return []
    found: list[Any] = []
    for pose in points:
        joints: list[Any] = [None] * len(COCO17)
        for joint, (x, y) in zip(BODY13, pose, strict=True):
            joints[joint] = [round(float(x), 4), round(float(y), 4)] if np.isfinite(x + y) else None
        found.append(joints)
    return found


def joint_name(joint: int) -> Sentence:
    """The name of a joint of the 17 of COCO."""
    return Sentence(f"joint_{COCO17[joint]}")


def phase(query_s: Array, span: slice) -> Sentence:
    """Name the part of the first segment in which a span of the path lies."""
    middle = (query_s[span][0] + query_s[span][-1]) / 2
    share = (middle - query_s[0]) / max(float(query_s[-1] - query_s[0]), 1e-9)
    return Sentence(("phase_beginning", "phase_middle", "phase_end")[min(2, int(3 * share))])
