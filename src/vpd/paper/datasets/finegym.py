"""Read FineGym: Gym99, Gym288, and FX35, the floor exercise of Gym99 (paper, section 4)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.counting import counted
from vpd.errors import LabelError
from vpd.formats import reading
from vpd.library.dataset import Thinning
from vpd.paper.dataset import About, Action, Clip, Dataset, Frames, Part, Span
from vpd.paper.label_files import LabelFolder, check_subsets, items, lines, pairs, read_json, shown

NEEDS = (
    "the training and test lists and the categories of FineGym, finegym_annotation_info_v1.1.json (times), "
    "and the videos of FineGym (<video>.mp4) or the routines cut from them (<video>_E_<start>_<end>.mp4)"
)
FX = About(
    key="fx",
    title="FX35",
    licence="labels CC BY-NC 4.0 (FineGym); few-shot lists BSD-3-Clause (github jhong93/vpd)",
    needs=f"{NEEDS}; action_dataset/finegym99/train_K_I.ids.txt of jhong93/vpd",
    protocol="classes 6 to 40 of Gym99, training list v1.1; split by action; no validation part is "
    "published. Window: 0.25 s before the start to the end, at most 25 frames a second",
)
GYM99 = About(
    "gym99",
    "Gym99",
    "labels CC BY-NC 4.0 (FineGym)",
    NEEDS,
    "99 elements of four events; training list v1.1, test gym99_val_element; top-1 and mean of classes",
)
GYM288 = About(
    "gym288", "Gym288", "labels CC BY-NC 4.0 (FineGym)", NEEDS, "288 elements; as Gym99, long-tailed"
)
ANNOTATION = "finegym_annotation_info_v1.1.json"
FLOOR = range(6, 41)
BEFORE_S = 0.25
V1_0_LINES = {"gym99": 20484}
FLOOR_ACTIONS, FLOOR_V1_0 = 7634, 5385
GYM99_ACTIONS = 34841
"""Of the training list v1.1, 26,320, and the test list, 8,521."""
VERSION = (
    "The list is of FineGym v1.0, which lacks thousands of training actions of v1.1 (floor exercise: "
    "5,385 for 5,408). Get {wanted}."
)
_ID = re.compile(r"(?P<video>.{11})_(?P<event>E_\d{6}_\d{6})_(?P<action>A_\d{4}_\d{4})")
_CATEGORY = re.compile(r"Clabel:\s*(\d+)\s*;\s*set:\s*(\d+)\s*;\s*Glabel:\s*(\d+)\s*;\s*(.*)")


def window(span: Span, fps: float) -> Frames:
    """The reference's frames (finegym/util.py): from a quarter of a second before, to the end's frame
    inclusive.
    """
    start = max(0.0, span.start - BEFORE_S)
    return math.floor(start * fps), math.ceil(span.stop * fps) + 1


def event(span: Span, fps: float) -> Frames:
    """The frames that detection must find (detect.py, load_fx_data)."""
    return int(max(0.0, fps * span.start)), int(fps * span.stop)


def categories(path: Path) -> dict[int, str]:
    """Class names by number: ``Clabel: 0; set: 1; Glabel: 1; (VT) round-off, ...``."""
    out: dict[int, str] = {}
    for number, line in lines(path):
        found = _CATEGORY.fullmatch(line)
        if not found:
            raise LabelError(f"{path}, line {number}: {line!r} is not Clabel; set; Glabel; name")
        if int(found[1]) in out:
            raise LabelError(f"{path}, line {number}: the class {int(found[1])} is there already")
        out[int(found[1])] = found[4].strip()
    return out


@dataclass(frozen=True)
class Element:
    """One line of a list: the action's id, its routine, its name in the routine, and its class."""

    id: str
    video: str
    event: str
    action: str
    label: int

    @property
    def routine(self) -> str:
        """Name of the routine's clip."""
        return f"{self.video}_{self.event}"


def elements(path: Path, wanted: Callable[[int], bool]) -> list[Element]:
    """The lines of a training or test list with a wanted class. Raises LabelError."""
    out = []
    for number, name, label in pairs(path):
        found = _ID.fullmatch(name)
        if not found or not label.isdecimal():
            raise LabelError(
                f"{path}, line {number}: {name} {label} is not VIDEO_E_x_x_A_x_x and a class number"
            )
        if wanted(int(label)):
            out.append(Element(name, found["video"], found["event"], found["action"], int(label)))
    return out


class Times:
    """finegym_annotation_info_v1.1.json: times of routines and their actions in seconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = self._object(read_json(path), "its content")

    def _object(self, value: Any, what: str) -> Mapping[str, Any]:
        """An object of JSON, empty for null. Raises LabelError for another value."""
        if not isinstance(value, Mapping | None):
            raise LabelError(f"{self.path} is not FineGym's annotation: {what} is {shown(value)}")
        return value or {}

    def _event(self, element: Element) -> Mapping[str, Any]:
        video = self._object(self.content.get(element.video), element.video)
        return self._object(video.get(element.event), element.routine)

    def _span(self, times: Any, what: str) -> Span | None:
        if times is None:
            return None
        where = f"{self.path}, the times of {what}"
        first = items(times, where)[:1]
        ends = [reading.number(value, where) for value in items(first[0] if first else None, where)]
        if len(ends) != 2:
            raise LabelError(f"{where} are {shown(times)}: a start and an end in seconds are expected")
        return Span(ends[0], ends[1], "s")

    def action(self, element: Element) -> Span | None:
        """Seconds in the routine; None where the file does not know the action."""
        segments = self._object(self._event(element).get("segments"), f"segments of {element.routine}")
        return self._span(
            self._object(segments.get(element.action), element.id).get("timestamps"), element.id
        )

    def routine(self, element: Element) -> Span:
        """Seconds in the video, from the file, else from the routine's name."""
        _, start, stop = element.event.split("_")
        return self._routine(element) or Span(int(start), int(stop), "s")

    def _routine(self, element: Element) -> Span | None:
        span = self._span(self._event(element).get("timestamps"), element.routine)
        if span is not None and (span.empty or span.start < 0):
            raise LabelError(
                f"{self.path}: the routine {element.routine} goes from {span.start:g} to {span.stop:g} s"
            )
        return span

    def is_rough(self, element: Element) -> bool:
        """Whether the file has times of the routine's actions and none of the routine itself."""
        return bool(self._event(element).get("segments")) and self._routine(element) is None


