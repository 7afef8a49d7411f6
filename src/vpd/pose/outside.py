"""Poses of other programs, as `vpd.formats.poses` reads them, by athlete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vpd.athletes.boxes import iou
from vpd.formats.poses import GivenPose, GivenPoses, read_given
from vpd.pose.estimation import joint_boxes
from vpd.types import Array, PoseSequence, Track

LEAST_IOU = 0.1
"""A pose belongs to a track where the IoU of its joints' box and the track's box is at least this."""


def read_poses(
    path: Path, tracks: Sequence[Track] | None = None, joints: Mapping[str, str] | None = None
) -> list[PoseSequence]:
    """Read the poses in ``path``, a file or folder of a program that `vpd.formats.poses` supports, by
    athlete.

    Parameters
    ----------
    tracks : each takes in every frame the pose that overlaps its box most. Without, people are distinguished
        by the file's own numbers; where these are missing, a frame's best is athlete 0.
    joints : the user's table of points.

    Raises LabelError for what is not understood whole.
    """
    return by_athlete(read_given(path, joints), tracks)


def by_athlete(given: GivenPoses, tracks: Sequence[Track] | None = None) -> list[PoseSequence]:
    """`read_poses` for poses that were read already."""
    if tracks is not None:
        return [_of_track(track, given.poses) for track in tracks]
    return _by_number(given.poses, given.first_is_best)


def _sequence(athlete: int, poses: dict[int, Array]) -> PoseSequence:
    frames = sorted(poses)
    keypoints = np.stack([poses[f] for f in frames]) if frames else np.empty((0, 17, 3), np.float32)
    return PoseSequence(athlete, np.array(frames, np.int64), keypoints)


def _by_number(found: list[GivenPose], first_is_best: bool) -> list[PoseSequence]:
    best: dict[int, dict[int, GivenPose]] = {}
    for pose in found:
        mine = best.setdefault(pose.athlete or 0, {})
        known = mine.get(pose.frame)
        if known is None or (not first_is_best and pose.score > known.score):
            mine[pose.frame] = pose
    return [_sequence(a, {f: p.keypoints for f, p in best[a].items()}) for a in sorted(best)]


def _of_track(track: Track, found: list[GivenPose]) -> PoseSequence:
    rows = {frame: row for row, frame in enumerate(track.frames.tolist())}
    here = [pose for pose in found if pose.frame in rows]
    if not here:
        return _sequence(track.athlete, {})
    boxes, sure = joint_boxes(np.stack([pose.keypoints for pose in here]))
    best: dict[int, tuple[float, Array]] = {}
    for pose, box, usable in zip(here, boxes, sure, strict=True):
        overlap = float(iou(box, track.boxes[rows[pose.frame]])[0, 0]) if usable else 0.0
        if overlap >= max(LEAST_IOU, best.get(pose.frame, (0.0,))[0]):
            best[pose.frame] = (overlap, pose.keypoints)
    return _sequence(track.athlete, {frame: keypoints for frame, (_, keypoints) in best.items()})
