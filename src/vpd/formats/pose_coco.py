"""Read COCO keypoint results, and the files of the reference implementation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.json_file import read_json
from vpd.formats.pose_joints import order_map
from vpd.formats.pose_reading import GivenPose, GivenPoses, frame_number, person, triples


def read_coco(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Read a list of ``{"image_id" or "frame": number, "keypoints": [x, y, score] * 17, "score": s}``. The
    picture's number is the frame's. ``athlete`` or ``track_id`` is optional. Raises LabelError.
    """
    poses: list[GivenPose] = []
    joints = order_map(17, path)
    for place, entry in enumerate(read_json(path)):
        where = f"{path}, entry {place}"
        try:
            frame = frame_number(entry["frame"] if "frame" in entry else entry["image_id"], where)
            named = entry.get("athlete", entry.get("track_id"))
            points = triples(entry["keypoints"], where)
            if len(points) != 17:
                raise LabelError(f"{where}: {len(points)} keypoints, expected COCO's 17")
            score = float(entry["score"]) if "score" in entry else None
            athlete = None if named is None else int(named)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LabelError(f"{where} is not as COCO keypoint results are: {error!r}.") from error
        pose = person(frame, athlete, points, joints, score)
        poses += [] if pose is None else [pose]
    return GivenPoses("COCO", poses)


def read_reference(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """The reference implementation's ``coco_keypoints.json.gz`` (jhong93/vpd, README, "2D pose format"):
    ``[[frame, [[score, [x, y, w, h], [[x, y, score] * 17]], ...]], ...]``; the first person of a frame is the
    athlete, as in its ``dummy_2d_features.py``. Raises LabelError.
    """
    poses: list[GivenPose] = []
    joints = order_map(17, path)
    for place, row in enumerate(read_json(path)):
        where = f"{path}, entry {place}"
        try:
            number, people = row
            frame = frame_number(number, where)
            for score, _, keypoints in people:
                points = triples([value for point in keypoints for value in _three(point)], where)
                if len(points) != 17:
                    raise LabelError(f"{where}: {len(points)} keypoints, expected COCO's 17")
                pose = person(frame, None, points, joints, float(score))
                poses += [] if pose is None else [pose]
        except (TypeError, ValueError) as error:
            raise LabelError(
                f"{where} is not as the reference implementation writes it: {error!r}."
            ) from error
    return GivenPoses("reference", poses, first_is_best=True)


def _three(point: Any) -> Any:
    if len(point) != 3:
        raise ValueError(f"a keypoint of {len(point)} numbers")
    return point
