"""The authors' boxes, poses and masks: the reference's files brought into a library's."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpd.crops.masks import GivenMask, png_size, unpack_mask, write_masks
from vpd.errors import InputError, LabelError
from vpd.formats.pose_reading import check_score
from vpd.formats.reading import number
from vpd.library.artefact import replacing
from vpd.library.backup import keeping
from vpd.library.csv_file import write_rows
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow
from vpd.paper.label_files import items, read_json, refuse_pickle, shown

BOXES, POSES, MASKS = "boxes.json", "coco_keypoints.json.gz", "mask.json.gz"
MASK_SCORE = 0.8
"""Masks of this score or less are not used (extract_square_crops.py of the reference)."""
KEYPOINTS = 17
MOST_PIXELS = 2**26
"""Of one mask: more than any picture that has athletes in it. A small PNG file may unpack to gigabytes."""


@dataclass
class Given:
    """The result of an import: numbers of videos, by folder the reason why one was not used, and the folders
    that are not there or hold none of the files.
    """

    boxes: int = 0
    poses: int = 0
    masks: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


def _frame(value: Any, frames: int, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise LabelError(f"{where}: {shown(value)} is not the number of a frame")
    if value >= frames:
        raise LabelError(
            f"{where} has frame {value}, the video has {frames}: it is another cut or of another frame rate."
        )
    return value


def _rows(path: Path, frames: int) -> Iterator[tuple[int, Any, str]]:
    """Frame, content and place in the file of every row ``[frame, content]``. Raises LabelError, also for a
    frame that is there twice.
    """
    seen: set[int] = set()
    for place, row in enumerate(items(read_json(path), str(path)), 1):
        where = f"{path}, entry {place}"
        if len(items(row, where)) != 2:
            raise LabelError(f"{where}: {shown(row)} is not a frame and what it shows")
        frame = _frame(row[0], frames, str(path))
        if frame in seen:
            raise LabelError(f"{where}: frame {frame} is there twice")
        seen.add(frame)
        yield frame, row[1], where


def _numbers(value: Any, count: int, what: str, where: str) -> list[float]:
    found = [number(v, where) for v in items(value, where)]
    if len(found) != count:
        raise LabelError(f"{where}: {shown(value)} is not {what}")
    return found


def _box(value: Any, where: str) -> list[float]:
    found = _numbers(value, 4, "a box x, y, w, h", where)
    if min(found[2:]) <= 0:
        raise LabelError(f"{where}: {shown(value)} is not a box x, y, w, h")
    return found


def read_boxes(path: Path, row: VideoRow) -> list[tuple[int, list[float]]]:
    """Rows (frame, [x, y, w, h] in pixels) of ``[[frame, [x, y, w, h]], ...]``. Raises LabelError, also for a
    box that lies beside the picture of the video.
    """
    found = []
    for frame, value, where in _rows(path, row.frames):
        x, y, w, h = box = _box(value, where)
        _check_inside([(x, y), (x + w, y + h)], row, where)
        found.append((frame, box))
    return found


def _check_inside(points: Sequence[tuple[float, float]], row: VideoRow, where: str) -> None:
    """Raise LabelError where the box about the points lies beside the picture."""
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    if left >= row.width or top >= row.height or right <= 0 or bottom <= 0:
        raise LabelError(
            f"{where} lies beside the picture of {row.width} x {row.height} pixels: it is of another size."
        )


Person = tuple[float, list[float]]
"""The score of a person, and x, y, score of each of 17 keypoints in sequence."""


def _person(value: Any, where: str) -> Person:
    if len(items(value, where)) != 3:
        raise LabelError(f"{where}: {shown(value)} is not a score, a box and keypoints")
    points = [_numbers(point, 3, "a keypoint x, y, score", where) for point in items(value[2], where)]
    if len(points) != KEYPOINTS:
        raise LabelError(f"{where}: {len(points)} keypoints, not {KEYPOINTS}")
    return number(value[0], where), [v for point in points for v in point]


def read_people(path: Path, row: VideoRow) -> list[tuple[int, list[Person]]]:
    """Rows (frame, people) of coco_keypoints.json.gz, ``[[frame, [[score, box, 17 x [x, y, score]], ...]],
    ...]``. Raises LabelError, also for a person beside the picture of the video.
    """
    found = []
    for frame, people, where in _rows(path, row.frames):
        seen = [_person(person, where) for person in items(people, where)]
        for _, keypoints in seen:
            triples = zip(keypoints[0::3], keypoints[1::3], keypoints[2::3], strict=True)
            if points := [(x, y) for x, y, score in triples if score > 0]:
                _check_inside(points, row, where)
            check_score(max(keypoints[2::3]), frame, path)
        found.append((frame, seen))
    return found


def read_masks(path: Path, frames: int) -> dict[int, tuple[float, int, int, bytes]]:
    """By frame the surest mask above `MASK_SCORE`: score, x, y of its corner, PNG file.

    The file holds ``[[frame, [[score, [x, y, w, h], base64 PNG], ...]], ...]``, gzipped; the PNG has the size
    of the box. Raises InputError.
    """
    found: dict[int, tuple[float, int, int, bytes]] = {}
    for frame, masks, where in _rows(path, frames):
        sure = [mask for one in items(masks, where) if (mask := _mask(one, where))[0] > MASK_SCORE]
        if sure:
            found[frame] = _unpacked(max(sure, key=lambda mask: mask[0]), where)
    return found


def _mask(value: Any, where: str) -> tuple[float, list[float], str]:
    if len(items(value, where)) != 3 or not isinstance(value[2], str):
        raise LabelError(f"{where}: {shown(value)} is not a score, a box and a PNG in base64")
    return number(value[0], where), _numbers(value[1], 4, "a box x, y, w, h", where), value[2]


def _unpacked(mask: tuple[float, list[float], str], where: str) -> tuple[float, int, int, bytes]:
    score, box, coded = mask
    x, y, w, h = map(int, box)
    try:
        png = base64.b64decode("".join(coded.split()), validate=True)
        width, height = png_size(png)
        if (width, height) != (w, h) or w * h > MOST_PIXELS:
            raise InputError(f"the mask has {width} x {height} pixels, its box {w} x {h}")
        unpack_mask(png)
    except (InputError, ValueError) as error:
        raise LabelError(f"{where}: {error}") from error
    return score, x, y, png


def _people_of(rows: list[tuple[int, list[Person]]], athlete: int, alone: bool) -> list[dict[str, Any]]:
    """One entry for each person. The first of a frame is ``athlete``; further ones follow where the clip is
    theirs.
    """
    return [
        {"frame": frame, "athlete": athlete + place, "score": score, "keypoints": keypoints}
        for frame, people in rows
        for place, (score, keypoints) in enumerate(people if alone else people[:1])
    ]


@dataclass
class _Content:
    """Boxes, poses and masks of one clip; ``made_of`` holds the hashes of the files of masks."""

    boxes: list[tuple[int, int, list[float]]] = field(default_factory=list)
    poses: list[dict[str, Any]] = field(default_factory=list)
    masks: list[GivenMask] = field(default_factory=list)
    made_of: list[str] = field(default_factory=list)

    def add(self, other: _Content) -> None:
        """Take what ``other`` holds."""
        self.boxes += other.boxes
        self.poses += other.poses
        self.masks += other.masks
        self.made_of += other.made_of


def _content(folder: Path, row: VideoRow, athlete: int, alone: bool) -> _Content | None:
    """The content of one person's folder; None where it holds none of the files. Raises InputError."""
    found, there = _Content(), [name for name in (BOXES, POSES, MASKS) if (folder / name).exists()]
    for path in sorted(folder.iterdir()):
        refuse_pickle(path)
    if BOXES in there:
        found.boxes = [(frame, athlete, box) for frame, box in read_boxes(folder / BOXES, row)]
    if POSES in there:
        found.poses = _people_of(read_people(folder / POSES, row), athlete, alone)
    if MASKS in there:
        read = read_masks(folder / MASKS, row.frames)
        found.masks = [GivenMask(frame, athlete, x, y, png) for frame, (_, x, y, png) in read.items()]
        found.made_of = [hashlib.sha256((folder / MASKS).read_bytes()).hexdigest()]
    return found if there else None


