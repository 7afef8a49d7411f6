"""Find errors and doubtful rows in a file of labels. Every later command accepts a file that passes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from vpd.counting import counted
from vpd.errors import ArtefactError, TableError, VpdError
from vpd.library.artefact import read_table
from vpd.library.label_names import other_letters
from vpd.library.labels import REVIEWED, FrameTimes, Label, LabelFile
from vpd.library.videos import NEW, OK, SET_ASIDE, Videos
from vpd.types import Array, Segment

ERROR, NOTE = "error", "note"
"""An error makes the check fail. A note is reported only."""
SEEN_LEAST = 0.75
"""Share of a segment in which the athlete is seen, below which the user is told."""
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes
    ----------
    level : ``error`` or ``note``. ``kind``: a word or two, the same for all of the kind.
    line, column : where, None and "" where the whole file is meant. ``id``: of the label, or "".
    text : a sentence.
    file : name of the file within the library, or "" for the labels themselves.
    """

    level: str
    kind: str
    text: str
    line: int | None = None
    column: str = ""
    id: str = ""
    file: str = ""

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


def check_labels(found: LabelFile, videos: Videos) -> list[Finding]:
    """All findings in a file: errors first, by line."""
    findings = [
        *(wrong_row(error) for error in found.wrong),
        *_copied_ids(found),
        *_same_spans(found.labels),
        *_alike(found.labels),
        *_against_videos(found.labels, videos),
        *_overlaps(found.labels),
        *_classes(found.labels),
        *_formulas(found.labels),
        *_letters(found.labels),
    ]
    return sorted(findings, key=lambda f: (f.level != ERROR, f.line or 0))


def _at(label: Label, level: str, kind: str, text: str, column: str = "") -> Finding:
    return Finding(level, kind, text, label.line, column, label.id)


def wrong_row(error: TableError, file: str = "") -> Finding:
    """The finding for a row that cannot be read."""
    return Finding(ERROR, "wrong row", f"{error.why}.", error.line, error.column, file=file)


def _copied_ids(found: LabelFile) -> Iterator[Finding]:
    for record in found.copied:
        text = f"another row has the id {record.text('id')!r}; empty one of the two cells."
        yield Finding(ERROR, "id twice", text, record.line, "id")


def _same_spans(labels: list[Label]) -> Iterator[Finding]:
    """Find spans of one athlete that occur twice, under one label or under two."""
    spans: dict[tuple[str, float, float], list[Label]] = defaultdict(list)
    for label in labels:
        s = label.segment
        here = spans[s.video, round(s.start_s, 6), round(s.end_s, 6)]
        for other in here:
            if None not in (s.athlete, other.segment.athlete) and s.athlete != other.segment.athlete:
                continue
            if s.label == other.segment.label:
                text = f"the same segment as in line {other.line}."
                yield _at(label, ERROR, "duplicate", text)
                break
            if REVIEWED not in (s.label, other.segment.label):
                text = f"the segment is {s.label!r} here and {other.segment.label!r} in line {other.line}."
                yield _at(label, ERROR, "two labels", text, "label")
                break
        here.append(label)


def fold(text: str) -> str:
    """A label without invisible differences: case, blanks, spellings of accents, invisible characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if not c.isspace() and unicodedata.category(c) not in ("Cf", "Pd", "Pc"))


def _alike(labels: list[Label]) -> Iterator[Finding]:
    first: dict[str, Label] = {}
    kinds: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        name = label.segment.label or ""
        if name in first:
            continue
        if name != REVIEWED == fold(name):
            text = f"the label {name!r} is an action; time that you looked at is called {REVIEWED!r}."
            yield _at(label, ERROR, "labels alike", text, "label")
        others = kinds[fold(name)]
        if others:
            other = first[min(others)]
            text = (
                f"the label {name!r} differs from {other.segment.label!r} in line {other.line} in case, "
                "blanks or invisible signs alone, and would be another action."
            )
            yield _at(label, ERROR, "labels alike", text, "label")
        first[name] = label
        others.add(name)


def _against_videos(labels: list[Label], videos: Videos) -> Iterator[Finding]:
    by_video: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_video[label.segment.video].append(label)
    frames = FrameTimes(videos)
    yield from _unscanned([own for video, own in by_video.items() if videos.rows[video].status == NEW])
    for video, own in by_video.items():
        row = videos.rows[video]
        if row.status == SET_ASIDE:
            lost = counted(len(own), "label")
            text = f"{video} is set aside ({row.error}); nothing is learned from its {lost}."
            yield _at(own[0], NOTE, "video set aside", text, "video")
        elif row.status == OK:
            yield from _frames(own, frames)
            yield from _athletes(own, videos, frames)


def _unscanned(groups: list[list[Label]]) -> Iterator[Finding]:
    """Find the labels of videos that are not scanned: one note for all, as a new library has no other."""
    if groups:
        first, labels = groups[0][0], counted(sum(map(len, groups)), "label is", "labels are")
        text = (
            f"videos not scanned yet: {len(groups)}, from {first.segment.video} on. The times of their "
            f"{labels} not checked. Check again after `vpd scan` or `vpd run`."
        )
        yield _at(first, NOTE, "video not scanned", text, "video")


def _frames(own: list[Label], frames: FrameTimes) -> Iterator[Finding]:
    """Find segments that contain no frame."""
    video = own[0].segment.video
    try:
        times = frames.of(video)
    except VpdError as error:
        yield _at(own[0], NOTE, "frames unknown", f"the times of the frames of {video}: {error}", "video")
        return
    for label in own:
        if not _within(label.segment, times):
            text = (
                f"no frame of {video} is shown from {label.segment.start_s:g} to {label.segment.end_s:g} s."
            )
            yield _at(label, ERROR, "no frame", text, "start_s")


def _tracked(videos: Videos, video: str) -> dict[int, Array] | None:
    """Times of each athlete's boxes; None where the video is not tracked yet, or the file is damaged."""
    path = videos.layout.tracks(video)
    if not path.exists():
        return None
    try:
        table = read_table(path, ["athlete", "time_s"])
    except ArtefactError:
        return None
    athletes, times = (table[name].to_numpy() for name in ("athlete", "time_s"))
    return {int(a): np.sort(times[athletes == a]) for a in np.unique(athletes)}


