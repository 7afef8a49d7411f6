"""Read splits.csv: which videos, or single actions, train, validate and test, and the scene of each."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from vpd.errors import InputError, LabelError, TableError
from vpd.library.csv_file import Columns, Record, read_table, write_rows
from vpd.library.names import VideoNames
from vpd.recognition.actions import action_key, segment_key, video_meant
from vpd.strings import Sentence
from vpd.types import Array, Segment

COLUMNS = ("video", "scene", "split")
TABLE = Columns(required=("video", "split"), optional=("scene",))
TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)


@dataclass(frozen=True)
class Place:
    """The place of one video or action: its part, and its scene, which must not be in both parts."""

    scene: str
    split: str


def read_split(path: Path, names: VideoNames | None = None) -> dict[str, Place]:
    """Places by video id, or by action, named as VIDEO@START-END[#ATHLETE].

    Parameters
    ----------
    names : of the library's videos, so that a row may name a file; without, rows name ids, with a suffix or
        not.

    Raises LabelError, with line and column, for wrong rows, and for a scene of videos of which only some are
    tested. Actions, unlike videos, may be split within a scene: this is the purpose of naming them.
    """
    found = split_file(path, names)
    if found.wrong:
        raise LabelError(str(found.wrong[0])) from found.wrong[0]
    return found.places


@dataclass(frozen=True)
class SplitFile:
    """The content of a file of a split.

    Attributes
    ----------
    places : by video id or action. ``rows``: where each is named.
    wrong : an error for each row that cannot be used.
    """

    places: dict[str, Place]
    rows: dict[str, Record]
    wrong: list[TableError]


def split_file(path: Path, names: VideoNames | None = None) -> SplitFile:
    """All rows of a split, valid or not. Wrong rows have no effect on the places."""
    found = SplitFile({}, {}, [])
    tested: dict[str, bool] = {}
    try:
        records = list(read_table(path, TABLE).unchecked())
    except TableError as error:
        found.wrong.append(error)
        return found
    for record in records:
        try:
            name, place, is_action = _row(record, names)
            if found.places.get(name, place) != place:
                raise record.fail("video", f"{name} is named twice, with different places")
            is_tested = place.split == TEST
            if not is_action and tested.setdefault(place.scene, is_tested) != is_tested:
                raise record.fail("scene", f"the scene {place.scene} is in both train and test")
        except TableError as error:
            found.wrong.append(error)
            continue
        found.places[name] = place
        found.rows.setdefault(name, record)
    if not found.places and not found.wrong:
        found.wrong.append(TableError(path, "it names no video"))
    return found


def _row(record: Record, names: VideoNames | None) -> tuple[str, Place, bool]:
    """The name in a row, its place, and whether it is a single action."""
    record.check()
    record.needed("video")
    part = record.needed("split").casefold()
    try:
        action = action_key(record.raw("video"), names)
        name = action or video_meant(record.raw("video"), names)
    except InputError as error:
        raise record.fail("video", error) from error
    if part not in PARTS:
        raise record.fail("split", f"split is {part!r}; expected {', '.join(PARTS)}")
    return name, Place(record.text("scene") or name, part), action is not None


def part_of(places: Mapping[str, Place], segment: Segment) -> Place | None:
    """The place of an action: its own where it is named, else that of its video; None where neither is
    named.
    """
    return places.get(segment_key(segment)) or places.get(segment.video)


def write_split(path: Path, places: Mapping[str, Place]) -> None:
    """Write splits.csv, completely or not at all."""
    write_rows(path, COLUMNS, ((video, place.scene, place.split) for video, place in sorted(places.items())))


def make_split(
    labels: Sequence[str] | Array, videos: Sequence[str], scenes: Mapping[str, str] | None, seed: int
) -> dict[str, Place]:
    """Assign about half of the videos to each part: no scene in both, similar shares of the classes.

    ``scenes`` names the scene of a video where it is known; else each video is its own scene. Raises
    InputError where there are fewer than two scenes, or no class has two examples.
    """
    known = scenes or {}
    groups = [known.get(video, video) for video in videos]
    if len(set(groups)) < 2:
        raise InputError(Sentence("error_one_scene"))
    if len(set(labels)) == len(labels):
        raise InputError(Sentence("error_single_examples"))
    folds = StratifiedGroupKFold(2, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with one example stands on one side, which `vpd labels check` says.
        warnings.filterwarnings("ignore", message="The least populated class")
        train, _ = next(folds.split(np.zeros(len(labels)), labels, groups))
    of_train = {groups[i] for i in train}
    return {
        video: Place(group, TRAIN if group in of_train else TEST)
        for video, group in zip(videos, groups, strict=True)
    }


def extend_split(
    places: Mapping[str, Place], labels: Sequence[str] | Array, videos: Sequence[str]
) -> dict[str, Place]:
    """Give each video without a place the side that has fewer examples of its classes.

    ``labels`` and ``videos`` (N,) are those of the actions. Places that are given stay. Videos with many
    actions come first; each is its own scene.
    """
    found, there = dict(places), {TRAIN: Counter[str](), TEST: Counter[str]()}
    own: dict[str, Counter[str]] = {}
    for label, video in zip(labels, videos, strict=True):
        counts = there.get(found[video].split) if video in found else own.setdefault(video, Counter())
        if counts is not None:
            counts[label] += 1
    for video in sorted(own, key=lambda video: (-own[video].total(), video)):
        ahead = sum(n * (there[TRAIN][label] - there[TEST][label]) for label, n in own[video].items())
        side = TEST if ahead > 0 else TRAIN
        found[video] = Place(video, side)
        there[side] += own[video]
    return found


def scene_folds(
    labels: Sequence[str] | Array, scenes: Sequence[str], folds: int, seed: int
) -> Iterable[tuple[Array, Array]]:
    """Indices (train, validation) of a cross-validation that keeps each scene whole, stratified by class."""
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return splitter.split(np.zeros(len(labels)), labels, scenes)  # type: ignore[no-any-return]
