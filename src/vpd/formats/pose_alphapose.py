"""Read AlphaPose's alphapose-results.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.json_file import read_json
from vpd.formats.pose_joints import JointMap, order_map
from vpd.formats.pose_reading import GivenPose, GivenPoses, number_in, person, triples


def is_alphapose(content: Any) -> bool:
    """Whether the content names a picture's file in each entry."""
    return (
        isinstance(content, list)
        and bool(content)
        and isinstance(content[0], dict)
        and isinstance(content[0].get("image_id"), str)
        and "keypoints" in content[0]
    )


def read_alphapose(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Read one entry for each person and frame: COCO, Halpe-26, Halpe-136. The frame is the number of its
    picture's file.

    ``idx`` identifies people where AlphaPose tracked them. Raises LabelError.
    """
    poses: list[GivenPose] = []
    maps: dict[int, JointMap] = {}
    for place, entry in enumerate(read_json(path)):
        where = f"{path}, entry {place}"
        try:
            frame = number_in(Path(str(entry["image_id"])).stem, where)
            points = triples(entry["keypoints"], where)
            joints = maps.setdefault(len(points), order_map(len(points), where))
            pose = person(frame, _track(entry), points, joints, float(entry.get("score", 0)))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
        poses += [] if pose is None else [pose]
    if len(maps) > 1:
        raise LabelError(f"{path}: people of {' and of '.join(map(str, maps))} points.")
    joints = next(iter(maps.values()))
    return GivenPoses("AlphaPose", poses, joints.missing, joints.left_out)


def _track(entry: Mapping[str, Any]) -> int | None:
    idx = entry.get("idx")
    while isinstance(idx, list) and idx:
        idx = idx[0]
    return None if idx is None or isinstance(idx, list) or int(idx) < 0 else int(idx)
