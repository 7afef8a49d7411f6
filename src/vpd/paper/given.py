"""The authors' boxes and poses: the reference's files brought into a library's."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpd.errors import InputError
from vpd.library.artefact import replacing, write_text
from vpd.library.backup import keeping
from vpd.library.layout import Layout
from vpd.paper.label_files import read_json, refuse_pickle

BOXES, POSES, MASKS = "boxes.json", "coco_keypoints.json.gz", "mask.json.gz"


@dataclass
class Given:
    """What was taken: numbers of videos, and by folder why one was not."""

    boxes: int = 0
    poses: int = 0
    masks: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def _frame(value: Any, frames: int, path: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{path}: {value!r} is not the number of a frame")
    if value >= frames:
        raise InputError(
            f"{path} has frame {value}, the video has {frames}: it is another cut or of another frame rate."
        )
    return value


def read_boxes(path: Path, frames: int) -> list[tuple[int, list[float]]]:
    """Rows (frame, [x, y, w, h] in pixels) of ``[[frame, [x, y, w, h]], ...]``. Raises InputError."""
    rows = []
    try:
        for frame, box in read_json(path):
            numbers = [float(v) for v in box]
            if len(numbers) != 4 or not all(map(math.isfinite, numbers)) or min(numbers[2:]) <= 0:
                raise InputError(f"{path}, frame {frame}: {box} is not a box x, y, w, h")
            rows.append((_frame(frame, frames, path), numbers))
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} is not a list of [frame, [x, y, w, h]]: {error}") from error
    return rows


def read_people(path: Path, frames: int) -> list[tuple[int, list[Any]]]:
    """Rows (frame, people) of coco_keypoints.json.gz; a person is [score, box, 17 x [x, y, score]]."""
    rows = []
    try:
        for frame, people in read_json(path):
            for person in people:
                _, _, keypoints = person
                if len(keypoints) != 17 or any(len(k) != 3 for k in keypoints):
                    raise InputError(f"{path}, frame {frame}: a person has not 17 keypoints x, y, score")
            rows.append((_frame(frame, frames, path), list(people)))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path} is not in the format [frame, [[score, box, keypoints], ...]]: {error}"
        ) from error
    return rows


def _coco(athlete: int, frame: int, person: Sequence[Any]) -> dict[str, Any]:
    score, _, keypoints = person
    flat = [float(v) for keypoint in keypoints for v in keypoint]
    return {"frame": frame, "athlete": athlete, "score": float(score), "keypoints": flat}


def _people_of(rows: list[tuple[int, list[Any]]], athlete: int, alone: bool) -> list[dict[str, Any]]:
    """One entry a person: the first of a frame is ``athlete``, further ones follow where the clip is
    theirs.
    """
    return [
        _coco(athlete + place, frame, person)
        for frame, people in rows
        for place, person in enumerate(people if alone else people[:1])
    ]


def take(
    layout: Layout, folder: Path, clip: str, video: str, frames: int, people: Sequence[str], given: Given
) -> None:
    """Write the boxes and poses of one clip's people into the library; what cannot be read is noted.

    ``people`` are the prefixes of the folders (front, back), empty for a single folder named as the clip. Of
    several people in a frame of a single folder, the first is athlete 0, the second athlete 1, and so on.
    """
    boxes: list[tuple[int, int, list[float]]] = []
    poses: list[dict[str, Any]] = []
    for athlete, name in enumerate([f"{who}__{clip}" for who in people] or [clip]):
        place = folder / name
        if not place.is_dir():
            continue
        try:
            for path in sorted(place.iterdir()):
                refuse_pickle(path)
            if (place / BOXES).exists():
                boxes += [(frame, athlete, box) for frame, box in read_boxes(place / BOXES, frames)]
            if (place / POSES).exists():
                poses += _people_of(read_people(place / POSES, frames), athlete, not people)
            given.masks += (place / MASKS).exists()
        except InputError as error:
            given.refused[name] = str(error)
    if boxes:
        _write_boxes(layout.boxes(video), boxes)
        given.boxes += 1
    if poses:
        poses.sort(key=lambda pose: (pose["frame"], pose["athlete"]))
        plain = layout.root / "poses_given" / f"{video}.json.gz"
        with keeping(plain), replacing(plain) as part:
            part.write_bytes(gzip.compress(json.dumps(poses).encode(), mtime=0))
        given.poses += 1


def _write_boxes(path: Path, rows: list[tuple[int, int, list[float]]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["frame", "athlete", "x", "y", "w", "h"])
    writer.writerows((frame, athlete, *box) for frame, athlete, box in sorted(rows))
    with keeping(path):
        write_text(out.getvalue(), path)
