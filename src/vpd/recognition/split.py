"""Which videos, or single actions, train, validate and test, and which scene each belongs to: splits.csv."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from vpd.errors import InputError, LabelError
from vpd.library.artefact import write_text
from vpd.recognition.subsets import segment_key
from vpd.types import Array, Segment

COLUMNS = ("video", "scene", "split")
TRAIN, VALIDATION, TEST = "train", "validation", "test"


PARTS = (TRAIN, VALIDATION, TEST)
ACTION = re.compile(r".+@[^@-]+-[^@-]+?(#\d+)?")
"""How a single action is named."""


@dataclass(frozen=True)
class Place:
    """Where one video or action stands: its scene (what must not be on both sides) and its part."""

    scene: str
    split: str


def read_split(path: Path) -> dict[str, Place]:
    """Places by video id (file names lose their suffix), or by action, named as VIDEO@START-END[#ATHLETE].

    Raises LabelError for what cannot be meant, and for a scene of videos of which some are tested and some
    are not. Actions may be split within a scene: that is what naming them is for.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    if not rows or not {"video", "split"} <= set(rows[0]):
        raise LabelError(f"{path} needs the columns {', '.join(COLUMNS)} (scene may be left out)")
    places: dict[str, Place] = {}
    tested: dict[str, bool] = {}
    for number, row in enumerate(rows, 2):
        named, part = row["video"] or "", row["split"]
        name = named if ACTION.fullmatch(named) else PurePath(named).stem
        scene = row.get("scene") or name
        if part not in PARTS:
            raise LabelError(f"{path}, line {number}: split is {part!r}; expected {', '.join(PARTS)}")
        if places.setdefault(name, Place(scene, part)) != Place(scene, part):
            raise LabelError(f"{path}, line {number}: {name} is named twice, with different places")
        by_action = name == named and ACTION.fullmatch(named)
        if not by_action and tested.setdefault(scene, part == TEST) != (part == TEST):
            raise LabelError(f"{path}, line {number}: the scene {scene} is in both train and test")
    return places


def part_of(places: Mapping[str, Place], segment: Segment) -> Place | None:
    """The place of an action: its own where it is named, else that of its video; None where neither is."""
    return places.get(segment_key(segment)) or places.get(segment.video)


def write_split(path: Path, places: Mapping[str, Place]) -> None:
    """Write splits.csv, whole or not at all."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((video, place.scene, place.split) for video, place in sorted(places.items()))
    write_text(out.getvalue(), path)


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
