"""The authors' boxes, poses and masks: the reference's files brought into a library's."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpd.crops.masks import GivenMask, png_size, unpack_mask, write_masks
from vpd.errors import InputError
from vpd.library.artefact import replacing
from vpd.library.backup import keeping
from vpd.library.csv_file import write_rows
from vpd.library.layout import Layout
from vpd.paper.label_files import read_json, refuse_pickle

BOXES, POSES, MASKS = "boxes.json", "coco_keypoints.json.gz", "mask.json.gz"
MASK_SCORE = 0.8
"""Masks of this score or less are not used (extract_square_crops.py of the reference)."""
MOST_PIXELS = 2**26
"""Of one mask: more than any picture that has athletes in it. A small PNG file may unpack to gigabytes."""


@dataclass
class Given:
    """The result of an import: numbers of videos, and by folder the reason why one was not used."""

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
    """Rows (frame, people) of coco_keypoints.json.gz. A person is [score, box, 17 x [x, y, score]]."""
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


def read_masks(path: Path, frames: int) -> dict[int, tuple[float, int, int, bytes]]:
    """By frame the surest mask above `MASK_SCORE`: score, x, y of its corner, PNG file.

    The file holds ``[[frame, [[score, [x, y, w, h], base64 PNG], ...]], ...]``, gzipped; the PNG has the size
    of the box. Raises InputError.
    """
    found: dict[int, tuple[float, int, int, bytes]] = {}
    frame: Any = "none"
    try:
        for frame, masks in read_json(path):
            sure = [(float(score), [int(v) for v in box], png) for score, box, png in masks]
            sure = [mask for mask in sure if mask[0] > MASK_SCORE]
            _frame(frame, frames, path)
            if not sure:
                continue
            score, (x, y, w, h), coded = max(sure, key=lambda mask: mask[0])
            png = base64.b64decode("".join(coded.split()), validate=True)
            width, height = png_size(png)
            if (width, height) != (w, h) or w * h > MOST_PIXELS:
                raise InputError(f"the mask has {width} x {height} pixels, its box {w} x {h}")
            unpack_mask(png)
            found[frame] = score, x, y, png
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path} is not in the format [frame, [[score, box, PNG in base64], ...]]: {error}"
        ) from error
    except InputError as error:
        raise InputError(f"{path}, frame {frame}: {error}") from error
    return found


def _coco(athlete: int, frame: int, person: Sequence[Any]) -> dict[str, Any]:
    score, _, keypoints = person
    flat = [float(v) for keypoint in keypoints for v in keypoint]
    return {"frame": frame, "athlete": athlete, "score": float(score), "keypoints": flat}


def _people_of(rows: list[tuple[int, list[Any]]], athlete: int, alone: bool) -> list[dict[str, Any]]:
    """One entry for each person. The first of a frame is ``athlete``; further ones follow where the clip is
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
    """Write boxes, poses and masks of one clip's people into the library; what cannot be read is noted.

    ``people`` are the prefixes of the folders (front, back), empty for a single folder named as the clip. Of
    several people in a frame of a single folder, the first is athlete 0, the second athlete 1, and so on.
    """
    boxes: list[tuple[int, int, list[float]]] = []
    poses: list[dict[str, Any]] = []
    masks: list[GivenMask] = []
    made_of = hashlib.sha256()
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
            if (place / MASKS).exists():
                read = read_masks(place / MASKS, frames)
                masks += [GivenMask(frame, athlete, x, y, png) for frame, (_, x, y, png) in read.items()]
                made_of.update((place / MASKS).read_bytes())
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
    if masks:
        write_masks(layout.given_masks(video), masks, made_of.hexdigest()[:32])
        given.masks += 1


def _write_boxes(path: Path, rows: list[tuple[int, int, list[float]]]) -> None:
    with keeping(path):
        cells = ((frame, athlete, *box) for frame, athlete, box in sorted(rows))
        write_rows(path, ["frame", "athlete", "x", "y", "w", "h"], cells)
