"""Check labels, and the user's other files that later commands read with them.

Later commands accept every file that passes, because the check uses their own readers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vpd.athletes.picks import TABLE as PICKS
from vpd.athletes.picks import pick_of
from vpd.athletes.user_boxes import read_boxes
from vpd.counting import counted
from vpd.detection.lists import read_lists
from vpd.errors import InputError, TableError
from vpd.formats.pose_joints import own_joints
from vpd.formats.poses import read_given
from vpd.library.classes import read_classes
from vpd.library.csv_file import Record, read_table
from vpd.library.dataset import recognised
from vpd.library.frames import read_times
from vpd.library.label_check import ERROR, NOTE, Finding, check_labels, wrong_row
from vpd.library.labels import REVIEWED, read_label_file
from vpd.library.layout import Layout
from vpd.library.user_files import UserFiles
from vpd.library.videos import OK, Videos
from vpd.recognition.actions import action_key, segment_key
from vpd.recognition.protocol import check_subsets
from vpd.recognition.queries import query_file
from vpd.recognition.split import TEST, TRAIN, Place, part_of, split_file
from vpd.recognition.subsets import read_subsets
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.types import Array, Segment
from vpd.verbs.athletes import check_inside
from vpd.verbs.made_parts import split_misfit, subsets_misfit

Report = Callable[[float, str], None]
"""A function that receives the progress in 0..1, and a text."""


@dataclass(frozen=True)
class CheckRequest:
    """The files to check.

    Attributes
    ----------
    file : of labels; None for labels.csv, and for all else in the library that a person may have written.
    splits, subset_file : as `vpd evaluate` takes them; None for those of the library.
    """

    file: Path | None = None
    splits: Path | None = None
    subset_file: Path | None = None


@dataclass(frozen=True)
class CheckResult:
    """The findings. ``segments``, ``videos`` and ``counts`` (by label) refer to the usable rows.

    ``files`` : names of the files that were read with the labels.
    """

    file: Path
    findings: list[Finding]
    segments: int
    videos: int
    counts: Mapping[str, int]
    files: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether every later command accepts all rows."""
        return not any(finding.level == ERROR for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "file": str(self.file),
            "files": list(self.files),
            "passed": self.passed,
            "segments": self.segments,
            "videos": self.videos,
            "labels": dict(self.counts),
            "findings": [finding.to_json() for finding in self.findings],
        }


def check(library: Layout, request: CheckRequest, progress: Report | None = None) -> CheckResult:
    """Check labels and the files that belong to them. Raises LabelError where the labels are no table.

    Examples
    --------
    >>> found = check(layout, CheckRequest())
    >>> found.passed, found.segments
    (True, 4)
    """
    videos, path = Videos.read(library), request.file or library.labels
    found = read_label_file(path, videos)
    beside = _Beside(library, request, videos, [label.segment for label in found.labels])
    findings = [*check_labels(found, videos), *beside.findings()]
    counts = Counter(str(label.segment.label) for label in found.labels)
    return CheckResult(
        path,
        sorted(findings, key=lambda f: f.level != ERROR),
        len(found.labels),
        len({label.segment.video for label in found.labels}),
        dict(sorted(counts.items())),
        tuple(beside.read),
    )


