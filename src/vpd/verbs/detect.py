"""Find the labelled actions in videos without labels: first by search, then by networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vpd.cancelling import cancelled_by
from vpd.counting import counted
from vpd.detection.base import FrameDetector
from vpd.detection.frame_scores import FrameScores
from vpd.detection.make import make_detector
from vpd.detection.targets import split_reviewed
from vpd.errors import InputError
from vpd.library.frames import read_times
from vpd.library.labels import REVIEWED
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.metrics.spotting import frames_to_seconds
from vpd.recognition.examples import unseen
from vpd.sequences import FeatureStore
from vpd.sequences.joined import JoinedStore
from vpd.settings import DetectSettings
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.types import Array, Detection, Segment
from vpd.verbs.detections import COLUMNS, detection_rows
from vpd.verbs.features import FeatureChoice, choose_features, with_joints
from vpd.verbs.labelled import (
    labelled_segments,
    left_out_notes,
    named_singly,
    unseen_notes,
    within,
    without_features_note,
)
from vpd.verbs.progress import Progress
from vpd.verbs.rows import Row, to_csv

NAMED_TOGETHER_S = 4 * 3600.0
"""Videos of so many seconds in all are named together: their scores are in memory at once, 200 MB."""

LIKE_RATES = 1.1
"""Rates up to this factor apart count as one, such as 29.97 and 30."""


def searches_alone(settings: DetectSettings) -> bool:
    """Whether the detector trains no networks."""
    return settings.method == "search" and not settings.paper


@dataclass(frozen=True)
class DetectRequest:
    """Labels to learn and videos to search. None means the value in [detect] of vpd.toml.

    Attributes
    ----------
    videos : to look through; None for all that have features and no label.
    features : by name; None for the default (`vpd.verbs.features`).
    labels : the file to learn from; None for labels.csv.
    method : "search", "trained" or "combined".
    points : detect moments, to be found within this tolerance: seconds (0.2) or frames ("5f").
    at_least : least score of a detection; None for the score with the best F1 on held-out labels.
    """

    videos: Sequence[str] | None = None
    features: str | None = None
    labels: Path | None = None
    method: str | None = None
    points: str | float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if self.at_least is not None and not 0 <= self.at_least <= 1:
            raise InputError(f"the least score must lie in 0 to 1, not {self.at_least:g}.")


@dataclass(frozen=True, eq=False)
class VideoDetections:
    """Detections in one video, highest score first; the scores of every tick; the labels in it."""

    video: str
    detections: list[Detection]
    scores: list[FrameScores]
    labels: list[Segment]
    end_s: float
    classes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DetectResult:
    """Detections, highest score first.

    Attributes
    ----------
    detections : of all videos.
    times_s : frame times of each video that was looked through.
    classes : the actions that were learned.
    settings : the detector's.
    features : that were used, and why these.
    average_precision : of the detector on ``judged_on``, in 0..1.
    shown_from : the least score of a detection.
    decoding : how detections were read off the scores.
    share_of_search : in scores of the method "combined"; None for others.
    notes : sentences on labels that could not be used.
    """

    detections: list[Detection]
    times_s: Mapping[str, Array]
    classes: tuple[str, ...]
    settings: DetectSettings
    features: FeatureChoice
    average_precision: float
    judged_on: str
    shown_from: float
    decoding: dict[str, Any]
    share_of_search: float | None
    notes: tuple[Sentence, ...] = ()

    @property
    def by_search(self) -> bool:
        """Whether search alone made these detections."""
        return searches_alone(self.settings)

    @property
    def sentence(self) -> str:
        """How many were found, by what, and how good that is."""
        found = f"{counted(len(self.detections), 'action')} in {counted(len(self.times_s), 'video')}"
        return (
            f"By {'search' if self.by_search else 'networks'}: {found}, "
            f"score {self.shown_from:.2f} and above. Average precision on "
            f"{self.judged_on}: {self.average_precision:.2f}."
        )

    def rows(self) -> list[Row]:
        """One row a detection, by `vpd.verbs.detections.COLUMNS`."""
        return detection_rows(self.detections, self.times_s)

    def to_csv(self) -> str:
        """The rows as CSV. They include the columns of labels.csv, so that the file can be imported as
        labels.
        """
        return to_csv(COLUMNS, self.rows())

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "features": self.features.name,
            "features_why": self.features.why,
            "settings": self.settings.model_dump(),
            "videos": list(self.times_s),
            "classes": list(self.classes),
            "held_out_average_precision": round(self.average_precision, 4),
            "judged_on": self.judged_on,
            "decoding": self.decoding,
            "share_of_search": self.share_of_search,
            "shown_from_score": round(self.shown_from, 4),
            "detections": self.rows(),
            "notes": [note.to_json() for note in self.notes],
        }


class DetectListener:
    """Receives each video and each answer of `detect` as soon as it exists. Override the methods that you
    need.
    """

    def video(self, found: VideoDetections) -> None:
        """Called after each video."""

    def answer(self, result: DetectResult) -> None:
        """Called after all videos: with the answer of search, and later, where the settings want it, of the
        networks.
        """


def detect(
    library: Layout,
    request: DetectRequest,
    progress: Progress | None = None,
    listener: DetectListener | None = None,
) -> DetectResult:
    """Learn from the labelled videos, and find their actions in the others.

    With the methods "trained" and "combined", search answers first, in seconds, then the networks. Both
    answers reach the ``listener``; the last one is returned. Raises InputError where there is nothing to
    learn from or no video to search; CancelledError.

    Examples
    --------
    >>> found = detect(layout, DetectRequest(["new1"], method="search", at_least=0.5))
    >>> found.classes, found.by_search, list(found.times_s)
    (('a', 'b'), True, ['new1'])
    """
    progress, listener = progress or Progress(), listener or DetectListener()
    task = _task(library, request)
    answers = task.stages()
    for number, settings in enumerate(answers):
        part = progress.part(number / len(answers), (number + 1) / len(answers))
        result = task.answer(settings, part, listener)
        listener.answer(result)
    return result


@dataclass(frozen=True, eq=False)
class _Task:
    """The labelled data to learn from and the videos to search."""

    store: FeatureStore | JoinedStore
    joints: int
    features: FeatureChoice
    labels: list[Segment]
    learned_from: int
    times_s: dict[str, Array]
    videos: Videos
    settings: DetectSettings
    at_least: float | None
    notes: tuple[Sentence, ...]

    def stages(self) -> list[DetectSettings]:
        """The settings of each answer: search first, then the requested method."""
        if searches_alone(self.settings):
            return [self.settings]
        return [self.settings.model_copy(update={"method": "search", "paper": False}), self.settings]

    def answer(self, settings: DetectSettings, progress: Progress, listener: DetectListener) -> DetectResult:
        by = Sentence("by_search" if searches_alone(settings) else "by_networks")
        progress(0.0, Sentence("doing_learning", {"by": by, "count": self.learned_from}))
        with cancelled_by(progress.check):
            detector = learn(self.store, self.labels, settings, self.joints)
        shown_from = detector.show_from_ if self.at_least is None else self.at_least
        classes = tuple(map(str, detector.classes_))
        found: list[Detection] = []
        nobody: list[Sentence] = []
        done = 0
        for lot in self.lots():
            scores = {}
            for video in lot:
                part = 0.8 + 0.2 * done / len(self.times_s)
                progress(part, Sentence("doing_video", {"by": by, "video": video}))
                sequences = self.store.sequences(video)
                if not any(one.valid.any() for one in sequences):
                    nobody.append(Sentence("note_nobody", {"video": video}))
                scores[video] = detector.score_frames(sequences)
                done += 1
            for one in self._looked(detector, scores, shown_from, classes):
                found += one.detections
                listener.video(one)
        progress(1.0, Sentence("done_by", {"by": by, "count": len(found)}))
        return DetectResult(
            sorted(found, key=lambda d: -d.score),
            self.times_s,
            classes,
            settings,
            self.features,
            float(detector.trial_.average_precision),
            detector.judged_on,
            float(shown_from),
            vars(detector.trial_.decoding),
            getattr(detector, "weight_", None),
            (*self.notes, *named_singly(nobody, "note_more_nobody")),
        )

    def lots(self) -> list[list[str]]:
        """The videos in lots of at most `NAMED_TOGETHER_S`, or a single longer video."""
        lots: list[list[str]] = []
        held_s = np.inf
        for video, times_s in self.times_s.items():
            if held_s + times_s[-1] > NAMED_TOGETHER_S:
                lots.append([])
                held_s = 0.0
            lots[-1].append(video)
            held_s += float(times_s[-1])
        return lots

    def _looked(
        self,
        detector: FrameDetector,
        scores: dict[str, list[FrameScores]],
        shown_from: float,
        classes: tuple[str, ...],
    ) -> list[VideoDetections]:
        found = detector.detections([one for of_video in scores.values() for one in of_video])
        return [
            VideoDetections(
                video,
                [within(d, self.videos) for d in found if d.video == video and d.score >= shown_from],
                of_video,
                [s for s in self.labels if s.video == video and s.label != REVIEWED],
                float(self.times_s[video][-1]),
                classes,
            )
            for video, of_video in scores.items()
        ]


def _task(library: Layout, request: DetectRequest) -> _Task:
    settings = load_settings(library.settings).detect
    videos = Videos.read(library)
    labels, notes = labelled_segments(library, videos, request.labels, detection=True)
    features = choose_features(library, request.features)
    store, joints = with_joints(library, features.name)
    if request.videos is not None and not request.videos:
        raise InputError("there is no video to look through: name some, or none to look through all.")
    wanted = videos_to_search(store, labels, [videos.readable(name).video for name in request.videos or ()])
    changed: dict[str, Any] = {}
    if request.method is not None:
        changed["method"] = request.method
    if request.points is not None:
        changed["points_s"] = tolerance_s(str(request.points), [float(videos[v].fps) for v in wanted])
    settings = settings.changed(**changed)
    actions = [s for s in labels if s.label != REVIEWED]
    lost = unseen(store, actions)
    notes = (*notes, *left_out_notes(store), *unseen_notes(store, actions, lost, videos))
    if request.videos is None:
        notes = (*notes, *without_features_note(store, videos))
    times_s = {video: read_times(library.frames(video)) for video in wanted}
    learned_from = len(actions) - len(lost)
    return _Task(
        store, joints, features, labels, learned_from, times_s, videos, settings, request.at_least, notes
    )


def tolerance_s(text: str, rates: Sequence[float]) -> float:
    """Parse a tolerance in seconds: "0.2", or "5f" in videos of these ``rates`` in frames a second. Raises
    InputError for other texts, and for frames where the rates differ by more than a tenth.
    """
    frames = text.endswith("f")
    try:
        value = float(text.removesuffix("f"))
    except ValueError:
        value = -1.0
    if not value > 0:
        raise InputError(f"the tolerance {text} of points is neither seconds nor frames; write 0.2 or 5f.")
    if frames and max(rates) > LIKE_RATES * min(rates):
        raise InputError(
            f"the tolerance {text} is no single time, as the videos' frames a second go from {min(rates):g} "
            f"to {max(rates):g}: write it in seconds."
        )
    return frames_to_seconds(value, rates[0]) if frames else value


def learn(
    store: FeatureStore | JoinedStore, labels: Sequence[Segment], settings: DetectSettings, joints: int = 0
) -> FrameDetector:
    """Fit the detector on the labelled videos. Raises InputError where there is nothing to learn from.

    ``joints`` : size of the joints beside the features, see `vpd.verbs.features.with_joints`.
    """
    events, reviewed = split_reviewed(list(labels))
    labelled = sorted({s.video for s in labels} & set(store.videos()))
    if not labelled:
        values = {"library": str(store.layout.root), "features": repr(store.name)}
        raise InputError(Sentence("error_no_labelled_video", values))
    sequences = [s for video in labelled for s in store.sequences(video)]
    return make_detector(settings, joints).fit(sequences, events, reviewed)


def videos_to_search(
    store: FeatureStore | JoinedStore, labels: Sequence[Segment], named: Sequence[str] = ()
) -> list[str]:
    """The videos named, or all with features and without labels. Raises InputError where there is none."""
    for video in named:
        if why := store.left_out.get(video):
            raise InputError(Sentence("error_video_left_out", {"video": video, "why": why}))
        if reason := store.why_not(video):
            raise InputError(reason)
    labelled = {s.video for s in labels}
    wanted = list(named) or [video for video in store.videos() if video not in labelled]
    if not wanted:
        raise InputError(Sentence("error_all_labelled"))
    return wanted
