"""Read DeepLabCut's CSV files of predictions, of one animal or several."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import read_bytes
from vpd.formats.pose_joints import joint_map
from vpd.formats.pose_reading import (
    GivenPose,
    GivenPoses,
    frame_number,
    number_in,
    numbers,
    person,
)
from vpd.library.encodings import decode

COORDINATES = ("x", "y", "likelihood")


def is_deeplabcut(head: str) -> bool:
    """Whether a CSV file that begins with ``head`` is DeepLabCut's."""
    return head.startswith("scorer,")


def read_deeplabcut(path: Path, own: Mapping[str, str]) -> GivenPoses:
    """Rows of header ``scorer``, perhaps ``individuals``, ``bodyparts``, ``coords``, then a row a frame.

    Individuals are athletes 0, 1 and so on, in their order. Raises LabelError.
    """
    rows = _rows(path)
    header = {
        row[0]: row for row in rows[:4] if row and row[0] in ("scorer", "individuals", "bodyparts", "coords")
    }
    if not {"scorer", "bodyparts", "coords"} <= set(header):
        raise LabelError(f"{path} lacks the rows bodyparts and coords of DeepLabCut's header.")
    first = header["coords"].index(next((c for c in header["coords"] if c in COORDINATES), "coords"))
    parts, coordinates = header["bodyparts"][first:], header["coords"][first:]
    of = header["individuals"][first:] if "individuals" in header else [""] * len(parts)
    names = list(dict.fromkeys(parts))
    people = list(dict.fromkeys(of))
    columns = _columns(path, parts, coordinates, of)
    joints = joint_map(names, path, own)
    poses: list[GivenPose] = []
    for line, row in enumerate(rows[len(header) :], start=len(header) + 1):
        where = f"{path}, line {line}"
        if len(row) != len(header["coords"]):
            raise LabelError(f"{where}: the row has {len(row)} cells, the header {len(header['coords'])}")
        frame = _frame(row[:first], where)
        values = numbers(row[first:], where)
        for athlete, one in enumerate(people):
            points = np.full((len(names), 3), np.nan)
            for place, name in enumerate(names):
                at = columns.get((one, name))
                if at:
                    points[place] = [values[i] if i >= 0 else 1.0 for i in at]
            pose = person(frame, athlete, points, joints)
            poses += [] if pose is None else [pose]
    return GivenPoses("DeepLabCut", poses, joints.missing, joints.left_out)


def _rows(path: Path) -> list[list[str]]:
    try:
        text = decode(read_bytes(path)).text
        return list(csv.reader(text.splitlines(), strict=True))
    except LabelError:
        raise
    except (InputError, csv.Error) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error


def _columns(
    path: Path, parts: Sequence[str], coordinates: Sequence[str], of: Sequence[str]
) -> dict[tuple[str, str], list[int]]:
    """The columns of x, y and likelihood (-1 for none) of each point of each individual."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, (part, coordinate, one) in enumerate(zip(parts, coordinates, of, strict=True)):
        if coordinate not in COORDINATES:
            raise LabelError(f"{path}: the coordinate {coordinate!r} of {part!r} is not x, y or likelihood.")
        at = found.setdefault((one, part), [-1, -1, -1])
        if at[COORDINATES.index(coordinate)] >= 0:
            raise LabelError(f"{path}: {coordinate} of {part!r} stands twice.")
        at[COORDINATES.index(coordinate)] = place
    for (_, part), at in found.items():
        if min(at[:2]) < 0:
            raise LabelError(f"{path}: {part!r} lacks x or y.")
    return found


def _frame(cells: Sequence[str], where: str) -> int:
    """The number of a frame, or for labelled pictures the number in their name."""
    last = cells[-1].strip()
    return frame_number(last, where) if last.isdigit() else number_in(Path(last).stem, where)
