"""Measure detection in the paper's protocol: Table 4."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vpd.counting import counted
from vpd.detection import PAPER, TrainedDetector
from vpd.detection.frame_scores import FrameScores
from vpd.detection.lists import read_lists
from vpd.detection.targets import ACTION
from vpd.errors import InputError, VpdError
from vpd.library.labels import REVIEWED
from vpd.library.videos import Videos
from vpd.metrics.average_precision import MEAN_TIOUS, PAPER_TIOUS, average_precision
from vpd.paper import reference_detection as reference
from vpd.paper.columns import Column, reason, why_without
from vpd.paper.dataset import Frames
from vpd.paper.kept import KeptFigures
from vpd.paper.options import Options
from vpd.paper.published import TABLE_4 as PAPER_4
from vpd.paper.result import Cell, Line, ResultTable
from vpd.paper.students import shortened
from vpd.paper.systems import System
from vpd.recognition.split import TEST, part_of, read_split
from vpd.sequences import FeatureStore
from vpd.types import Array, FeatureSequence, Segment

TRIALS = 5
VIDEOS = 5
"""Number of routines or points that a detector learns from."""
REFERENCE_HZ = 25.0
SCHEDULES: dict[str, dict[str, Any]] = {
    "paper": {},
    "laptop": {"epochs": 20, "windows": 400, "patience": 10},
}
"""Changes of the paper's schedule by name. Its detectors train for hours on a CPU."""


@dataclass(frozen=True, eq=False)
class Task:
    """The data on which detection is measured.

    Attributes
    ----------
    training : by trial, the videos that are learned from. tested : videos of the test part.
    events : all events of the library, as one class.
    """

    training: list[list[str]]
    tested: list[str]
    events: list[Segment]

    def truth(self) -> list[Segment]:
        """The events of the test part. Those of one athlete that touch or overlap are merged."""
        return joined([e for e in self.events if e.video in set(self.tested)])


def joined(events: Sequence[Segment]) -> list[Segment]:
    """Merge events of one athlete that touch or overlap."""
    out: list[Segment] = []
    for event in sorted(events, key=lambda e: (e.video, str(e.athlete), e.start_s, e.end_s)):
        last = out[-1] if out else None
        same = last is not None and (last.video, last.athlete) == (event.video, event.athlete)
        if last is not None and same and event.start_s <= last.end_s + 1e-6:
            out[-1] = replace(last, end_s=max(last.end_s, event.end_s))
        else:
            out.append(event)
    return out


def task_of(column: Column, options: Options, trials: int = TRIALS) -> Task:
    """Training lists and test videos of a library.

    A published data set has its lists. For another library the training videos are drawn, seeded by the
    trial. A video is tested where its split says so, for itself or for one of its actions. Raises InputError.
    """
    labels = column.labels if column.card is None else column.card.events(column.labels)
    events = [replace(s, label=ACTION, window_s=None) for s in labels if s.label != REVIEWED]
    if not column.layout.splits.exists():
        raise InputError(f"{column.layout.root} has no splits.csv that says which videos are tested")
    names = Videos.read(column.layout).names
    places = read_split(column.layout.splits, names)
    parts = {s.video: place.split for s in labels if (place := part_of(places, s)) is not None}
    tested = sorted(video for video, part in parts.items() if part == TEST)
    trained = sorted(video for video, part in parts.items() if part != TEST)
    lists = read_lists(column.layout.detection_lists, names) or [
        np.random.default_rng([options.seed, trial]).permutation(trained).tolist() for trial in range(trials)
    ]
    training = [[v for v in one if v in set(trained)][:VIDEOS] for one in lists[:trials]]
    if not tested or not trained:
        raise InputError(f"the split leaves {len(tested)} videos to test and {len(trained)} to learn from")
    if not all(training):
        raise InputError(f"{column.layout.detection_lists} has a list without a video to learn from")
    task = Task(training, tested, events)
    if not task.truth():
        raise InputError("no video of the test part has an event")
    return task


def _detector(seed: int, changes: Mapping[str, Any]) -> TrainedDetector:
    return TrainedDetector(**{**PAPER, "class_agnostic": True, "seed": seed, **changes})


def _sequences(store: FeatureStore, videos: Sequence[str]) -> list[FeatureSequence]:
    have = set(store.videos())
    return [s for video in videos if video in have for s in store.sequences(video)]