def _athletes(own: list[Label], videos: Videos, frames: FrameTimes) -> Iterator[Finding]:
    video = own[0].segment.video
    tracked = _tracked(videos, video)
    if tracked is None:
        return
    for label in own:
        s = label.segment
        if s.athlete is not None and s.athlete not in tracked:
            known = ", ".join(map(str, tracked)) or "none"
            text = f"athlete {s.athlete} is not tracked in {video}; there are: {known}."
            yield _at(label, ERROR, "no such athlete", text, "athlete")
        elif s.label != REVIEWED:
            asked = tracked.values() if s.athlete is None else [tracked[s.athlete]]
            yield from _seen(label, max((_within(s, times) for times in asked), default=0), frames)


def _within(segment: Segment, times: Array) -> int:
    """How many of the times, which increase, lie in the segment."""
    first, stop = np.searchsorted(times, [segment.start_s - 1e-6, segment.end_s - 1e-6])
    return int(stop - first)


def _seen(label: Label, count: int, frames: FrameTimes) -> Iterator[Finding]:
    """Find segments in which the athlete is tracked in few of the frames, or in none."""
    s = label.segment
    where = f"in {s.video} from {s.start_s:g} to {s.end_s:g} s"
    if not count:
        who = "no athlete" if s.athlete is None else f"athlete {s.athlete} not"
        yield _at(label, NOTE, "nobody tracked", f"{who} is tracked {where}; nothing is learned here.")
        return
    with suppress(VpdError):
        shown = _within(s, frames.of(s.video))
        if count < SEEN_LEAST * shown:
            text = (
                f"the athlete is tracked in {count} of the {shown} frames {where}; only these are compared."
            )
            yield _at(label, NOTE, "partly tracked", text)


def _overlaps(labels: list[Label]) -> Iterator[Finding]:
    by_athlete: dict[tuple[str, int | None], list[Label]] = defaultdict(list)
    for label in labels:
        if label.segment.label != REVIEWED:
            by_athlete[label.segment.video, label.segment.athlete].append(label)
    for own in by_athlete.values():
        own.sort(key=lambda label: (label.segment.start_s, label.segment.end_s))
        longest = own[0]
        for previous, label in pairwise(own):
            longest = max(longest, previous, key=lambda one: one.segment.end_s)
            a, b = longest.segment, label.segment
            if b.start_s < a.end_s - 1e-6 and (b.start_s, b.end_s) != (a.start_s, a.end_s):
                text = (
                    f"overlaps with {a.label!r} of the same athlete in line {longest.line}; that is allowed."
                )
                yield _at(label, NOTE, "overlap", text)


def _classes(labels: list[Label]) -> Iterator[Finding]:
    counts = Counter(label.segment.label for label in labels)
    videos: dict[str | None, set[str]] = defaultdict(set)
    for label in labels:
        videos[label.segment.label].add(label.segment.video)
    for name, count in counts.items():
        if name == REVIEWED:
            continue
        if count == 1:
            text = (
                f"the class {name!r} has one example: it is learned from, and `vpd evaluate` cannot test it."
            )
            yield Finding(NOTE, "one example", text)
        elif len(videos[name]) == 1:
            text = (
                f"all examples of {name!r} lie in one video, so that `vpd evaluate` cannot train and test it."
            )
            yield Finding(NOTE, "one video", text)


def _formulas(labels: list[Label]) -> Iterator[Finding]:
    seen: set[str] = set()
    for label in labels:
        name = label.segment.label or ""
        if name.startswith(FORMULA) and not re.fullmatch(r"[-+]?\d+", name) and name not in seen:
            seen.add(name)
            text = f"a spreadsheet takes the label {name!r} for a formula. vpd writes it as it is."
            yield _at(label, NOTE, "formula", text, "label")


def _letters(labels: list[Label]) -> Iterator[Finding]:
    """Find cells that are not written as the names that are read from them, each text once."""
    written: dict[str, Label] = {}
    for label in labels:
        written.setdefault(label.record.text("label"), label)
    for text, label in written.items():
        if letters := other_letters(text):
            said = f"the label is read as {label.segment.label!r}; it is written with {letters}."
            yield _at(label, NOTE, "label spelt otherwise", said, "label")
