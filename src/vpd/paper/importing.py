"""Write a data set into a library: labels, windows, parts, subsets, lists, queries, and the card."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.backup import keep, keeping
from vpd.library.csv_file import write_rows
from vpd.library.dataset import DatasetCard, read_card, write_card
from vpd.library.frames import read_times
from vpd.library.label_store import LabelStore, NewLabel
from vpd.library.labels import read_label_file
from vpd.library.layout import Layout
from vpd.library.videos import OK, VideoRow, Videos
from vpd.paper.clock import clock_of
from vpd.paper.dataset import Action, Clip, Dataset
from vpd.paper.given import Given, take
from vpd.recognition.actions import segment_key
from vpd.recognition.split import Place, write_split
from vpd.types import Segment

END_SLACK_S = 0.25
"""An action that reaches further beyond the end of its video is told."""


@dataclass(frozen=True)
class Lost:
    """An action that is not in the library, and why."""

    action: Action
    why: str


@dataclass
class Imported:
    """The result of an import of labels.

    Attributes
    ----------
    card : as written to dataset.json.
    lost : the actions of the label files that are not in the library, those included that recognition does
        not use. set_aside : clips that cannot be used, with the reason.
    removed : number of labels of an earlier import that the label files no longer have.
    """

    card: DatasetCard
    lost: list[Lost] = field(default_factory=list)
    set_aside: dict[str, str] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    removed: int = 0

    @property
    def left_out(self) -> dict[str, int]:
        """Number of lost actions by reason. Those that recognition does not use are counted apart."""
        known = self.card.classes
        return dict(
            Counter(one.why if one.action.label in known else f"{one.why}{UNUSED}" for one in self.lost)
        )


UNUSED = " (labels that recognition does not use)"


class _Import:
    def __init__(self, layout: Layout, dataset: Dataset, aliases: Mapping[str, str]) -> None:
        self.layout, self.dataset = layout, dataset
        self.videos = Videos.read(layout)
        self.ids = {_stem(row.path): row.video for row in self.videos.rows.values()} | dict(aliases)
        self.lost: list[Lost] = []
        self.shortened: list[Action] = []
        """Actions that reach beyond their video, where they are cut."""
        self.set_aside: dict[str, str] = {}
        self.segments: dict[str, Segment] = {}
        """Of every imported action, by its id."""

    def clips(self) -> Iterator[tuple[Clip, VideoRow, list[Action]]]:
        """Clips with usable videos, with their actions. The others are counted."""
        by_clip: dict[str, list[Action]] = defaultdict(list)
        for action in self.dataset.actions:
            by_clip[action.clip].append(action)
        files: dict[str, list[str]] = defaultdict(list)
        for name in by_clip:
            files[self.ids.get(name, "")].append(name)
        for name, actions in by_clip.items():
            row = self.videos.rows.get(self.ids.get(name, ""))
            if not name:
                self._lose(actions, "no known clip holds them")
            elif row is None:
                self._lose(actions, "their video is missing")
            elif len(files[row.video]) > 1:
                self._lose(actions, "their clip is the same file as another clip")
                others = ", ".join(other for other in files[row.video] if other != name)
                self.set_aside[name] = f"its file is the same as that of {others}: one of them is wrong"
            elif row.status != OK:
                self._lose(actions, "their video is set aside")
                self.set_aside[name] = row.error or "it is not scanned"
            else:
                yield self.dataset.clips[name], row, actions

    def _lose(self, actions: Sequence[Action], why: str) -> None:
        self.lost += [Lost(action, why) for action in actions]

    def place(self, clip: Clip, row: VideoRow, actions: Sequence[Action]) -> None:
        """Segments of the actions of one clip."""
        clock = clock_of(clip, row, read_times(self.layout.frames(row.video)))
        if isinstance(clock, str):
            self._lose(actions, "their clip has another length than published")
            self.set_aside[clip.name] = clock
            return
        for action in actions:
            if action.span is None:
                self._lose([action], "the label files do not say when they happen")
                continue
            if action.span.empty:
                self._lose([action], "they end before they begin, or last no time")
                continue
            event = self.dataset.event(action.span, clock.fps)
            start_s, end_s = clock.between(event)
            window = clock.between(self.dataset.window(action.span, clock.fps))
            if start_s >= end_s or window[0] >= window[1]:
                self._lose([action], "they lie outside their clip")
                continue
            if clock.beyond_s(event) > END_SLACK_S or event[0] < 0:
                self.shortened.append(action)
            self.segments[action.id] = Segment(
                row.video,
                round(start_s, 6),
                round(end_s, 6),
                action.athlete,
                action.label,
                window_s=(round(window[0], 6), round(window[1], 6)),
            )


def _stem(path: str) -> str:
    return Path(path).name.removesuffix(Path(path).suffix)


def _places(dataset: Dataset, segments: Mapping[str, Segment]) -> dict[str, Place]:
    """Parts by video where all its actions have one part, else by action; scenes by source."""
    recognised = [a for a in dataset.recognised if a.id in segments]
    parts: dict[str, set[str]] = defaultdict(set)
    sides: dict[str, set[bool]] = defaultdict(set)
    for action in recognised:
        parts[segments[action.id].video].add(action.part)
        sides[dataset.clips[action.clip].source].add(action.part == "test")
    places = {}
    for action in recognised:
        segment, source = segments[action.id], dataset.clips[action.clip].source
        # A source on both sides is no scene that a split could keep whole: FineGym splits by action.
        scene = source if source and len(sides[source]) == 1 else segment.video
        name = segment.video if len(parts[segment.video]) == 1 else segment_key(segment)
        places[name] = Place(scene, action.part)
    return places


def _write_names(path: Path, lists: object) -> None:
    """Write lists of names. Without any there is no file, so that other lists are drawn."""
    if not lists:
        if path.exists():
            keep(path)
            path.unlink()
        return
    with keeping(path):
        write_text(json.dumps(lists, indent=1, ensure_ascii=False) + "\n", path)


def import_labels(
    layout: Layout,
    dataset: Dataset,
    aliases: Mapping[str, str] | None = None,
    poses: Path | None = None,
    progress: Callable[[str], None] = lambda clip: None,
) -> Imported:
    """Write everything that the label files say of the videos that the library holds and has scanned.

    Files written: labels.csv (with windows), splits.csv, few_shot.json, detection_lists.json, queries.csv,
    dataset.json; and boxes/, poses_given/ and masks_given/ from ``poses``. Files of an earlier import are
    replaced, and their states before kept (`vpd.library.backup`); labels that a person added stay, and the
    user's columns. ``aliases`` are the videos of clips whose file is known; the others' are found by their
    names. Raises InputError where the library has labels of its own.
    """
    _check_own_labels(layout, dataset)
    work, given = _Import(layout, dataset, aliases or {}), Given()
    for clip, row, actions in work.clips():
        work.place(clip, row, actions)
        if poses is not None:
            take(layout, poses, clip.name, row, dataset.people, given)
        progress(clip.name)
    segments = _without_twins(work)
    card = _card(dataset, segments, work.shortened)
    # First: a library with labels and no card would be taken for one with labels of its own.
    write_card(layout.dataset, card)
    new = [NewLabel(segment, dataset.about.key) for segment in segments.values()]
    removed = LabelStore(layout, work.videos).merge(new, segment_key, dataset.about.key)
    with keeping(layout.splits):
        write_split(layout.splits, _places(dataset, segments))
    named = {i: segment_key(s) for i, s in segments.items()}
    _write_names(layout.few_shot, _subsets(dataset, named))
    there = {clip: video for clip, video in work.ids.items() if clip in dataset.clips}
    lists = [[there[clip] for clip in one if clip in there] for one in dataset.localisation]
    _write_names(layout.detection_lists, [one for one in lists if one])
    if dataset.queries is not None:
        with keeping(layout.queries):
            write_rows(layout.queries, ["video"], ([named[i]] for i in sorted(dataset.queries) if i in named))
    return Imported(card, work.lost, work.set_aside, given, removed)


def _card(dataset: Dataset, segments: Mapping[str, Segment], shortened: Sequence[Action]) -> DatasetCard:
    notes = dataset.notes
    if shortened:
        what = counted(len(shortened), "action reaches", "actions reach")
        notes += (f"{what} beyond the video, where the label is cut, such as {shortened[0].id}",)
    present = sum(action.id in segments for action in dataset.recognised)
    return DatasetCard(
        key=dataset.about.key,
        title=dataset.about.title,
        licence=dataset.about.licence,
        protocol=dataset.about.protocol,
        classes=dataset.classes,
        detected=dataset.detected,
        thinning=dataset.thinning,
        mean_people=dataset.mean_people,
        clips=(len({s.video for s in segments.values()}), len(dataset.clips)),
        actions=(present, dataset.expected or len(dataset.recognised)),
        notes=notes,
    )


def _subsets(dataset: Dataset, named: Mapping[str, str]) -> dict[str, list[list[str]]]:
    """The few-shot lists by the names of their actions. A list without any present action is left out."""
    lists = {
        str(k): [[named[i] for i in one if i in named] for one in of] for k, of in dataset.subsets.items()
    }
    return {k: kept for k, of in lists.items() if (kept := [one for one in of if one])}


def _check_own_labels(layout: Layout, dataset: Dataset) -> None:
    """Raise InputError where the library has labels of another data set, or a person's that cannot be read.

    Rows of an earlier import are made again, as where a video was replaced by a shorter one.
    """
    if not layout.labels.exists():
        return
    card = read_card(layout.dataset)
    if card is None or card.key != dataset.about.key:
        of = "its own" if card is None else f"the data set {card.key}"
        raise InputError(
            f"{layout.root} holds labels of {of}. Import {dataset.about.key} into a library of its own."
        )
    found = read_label_file(layout.labels, Videos.read(layout))
    made = {record.line for record in found.rows_of(dataset.about.key)}
    replace(found, wrong=[error for error in found.wrong if error.line not in made]).segments()


def _without_twins(work: _Import) -> dict[str, Segment]:
    """The segments by action id. Of two with one name, which files could not distinguish, the first is
    kept.
    """
    kept: dict[str, Segment] = {}
    names: set[str] = set()
    actions = {action.id: action for action in work.dataset.actions}
    for i, segment in work.segments.items():
        name = segment_key(segment)
        if name in names:
            work.lost.append(Lost(actions[i], "another action has the same span"))
            continue
        names.add(name)
        kept[i] = segment
    return kept