def trial(
    store: FeatureStore, task: Task, number: int, options: Options, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Average precision in 0..1 of one trial: ``tious`` and ``ap``, and as published ``table`` by
    threshold.
    """
    if options.as_published:
        return _as_published(store, task, number, options.seed + number, changes)
    training = task.training[number]
    events = [e for e in task.events if e.video in training]
    detector = _detector(options.seed + number, changes).fit(_sequences(store, training), events)
    found = [
        d
        for video in task.tested
        for d in detector.detections(detector.score_frames(_sequences(store, [video])))
    ]
    values = average_precision(task.truth(), found, MEAN_TIOUS)
    return {
        "tious": list(MEAN_TIOUS),
        "ap": values.tolist(),
        "thresholds": list(detector.trial_.decoding.thresholds),
    }


def _as_published(
    store: FeatureStore, task: Task, number: int, seed: int, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The reference's method: every frame is a tick whatever its time, with its decoding and all its
    thresholds.
    """
    training, clocks = task.training[number], _Clocks(store)
    events = [clocks.event(e) for e in task.events if e.video in training]
    sequences = [clocks.sequence(s) for s in _sequences(store, training)]
    detector = _detector(seed, {**changes, "rate_hz": REFERENCE_HZ}).fit(sequences, events)
    scores: dict[tuple[str, int], Array] = {}
    for video in task.tested:
        for one in detector.score_frames([clocks.sequence(s) for s in _sequences(store, [video])]):
            scores[one.video, one.athlete] = _by_frame(one)
    truth = _truth(task, clocks, scores)
    lengths = reference.limits(
        [clocks.frames(e) for e in task.events if e.video not in set(task.tested) and clocks.knows(e.video)]
    )
    tennis = store_key(store) == "tennis"
    thresholds = reference.TENNIS_THRESHOLDS if tennis else reference.THRESHOLDS
    table = [
        [
            reference.average_precision(reference.proposals(scores, t, lengths), truth, tiou)
            for tiou in reference.TIOUS
        ]
        for t in thresholds
    ]
    return {"tious": list(MEAN_TIOUS), "thresholds": list(thresholds), "table": table}


def store_key(store: FeatureStore) -> str:
    """Key of the data set of a library; "" for none."""
    from vpd.library.dataset import read_card

    card = read_card(store.layout.dataset)
    return "" if card is None else card.key


def _by_frame(one: FrameScores) -> Array:
    """Scores (T,) at every frame from 0 on. Frames without a score have 0."""
    out = np.zeros(int(one.timeline.frames[-1]) + 1)
    out[one.timeline.frames] = one.action
    return out


class _Clocks:
    """Frames in place of time, as in the reference: frame i is at i / 25 s in every video."""

    def __init__(self, store: FeatureStore) -> None:
        from vpd.library.frames import read_times

        self.store, self.read = store, read_times
        self.times: dict[str, Array] = {}

    def knows(self, video: str) -> bool:
        """Whether the video was scanned."""
        return self.store.layout.frames(video).exists()

    def _times(self, video: str) -> Array:
        if video not in self.times:
            self.times[video] = self.read(self.store.layout.frames(video))
        return self.times[video]

    def sequence(self, s: FeatureSequence) -> FeatureSequence:
        """The sequence with times by frame number."""
        return replace(s, times_s=s.frames / REFERENCE_HZ)

    def frames(self, event: Segment) -> Frames:
        """First frame and one past the last of an event."""
        first, last = np.searchsorted(self._times(event.video), [event.start_s, event.end_s])
        return int(first), max(int(last), int(first) + 1)

    def event(self, event: Segment) -> Segment:
        """The event in frame numbers, extended by half a frame on either side."""
        first, last = self.frames(event)
        return replace(
            event, start_s=max(0.0, (first - 0.5) / REFERENCE_HZ), end_s=(last - 0.5) / REFERENCE_HZ
        )


def _truth(
    task: Task, clocks: _Clocks, scores: Mapping[tuple[str, int], Array]
) -> dict[tuple[str, int], list[Frames]]:
    """Merged events in frames, by video and athlete. One without an athlete belongs to the video's first
    athlete.
    """
    truth: dict[tuple[str, int], list[Frames]] = defaultdict(list)
    for event in task.truth():
        athletes = [athlete for video, athlete in scores if video == event.video]
        athlete = event.athlete if event.athlete is not None else min(athletes, default=0)
        truth[event.video, athlete].append(clocks.frames(event))
    return truth


def _mean(rows: Sequence[dict[str, Any]], as_published: bool) -> tuple[Array, Array, str]:
    """AP (tious,), its standard deviation over trials, and a sentence on the threshold."""
    if not as_published:
        values = np.array([row["ap"] for row in rows])
        return values.mean(axis=0), values.std(axis=0, ddof=1 if len(rows) > 1 else 0), ""
    tables = np.array([row["table"] for row in rows])
    mean = tables.mean(axis=0)
    best = int(mean.mean(axis=1).argmax())
    spread = tables[:, best].std(axis=0, ddof=1 if len(rows) > 1 else 0)
    return mean[best], spread, f"threshold {rows[0]['thresholds'][best]:g}, read off the test table"


def _measured(
    column: Column, system: System, options: Options, trials: int, changes: Mapping[str, Any]
) -> list[dict[str, Any]] | str:
    missing = why_without(column, system.features, system.make)
    if missing:
        return missing
    try:
        task, store = task_of(column, options, trials), FeatureStore(column.layout, system.features)
        kept, rows = KeptFigures(column.results / "detection.jsonl"), []
        options.listener.begin(
            f"{column.title}, {system.title}", len(task.training), float(len(task.training))
        )
        for number in range(len(task.training)):
            key = _key(store, task, number, options, changes)
            row = None if options.fresh else kept.find(key)
            if row is None:
                row = trial(store, task, number, options, changes)
                kept.add(key, {"system": system.name, "trial": number, **row})
            rows.append(row)
            options.listener.advance(1.0)
            options.listener.ended(f"trial {number}", "")
        return rows
    except VpdError as error:
        return reason(error)


def _key(store: FeatureStore, task: Task, number: int, options: Options, changes: Mapping[str, Any]) -> str:
    """The key of the features, the task and the settings."""
    from vpd.library.artefact import read_recipe

    videos = [v for v in (*task.training[number], *task.tested) if v in set(store.videos())]
    features = [read_recipe(store.layout.features(store.name, v))["key"] for v in videos]
    events = [(e.video, e.start_s, e.end_s, e.athlete) for e in task.events]
    settings = {**PAPER, **changes, "seed": options.seed + number, "published": options.as_published}
    made = json.dumps([store.name, videos, features, events, settings], default=str)
    return hashlib.sha256(made.encode()).hexdigest()[:32]


def check_detector(name: str) -> None:
    """Raise InputError for an unknown schedule of detectors."""
    if name not in SCHEDULES:
        raise InputError(f"there is no schedule {name!r}; there are {', '.join(SCHEDULES)}")


def table_4(
    columns: Sequence[Column],
    systems: Sequence[System],
    options: Options,
    trials: int = TRIALS,
    changes: Mapping[str, Any] | None = None,
) -> ResultTable:
    """Table 4: average precision of detection learned from five videos, mean of five trials.

    ``changes`` shorten the paper's schedule (see `vpd.detection.PAPER`), by default as the options' detector
    does. The table then says so. Raises InputError for an unknown detector.
    """
    check_detector(options.detector)
    changes = SCHEDULES[options.detector] if changes is None else changes
    headings = tuple(
        c.heading(f"AP@{tiou:.1f}", *sizes)
        for c in columns
        for sizes in [_sizes(c, options, trials)]
        for tiou in PAPER_TIOUS
    )
    lines: list[Line] = []
    details: dict[str, Any] = {}
    lacking: list[str] = []
    for system in systems:
        cells: list[Cell] = []
        for column in columns:
            paper = PAPER_4.get(system.name, {}).get(column.data, ())
            found = _measured(column, system, options, trials, changes)
            details[f"{column.title}, {system.name}"] = found
            cells += _cells(found, paper, options)
            lacking += [] if isinstance(found, str) else _lacking(column, system, options, trials)
        lines.append(Line(system.name, system.title, system.group, system.sees, tuple(cells)))
    notes = [*(note for c in columns for note in c.notes()), *dict.fromkeys(lacking)]
    notes += shortened(columns, systems)
    notes.append(
        f"Learned from {VIDEOS} videos, mean of {trials} trials; all labels are one class. "
        + (
            "As published: every frame is a tick, the reference's decoding as it runs, and the threshold of "
            "the best mean is read off the test table."
            if options.as_published
            else "The threshold is chosen by cross-validation on the videos learned from."
        )
    )
    if changes:
        notes.append(
            f"The paper's schedule is changed: {', '.join(f'{k} = {v}' for k, v in changes.items())}."
        )
    title = "Table 4: detection from five videos, average precision, %"
    return ResultTable(
        "table4", title, headings, tuple(lines), tuple(notes), options.as_published, {"trials": details}
    )


def _sizes(column: Column, options: Options, trials: int) -> tuple[int, int]:
    """Number of videos that a detector learns from, and of events of the test part; 0 where there is no
    task, and the cells say why.
    """
    try:
        task = task_of(column, options, trials)
    except VpdError:
        return 0, 0
    return max(map(len, task.training)), len(task.truth())


def _lacking(column: Column, system: System, options: Options, trials: int) -> list[str]:
    """Sentences on lists, videos and features that a library has fewer of than the paper's protocol."""
    task = task_of(column, options, trials)
    there = set(FeatureStore(column.layout, system.features).videos())
    found = []
    fewest = min(map(len, task.training))
    if fewest < VIDEOS or len(task.training) < trials:
        found.append(
            f"{column.title}: learned from {counted(fewest, 'video')} at least, in "
            f"{counted(len(task.training), 'trial')}, as it has no more."
        )
    for what, videos in (
        ("tested", task.tested),
        ("learned from", {v for one in task.training for v in one}),
    ):
        if lost := [video for video in videos if video not in there]:
            of = f"{len(lost)} of {counted(len(videos), 'video')} {what}"
            found.append(f"{column.title}, {system.title}: {of} without features, and nothing is seen there.")
    return found


def _cells(found: list[dict[str, Any]] | str, paper: tuple[float, ...], options: Options) -> list[Cell]:
    theirs = [paper[i] if i < len(paper) else None for i in range(len(PAPER_TIOUS))]
    if isinstance(found, str):
        return [Cell(None, value, found) for value in theirs]
    mean, spread, which = _mean(found, options.as_published)
    places = [list(MEAN_TIOUS).index(tiou) for tiou in PAPER_TIOUS]
    several = len(found) > 1
    return [
        Cell(100 * float(mean[at]), value, which, 100 * float(spread[at]) if several else None)
        for at, value in zip(places, theirs, strict=True)
    ]
