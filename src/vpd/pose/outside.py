"""Poses from outside: COCO keypoint results, and the reference implementation's files."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vpd.athletes.boxes import iou
from vpd.errors import InputError
from vpd.pose.estimation import joint_boxes
from vpd.types import Array, PoseSequence, Track

LEAST_IOU = 0.1
"""A pose belongs to a track only where its joints' box overlaps the track's box at least so much."""


@dataclass(frozen=True, eq=False)
class _Found:
    frame: int
    athlete: int | None
    score: float
    keypoints: Array


def read_poses(path: Path, tracks: Sequence[Track] | None = None) -> list[PoseSequence]:
    """The poses in ``path``, JSON or gzipped JSON, in one of two formats that are told apart by their shape.

    - COCO keypoint results: a list of ``{"image_id" or "frame": number, "keypoints": [x, y, score] * 17,
      "score": s}``, where the picture's number is the frame's; an ``athlete`` or ``track_id`` may be there.
    - The reference implementation's ``coco_keypoints.json.gz`` (jhong93/vpd, README, "2D pose format"):
      ``[[frame, [[score, [x, y, w, h], [[x, y, score] * 17]], ...]], ...]``; the first person of a frame is
      the athlete, as in its ``dummy_2d_features.py``.

    With ``tracks``, each track takes in every frame the pose that overlaps its box most. Without, people are
    told apart by ``athlete`` or ``track_id``; where these are missing, a frame's best is athlete 0.

    Raises InputError for what cannot be read.
    """
    content = _load(path)
    if not isinstance(content, list):
        raise InputError(f"{path} holds no list of poses")
    try:
        if content and isinstance(content[0], dict):
            found, best_first = [_coco(entry) for entry in content], False
        else:
            found, best_first = [_reference(*person) for person in _people(content)], True
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"{path} is neither COCO keypoint results nor the reference format: {error!r}"
        ) from error
    if tracks is not None:
        return [_of_track(track, found) for track in tracks]
    return _by_athlete(found, best_first)


def _load(path: Path) -> Any:
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        return json.loads(raw)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error


def _pose(values: Any) -> Array:
    keypoints = np.array(values, np.float32).reshape(17, 3)
    if not np.isfinite(keypoints).all():
        raise ValueError("a keypoint is not a finite number")
    # COCO's hand-made annotations mark visibility 0..2 where results have a score in 0..1.
    keypoints[:, 2] = keypoints[:, 2].clip(0, 1)
    return keypoints


def _coco(entry: dict[str, Any]) -> _Found:
    frame = int(entry["frame"] if "frame" in entry else entry["image_id"])
    named = entry.get("athlete", entry.get("track_id"))
    athlete = None if named is None else int(named)
    keypoints = _pose(entry["keypoints"])
    return _Found(frame, athlete, float(entry.get("score", keypoints[:, 2].mean())), keypoints)


def _people(content: list[Any]) -> list[tuple[int, list[Any]]]:
    return [(int(frame), person) for frame, people in content for person in people]


def _reference(frame: int, person: list[Any]) -> _Found:
    score, _, keypoints = person
    return _Found(frame, None, float(score), _pose(keypoints))


def _sequence(athlete: int, poses: dict[int, Array]) -> PoseSequence:
    frames = sorted(poses)
    keypoints = np.stack([poses[f] for f in frames]) if frames else np.empty((0, 17, 3), np.float32)
    return PoseSequence(athlete, np.array(frames, np.int64), keypoints)


def _by_athlete(found: list[_Found], first_is_best: bool) -> list[PoseSequence]:
    best: dict[int, dict[int, _Found]] = {}
    for pose in found:
        mine = best.setdefault(pose.athlete or 0, {})
        known = mine.get(pose.frame)
        if known is None or (not first_is_best and pose.score > known.score):
            mine[pose.frame] = pose
    return [_sequence(a, {f: p.keypoints for f, p in best[a].items()}) for a in sorted(best)]


def _of_track(track: Track, found: list[_Found]) -> PoseSequence:
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