def _check_version(path: Path, name: str, floor: int) -> None:
    wanted = f"{name}_train_element_v1.1.txt from the FineGym site"
    counted = len(lines(path))
    if "v1.0" in path.name or counted == V1_0_LINES.get(name) or floor == FLOOR_V1_0:
        raise LabelError(f"{path} has {counted} lines. {VERSION.format(wanted=wanted)}")


def _read(root: Path, about: About, name: str, wanted: Callable[[int], bool], expected: int) -> Dataset:
    folder = LabelFolder(root, ("finegym99", "finegym", "data"))
    train_file = folder.find(f"{name}_train_element_v1.1.txt")
    if train_file is None:
        train_file = folder.need(f"{name}_train_element.txt", f"{name}_train_element_v1.0.txt")
    names = categories(folder.need(f"{name}_categories.txt", why="class names"))
    train = elements(train_file, wanted)
    _check_version(train_file, name, len(train) if about is FX else 0)
    test = elements(folder.need(f"{name}_val_element.txt", why="the test part"), wanted)
    both = {e.id for e in train} & {e.id for e in test}
    if both:
        raise LabelError(f"{len(both)} actions are in the training and in the test list, such as {min(both)}")
    unnamed = {e.label for e in (*train, *test)} - set(names)
    if unnamed:
        raise LabelError(f"the classes {sorted(unnamed)} have no name in the categories of {name}")
    times = Times(folder.need(ANNOTATION, why="times of the actions"))
    labels = {i: f"{i} {text}" for i, text in names.items() if wanted(i)}
    parts: tuple[tuple[Part, Iterable[Element]], ...] = (("train", train), ("test", test))
    actions, clips, untimed = [], {}, 0
    for part, found in parts:
        for element in found:
            clips[element.routine] = Clip(element.routine, element.video, times.routine(element))
            span = times.action(element)
            untimed += span is None
            actions.append(Action(element.id, element.routine, labels[element.label], part, span))
    if actions and untimed == len(actions):
        raise LabelError(f"{times.path} knows none of the {untimed} actions: it is no annotation of {name}")
    notes = []
    if untimed:
        notes.append(f"{counted(untimed, 'action')} left out, without a time in {times.path.name}")
    if rough := {e.routine for e in (*train, *test) if times.is_rough(e)}:
        what = f"{counted(len(rough), 'routine')} without times in {times.path.name}"
        notes.append(f"{what}: cut by the whole seconds of the name, such as {min(rough)}")
    return Dataset(
        about=about,
        classes=tuple(labels[i] for i in sorted(labels)),
        actions=tuple(actions),
        clips=dict(sorted(clips.items())),
        subsets=_subsets(folder, train, wanted, labels, about),
        detected=tuple(labels.values()),
        window=window,
        event=event,
        thinning=Thinning(25.0),
        expected=expected or len(train) + len(test),
        notes=tuple(notes),
    )


def _subsets(
    folder: LabelFolder,
    train: Sequence[Element],
    wanted: Callable[[int], bool],
    labels: dict[int, str],
    about: About,
) -> dict[int, list[tuple[str, ...]]]:
    """The few-shot lists, which contain ids of all 99 classes, limited to the wanted ones."""
    if about is GYM288:
        return {}
    training = {e.id: labels[e.label] for e in train}
    given = folder.subsets()
    if about is FX and given:
        # The lists name actions of other events too, which floor lists do not hold.
        path = folder.find("gym99_train_element_v1.1.txt", "gym99_train_element.txt")
        others = {e.id for e in elements(path, lambda i: not wanted(i))} if path is not None else set()
        given = {k: [tuple(i for i in one if i not in others) for one in of] for k, of in given.items()}
    check_subsets(given, training, (), VERSION.format(wanted="gym99_train_element_v1.1.txt"))
    return given


def read_fx(root: Path, clips: Sequence[str] = ()) -> Dataset:
    """FX35. Raises InputError; a training list of v1.0 is refused."""
    return _read(root, FX, "gym99", lambda label: label in FLOOR, FLOOR_ACTIONS)


def read_gym99(root: Path, clips: Sequence[str] = ()) -> Dataset:
    """Gym99, all four events. Raises InputError; a training list of v1.0 is refused."""
    return _read(root, GYM99, "gym99", lambda label: True, GYM99_ACTIONS)


def read_gym288(root: Path, clips: Sequence[str] = ()) -> Dataset:
    """Gym288, all four events. Raises InputError."""
    return _read(root, GYM288, "gym288", lambda label: True, 0)
