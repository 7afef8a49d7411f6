"""Read the JSON files that OpenPose, Pose2Sim and Sports2D write for each frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.json_file import read_json
from vpd.formats.pose_joints import JointMap, order_map
from vpd.formats.pose_reading import GivenPose, GivenPoses, number_in, person, triples


def read_openpose(folder: Path, own: Mapping[str, str]) -> GivenPoses:
    """Read a folder with a file for each frame: BODY_25, COCO, Halpe, COCO-WholeBody. The last number in a
    file's name is the frame's.

    ``person_id`` identifies a person where the file has it. Raises LabelError.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".json")
    if not files:
        raise LabelError(f"{folder} holds no JSON file of a frame.")
    poses: list[GivenPose] = []
    maps: dict[int, JointMap] = {}
    seen: dict[int, Path] = {}
    for path in files:
        frame = number_in(path.stem, path)
        if seen.setdefault(frame, path) != path:
            raise LabelError(f"{path} and {seen[frame].name} are both of frame {frame}.")
        for place, one in enumerate(_people(read_json(path), path)):
            where = f"{path}, person {place}"
            points = triples(_points(one, where), where)
            joints = maps.setdefault(len(points), order_map(len(points), where))
            pose = person(frame, _number(one), points, joints)
            poses += [] if pose is None else [pose]
    if len(maps) > 1:
        raise LabelError(
            f"{folder}: people of {' and of '.join(map(str, maps))} points: of several programs?"
        )
    joints = next(iter(maps.values()), order_map(25, folder))
    return GivenPoses("OpenPose", poses, joints.missing, joints.left_out)


def _people(content: Any, path: Path) -> list[Any]:
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise LabelError(f"{path} has no list of people, as OpenPose writes it.")
    return people


def _points(one: Any, where: str) -> list[Any]:
    points = one.get("pose_keypoints_2d") if isinstance(one, dict) else None
    if not isinstance(points, list):
        raise LabelError(f"{where}: pose_keypoints_2d is missing")
    return points


def _number(one: Mapping[str, Any]) -> int | None:
    named = one.get("person_id")
    named = named[0] if isinstance(named, list) and named else named
    return named if isinstance(named, int) and not isinstance(named, bool) and named >= 0 else None
