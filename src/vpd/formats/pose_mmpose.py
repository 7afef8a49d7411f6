"""Read predictions of MMPose 1: of its demos (with ``meta_info``) and of its inferencer (a list)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vpd.errors import LabelError
from vpd.formats.json_file import read_json
from vpd.formats.pose_joints import JointMap, joint_map, order_map
from vpd.formats.pose_reading import GivenPose, GivenPoses, frame_number, numbers, person


def is_mmpose(content: Any) -> bool:
    """Whether the content is of one of the two kinds."""
    if isinstance(content, dict):
        return "instance_info" in content
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and "instances" in first


def read_mmpose(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Read points by their names in ``meta_info``; without it, in COCO's order or another that their number
    determines.

    The demos count frames from 1, the inferencer from 0. Raises LabelError.
    """
    content = read_json(path)
    named = isinstance(content, dict)
    try:
        frames: Sequence[Any] = content["instance_info"] if named else content
        names = _names(content.get("meta_info") or {}) if named else []
        joints: JointMap | None = joint_map(names, path, own) if names else None
        first = frame_number(frames[0]["frame_id"], path) if frames and "frame_id" in frames[0] else 0
        begins = 1 if named and first else 0
        poses: list[GivenPose] = []
        for place, frame in enumerate(frames):
            where = f"{path}, frame {place}"
            number = frame_number(frame.get("frame_id", place + begins), where) - begins
            for one in frame["instances"]:
                points = _points(one, where)
                joints = joints or order_map(len(points), where)
                if len(points) <= joints.places.max():
                    raise LabelError(f"{where}: a person has {len(points)} points, fewer than named")
                pose = person(number, _track(one), points, joints, _score(one))
                poses += [] if pose is None else [pose]
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise LabelError(f"{path} is not as MMPose writes it: {error!r} is missing or wrong.") from error
    joints = joints or order_map(17, path)
    return GivenPoses("MMPose", poses, joints.missing, joints.left_out)


def _names(meta: Mapping[str, Any]) -> list[str]:
    by_id = meta.get("keypoint_id2name") or {}
    return [str(by_id[str(i)] if str(i) in by_id else by_id[i]) for i in range(len(by_id))]


def _points(one: Mapping[str, Any], where: str) -> Any:
    xy = [numbers(point, where) for point in one["keypoints"]]
    scores = numbers(one["keypoint_scores"], where)
    if len(scores) != len(xy) or any(len(point) != 2 for point in xy):
        raise LabelError(f"{where}: its points are not x, y (of a 3D model?) or have not a score each")
    return np.c_[np.array(xy).reshape(-1, 2), scores]


def _track(one: Mapping[str, Any]) -> int | None:
    named = one.get("track_id")
    return None if named is None else frame_number(named, "track_id")


def _score(one: Mapping[str, Any]) -> float | None:
    found = one.get("bbox_score")
    return None if found is None else float(np.ravel(found)[0])
