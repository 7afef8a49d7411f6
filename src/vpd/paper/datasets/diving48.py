"""Read Diving48, version 2: dives by take-off, somersaults, twists and position."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vpd.errors import InputError, LabelError
from vpd.formats.reading import label_text, whole
from vpd.library.dataset import Thinning
from vpd.paper.dataset import About, Action, Clip, Dataset, Part, Span
from vpd.paper.label_files import LabelFolder, check_subsets, entry, items, read_json

ABOUT = About(
    key="diving48",
    title="Diving48",
    licence="labels: none stated (svcl.ucsd.edu/projects/resound); few-shot lists BSD-3-Clause",
    needs="Diving48_V2_train.json, Diving48_V2_test.json, Diving48_vocab.json of the Diving48 site, the "
    "lists action_dataset/diving48/train_K_I.ids.txt of jhong93/vpd, and the videos <vid_name>.mp4",
    protocol="top-1 on the test part of version 2; no validation part is published. Window: the whole "
    "clip but its last frame, at most 25 frames a second. Retrieval: the test dives query all dives",
)
COUNTS = {"train": 15027, "test": 1970}
V1 = (
    "These are the labels of Diving48 version 1, which contradict version 2 in thousands of dives. Get "
    "Diving48_V2_train.json and Diving48_V2_test.json from the Diving48 site."
)
TRAIN_FILES = ("Diving48_V2_train.json",)
TEST_FILES = ("Diving48_V2_test.json",)


def vocabulary(path: Path) -> tuple[str, ...]:
    """Class names in the order of their index: take-off, somersaults, twists, position. Raises LabelError."""
    names = []
    for i, row in enumerate(items(read_json(path), str(path))):
        where = f"{path}, class {i}"
        names.append(" ".join(label_text(word, where) for word in items(row, where)))
    if not names or not all(names) or len(set(names)) < len(names):
        raise LabelError(f"{path} names {len(set(names))} different classes in {len(names)} entries")
    return tuple(names)


def _dives(path: Path, part: Part, names: Sequence[str]) -> list[Action]:
    rows = items(read_json(path), str(path))
    if not rows:
        raise LabelError(f"{path} holds no dive. Get it again.")
    if len(rows) > COUNTS[part]:
        raise LabelError(f"{path} has {len(rows)} dives, version 2 has {COUNTS[part]}. {V1}")
    return [_dive(f"{path}, entry {place}", row, part, names) for place, row in enumerate(rows, 1)]


def _dive(where: str, row: Any, part: Part, names: Sequence[str]) -> Action:
    name = label_text(entry(row, "vid_name", where), where)
    label, start, stop = (
        whole(entry(row, one, where), where) for one in ("label", "start_frame", "end_frame")
    )
    if label >= len(names):
        raise LabelError(f"{where}: the label {label} is not among the {len(names)} classes")
    if start >= stop:
        raise LabelError(f"{where}: the frames {start} to {stop} are empty")
    return Action(name, name, names[label], part, Span(start, stop))


def _clip(dive: Action) -> Clip:
    assert dive.span is not None
    return Clip(dive.clip, frames=int(dive.span.stop) + 1)


def read(root: Path, clips: Sequence[str] = ()) -> Dataset:
    """Read the label files below ``root``. Raises InputError; labels of version 1 are refused."""
    folder = LabelFolder(root, ("diving48",))
    names = vocabulary(folder.need("Diving48_vocab.json", why="the 48 classes"))
    for old, wanted in (("Diving48_train.json", TRAIN_FILES), ("Diving48_test.json", TEST_FILES)):
        if folder.find(*wanted) is None and folder.find(old) is not None:
            raise LabelError(f"{root} has {old} and not {wanted[0]}. {V1}")
    train = _dives(folder.need(*TRAIN_FILES, why="training dives"), "train", names)
    test = _dives(folder.need(*TEST_FILES, why="test dives"), "test", names)
    parts: dict[str, str] = {}
    for action in (*train, *test):
        if parts.setdefault(action.id, action.part) != action.part:
            raise LabelError(f"the dive {action.id} is in the training and in the test file. {V1}")
    if len(parts) != len(train) + len(test):
        raise InputError("a dive is twice in the same file: the label files are damaged")
    subsets = folder.subsets()
    check_subsets(subsets, {a.id: a.label for a in train}, [a.id for a in test], V1)
    return Dataset(
        about=ABOUT,
        classes=names,
        actions=(*train, *test),
        clips={a.clip: _clip(a) for a in (*train, *test)},
        subsets=subsets,
        queries=frozenset(a.id for a in test),
        thinning=Thinning(25.0, begin=0.0, slack=0.01),
        mean_people=True,
        expected=sum(COUNTS.values()),
    )