def take(layout: Layout, folder: Path, clip: str, row: VideoRow, people: Sequence[str], given: Given) -> None:
    """Write boxes, poses and masks of one clip's people into the library. Of a folder with a file that cannot
    be read nothing is used, and ``given`` says why.

    ``people`` are the prefixes of the folders (front, back), empty for a single folder named as the clip. Of
    several people in a frame of a single folder, the first is athlete 0, the second athlete 1, and so on.
    """
    content = _Content()
    for athlete, name in enumerate([f"{who}__{clip}" for who in people] or [clip]):
        try:
            there = folder / name
            found = _content(there, row, athlete, not people) if there.is_dir() else None
        except InputError as error:
            given.refused[name] = str(error)
            continue
        if found is None:
            given.absent.append(name)
        else:
            content.add(found)
    if content.boxes:
        _write_boxes(layout.boxes(row.video), content.boxes)
        given.boxes += 1
    if content.poses:
        _write_poses(layout.root / "poses_given" / f"{row.video}.json.gz", content.poses)
        given.poses += 1
    if content.masks:
        made_of = hashlib.sha256("".join(content.made_of).encode()).hexdigest()[:32]
        write_masks(layout.given_masks(row.video), content.masks, made_of)
        given.masks += 1


def _write_poses(path: Path, poses: list[dict[str, Any]]) -> None:
    ordered = sorted(poses, key=lambda pose: (pose["frame"], pose["athlete"]))
    with keeping(path), replacing(path) as part:
        part.write_bytes(gzip.compress(json.dumps(ordered).encode(), mtime=0))


def _write_boxes(path: Path, rows: list[tuple[int, int, list[float]]]) -> None:
    with keeping(path):
        cells = ((frame, athlete, *box) for frame, athlete, box in sorted(rows))
        write_rows(path, ["frame", "athlete", "x", "y", "w", "h"], cells)
