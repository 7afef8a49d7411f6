"""Read TRC files in pixels, as Sports2D writes them: one file for each person (NAME_px_person00.trc)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import read_bytes
from vpd.formats.pose_joints import JointMap, joint_map
from vpd.formats.pose_reading import GivenPose, GivenPoses, frame_number, numbers, person
from vpd.library.encodings import decode

_PERSON = re.compile(r"person_?(\d+)", re.IGNORECASE)


def read_trc_folder(folder: Path, own: Mapping[str, str]) -> GivenPoses:
    """Read all people of a folder of TRC files. Raises LabelError."""
    found = [read_trc(path, own) for path in sorted(folder.glob("*.trc"))]
    poses = [pose for one in found for pose in one.poses]
    return GivenPoses("TRC", poses, found[0].missing, found[0].left_out)


def read_trc(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Read the person of a file. The number is that of its name, else 0. A frame is its time multiplied by
    the data rate.

    The format has no scores: existing joints get 1. Raises LabelError, also for metres.
    """
    try:
        lines = decode(read_bytes(path)).text.splitlines()
    except LabelError:
        raise
    except InputError as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    rate, names = _header(lines, path)
    joints: JointMap = joint_map(names, path, own)
    match = _PERSON.search(path.stem)
    athlete = int(match[1]) if match else 0
    poses: list[GivenPose] = []
    for line, text in enumerate(lines[5:], start=6):
        if not text.strip():
            continue
        where = f"{path}, line {line}"
        cells = text.split("\t")
        values = numbers(("" if c.strip().casefold() == "nan" else c.strip() for c in cells[1:]), where)
        if len(values) < 1 + 3 * len(names) or np.isfinite(values[1 + 3 * len(names) :]).any():
            raise LabelError(f"{where}: the row has not x, y and z of {len(names)} markers")
        points = values[1 : 1 + 3 * len(names)].reshape(-1, 3)
        there = np.isfinite(points[:, :2]).all(1) & (points[:, :2] != 0).any(1)
        points[:, 2] = there
        pose = person(frame_number(round(values[0] * rate), where), athlete, points, joints)
        poses += [] if pose is None else [pose]
    return GivenPoses("TRC", poses, joints.missing, joints.left_out)


def _header(lines: list[str], path: Path) -> tuple[float, list[str]]:
    """The data rate and the markers' names."""
    try:
        if not lines[0].startswith("PathFileType"):
            raise ValueError("PathFileType")
        fields = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
        rate = float(fields["DataRate"])
        columns = lines[3].rstrip("\r\n").split("\t")
        if columns[:2] != ["Frame#", "Time"] or not rate > 0:
            raise ValueError("Frame#, Time or DataRate")
    except (IndexError, KeyError, ValueError) as error:
        raise LabelError(f"{path} is not as TRC files are: {error!r} is missing or wrong.") from error
    return rate, [name.strip() for name in columns[2:] if name.strip()]