class _Beside:
    """The other files of the user. ``read`` has the names of those that exist."""

    def __init__(
        self, layout: Layout, request: CheckRequest, videos: Videos, segments: Sequence[Segment]
    ) -> None:
        self._layout, self._request, self._videos = layout, request, videos
        self._all = segments
        self._segments = recognised(layout, segments)
        self.read: list[str] = []

    def findings(self) -> list[Finding]:
        """Findings of all the files."""
        found = [*self._split(), *self._subsets()]
        if self._request.file is None:
            found += [*self._picks(), *self._given(), *self._queries(), *self._lists(), *self._classes()]
        return found

    def _path(self, asked: Path | None, own: Path) -> Path | None:
        """The file that `vpd evaluate` would read: the one named, the library's, or the one made before.

        None where there is none. Of a file of labels outside the library, only a named one.
        """
        if asked is not None or self._request.file is not None:
            return asked
        made = self._layout.results / "few_shot" / own.name
        return next((path for path in (own, made) if path.exists()), None)

    def _named(self, path: Path) -> str:
        inside = path.is_relative_to(self._layout.root)
        name = path.relative_to(self._layout.root).as_posix() if inside else str(path)
        self.read.append(name)
        return name

    @cached_property
    def _places(self) -> dict[str, Place] | None:
        """The split, where there is a valid one."""
        path = self._path(self._request.splits, self._layout.splits)
        found = None if path is None else split_file(path, self._videos.names)
        return None if found is None or found.wrong else found.places

    def _split(self) -> Iterator[Finding]:
        path = self._path(self._request.splits, self._layout.splits)
        if path is None:
            if len({s.video for s in self._segments}) == 1:
                text = "all labels lie in one video: `vpd evaluate` has nothing to test on."
                yield Finding(NOTE, "one video", text)
            return
        name, found = self._named(path), split_file(path, self._videos.names)
        yield from (wrong_row(error, name) for error in found.wrong)
        keys = {segment_key(s) for s in self._all}
        for row, record in found.rows.items():
            action = action_key(record.raw("video"), self._videos.names)
            if action is None and row not in self._videos.rows:
                yield _at(record, "no such video", f"there is no video {row!r}; the row is not used.", name)
            if action is not None and row not in keys:
                yield _at(record, "no such label", f"no label is {row!r}; the row is not used.", name)
        if not found.wrong and (why := split_misfit(path, self._segments, self._videos.names)):
            yield _made_again(why, name)
        else:
            yield from self._parts(found.places, name)

    def _parts(self, places: Mapping[str, Place], name: str) -> Iterator[Finding]:
        found = [(segment, part_of(places, segment)) for segment in self._segments]
        unplaced = dict.fromkeys(segment.video for segment, place in found if place is None)
        for video in unplaced:
            text = f"{video} has labels and stands on no side: add it, or delete a file that vpd made."
            yield Finding(ERROR, "no side", text, file=name)
        sides = Counter(place.split for _, place in found if place is not None)
        if self._segments and not (sides[TRAIN] and sides[TEST]):
            text = f"the split leaves {counted(sides[TRAIN], 'segment')} to train and {sides[TEST]} to test."
            yield Finding(ERROR, "empty part", text, file=name)

    def _subsets(self) -> Iterator[Finding]:
        path = self._path(self._request.subset_file, self._layout.few_shot)
        if path is None:
            return
        name, names = self._named(path), self._videos.names
        try:
            train, test = self._sides()
            if why := subsets_misfit(path, self._segments, train, (), 0, names):
                yield _made_again(why, name)
                return
            subsets = read_subsets(path, self._segments, names)
            if train is not None and len(train) and len(test):
                check_subsets(subsets, np.array([s.label for s in self._segments]), train, test)
        except InputError as error:
            yield _whole(error, path, name)

    def _sides(self) -> tuple[Array | None, Array]:
        """The training and the test part; None and nothing where there is no valid split."""
        if self._places is None:
            return None, np.empty(0, np.int64)
        found = [part_of(self._places, segment) for segment in self._segments]
        sides = np.array([None if place is None else place.split for place in found])
        return np.flatnonzero(sides == TRAIN), np.flatnonzero(sides == TEST)

    def _picks(self) -> Iterator[Finding]:
        path = self._layout.picks
        if not path.is_file():
            return
        name = self._named(path)
        try:
            records = list(read_table(path, PICKS).unchecked())
        except TableError as error:
            yield wrong_row(error, name)
            return
        for record in records:
            try:
                pick = pick_of(record, self._videos.names)
            except TableError as error:
                yield wrong_row(error, name)
                continue
            try:
                check_inside(pick, self._videos.rows[pick.video])
            except InputError as error:
                yield replace(_at(record, "pick outside", str(error), name), level=ERROR)

    def _given(self) -> Iterator[Finding]:
        """Findings in boxes and poses that the user supplied."""
        files = UserFiles(self._layout, self._videos.names)
        for problem in files.problems:
            yield Finding(ERROR, "not used", problem)
        gap_s = load_settings(self._layout.settings).track.max_gap_s
        for video, path in files.boxes.items():
            name = self._named(path)
            if self._videos.rows[video].status != OK:
                continue
            try:
                times_s = read_times(self._layout.frames(video))
                read_boxes(path, np.arange(len(times_s)), times_s, gap_s)
            except InputError as error:
                yield _whole(error, path, name)
        for video, path in files.poses.items():
            name = self._named(path)
            try:
                found = read_given(path, own_joints(files.joints))
            except InputError as error:
                yield _whole(error, path, name)
                continue
            if found.missing:
                text = f"{found.program} has no {', '.join(found.missing)}: these have score 0."
                yield Finding(NOTE, "joints missing", text, file=name)
            row = self._videos.rows[video]
            late = max((pose.frame for pose in found.poses), default=-1)
            if row.status == OK and late >= row.frames:
                text = f"it has frame {late}; {video} has {row.frames}, counted from 0."
                yield Finding(NOTE, "more frames", text, file=name)

    def _queries(self) -> Iterator[Finding]:
        path = self._layout.queries
        if not path.is_file():
            return
        name, found = self._named(path), query_file(path, self._segments, self._videos.names)
        yield from (wrong_row(error, name) for error in found.wrong)
        for record in found.unknown:
            text = f"no label is {record.text('video')!r}; the row is not used."
            yield _at(record, "no such label", text, name)

    def _classes(self) -> Iterator[Finding]:
        """Findings in the user's table of classes, and labels of classes that it does not name."""
        path = self._layout.classes
        if not path.is_file():
            return
        name = self._named(path)
        try:
            known = read_classes(path)
        except InputError as error:
            yield _whole(error, path, name)
            return
        counts = Counter(s.label for s in self._all if s.label not in (*known, REVIEWED))
        for label, count in counts.items():
            own = counted(count, "label is", "labels are")
            text = f"{own} {label!r}, which is no class of {name}: add it there, or rename."
            yield Finding(NOTE, "class not listed", text, file=name)

    def _lists(self) -> Iterator[Finding]:
        path = self._layout.detection_lists
        if not path.is_file():
            return
        name = self._named(path)
        try:
            read_lists(path, self._videos.names)
        except InputError as error:
            yield _whole(error, path, name)


def _at(record: Record, kind: str, text: str, name: str) -> Finding:
    return Finding(NOTE, kind, text, record.line, "video", file=name)


def _made_again(why: Sentence, name: str) -> Finding:
    """The finding that a file that vpd made no longer fits the labels."""
    return Finding(NOTE, "made again", f"it has {why}: `vpd evaluate` makes it again.", file=name)


def _whole(error: InputError, path: Path, name: str) -> Finding:
    """The first error of a file that is read as a whole."""
    if isinstance(error, TableError):
        return wrong_row(error, name)
    return Finding(ERROR, "wrong file", str(error).removeprefix(f"{path}: "), file=name)
