"""Which videos, or single actions, train, validate and test, and which scene each belongs to: splits.csv."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from vpd.errors import InputError, LabelError, TableError
from vpd.library.csv_file import Columns, Record, read_table, write_rows
from vpd.library.names import VideoNames, nfc, without_suffix
from vpd.recognition.subsets import segment_key
from vpd.types import Array, Segment

COLUMNS = ("video", "scene", "split")
TABLE = Columns(required=("video", "split"), optional=("scene",))
TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)
ACTION = re.compile(r"(?P<video>.+)@(?P<span>[^@-]+-[^@-]+?(#\d+)?)")
"""How a single action is named."""


@dataclass(frozen=True)
class Place:
    """Where one video or action stands: its scene (what must not be on both sides) and its part."""

    scene: str
    split: str


def read_split(path: Path, names: VideoNames | None = None) -> dict[str, Place]:
    """Places by video id, or by action, named as VIDEO@START-END[#ATHLETE].

    Parameters
    ----------
    names : of the library's videos, so that a row may name a file; without, rows name ids, with a suffix or
        not.

    Raises LabelError, with line and column, for what cannot be meant, and for a scene of videos of which some
    are tested and some are not. Actions may be split within a scene: that is what naming them is for.
    """
    try:
        return _places(path, names)
    except TableError as error:
        raise LabelError(str(error)) from error


def _places(path: Path, names: VideoNames | None) -> dict[str, Place]:
    places: dict[str, Place] = {}
    tested: dict[str, bool] = {}
    for record in read_table(path, TABLE).records():
        name, part = _name(record, names), record.needed("split").casefold()
        scene = record.text("scene") or name
        if part not in PARTS:
            raise record.fail("split", f"split is {part!r}; expected {', '.join(PARTS)}")
        place = Place(scene, part)
        if places.setdefault(name, place) != place:
            raise record.fail("video", f"{name} is named twice, with different places")
        by_action = ACTION.fullmatch(name) and not (names and names.matches(name))
        if not by_action and tested.setdefault(scene, part == TEST) != (part == TEST):
            raise record.fail("scene", f"the scene {scene} is in both train and test")
    if not places:
        raise TableError(path, "it names no video")
    return places


def _name(record: Record, names: VideoNames | None) -> str:
    """The id of the video that a row names, or the key of the action."""
    written = nfc(record.needed("video"))
    action = ACTION.fullmatch(written)
    if names is None:
        return written if action else without_suffix(written)
    if action and not names.matches(written):
        return f"{_video(record, action['video'], names)}@{action['span']}"
    return _video(record, record.raw("video"), names)


def _video(record: Record, written: str, names: VideoNames) -> str:
    """The id; the name as it stands where the library lacks the video, which a part of a data set may."""
    if not names.matches(written):
        return without_suffix(nfc(written.strip()))
    try:
        return names.find(written)
    except InputError as error:
        raise record.fail("video", error) from error


def part_of(places: Mapping[str, Place], segment: Segment) -> Place | None:
    """The place of an action: its own where it is named, else that of its video; None where neither is."""
    return places.get(segment_key(segment)) or places.get(segment.video)


def write_split(path: Path, places: Mapping[str, Place]) -> None:
    """Write splits.csv, whole or not at all."""
    write_rows(path, COLUMNS, ((video, place.scene, place.split) for video, place in sorted(places.items())))


def make_split(
    labels: Sequence[str] | Array, videos: Sequence[str], scenes: Mapping[str, str] | None, seed: int
) -> dict[str, Place]:
    """About half of the videos to each side, no scene on both, the classes in like shares.

    ``scenes`` names the scene of a video where that is known; else each video is its own. Raises InputError
    where there are fewer than two scenes.
    """
    known = scenes or {}
    groups = [known.get(video, video) for video in videos]
    if len(set(groups)) < 2:
        raise InputError("there is one video (or scene) alone: nothing is left to test on")
    folds = StratifiedGroupKFold(2, shuffle=True, random_state=seed)
    train, _ = next(folds.split(np.zeros(len(labels)), labels, groups))
    of_train = {groups[i] for i in train}
    return {
        video: Place(group, TRAIN if group in of_train else TEST)
        for video, group in zip(videos, groups, strict=True)
    }


def scene_folds(
    labels: Sequence[str] | Array, scenes: Sequence[str], folds: int, seed: int
) -> Iterable[tuple[Array, Array]]:
    """Indices (train, validation) of a cross-validation that keeps each scene whole, stratified by class."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return splitter.split(np.zeros(len(labels)), labels, scenes)  # type: ignore[no-any-return]
