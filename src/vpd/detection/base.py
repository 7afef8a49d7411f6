"""The base class of detectors: scores for every tick, and a decoding chosen on held-out scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator

from vpd.detection.choice import Trial, choose_intervals, choose_points, operating_score, paper_decodings
from vpd.detection.folds import FEW_VIDEOS, split
from vpd.detection.frame_scores import FrameScores, Name, detect_intervals, detect_points, most_scored
from vpd.detection.motion import fastest_place, split_joints
from vpd.detection.naming import HeldOutNaming, Naming, labelled_sequences
from vpd.detection.proposals import Lengths, lengths_of
from vpd.detection.scoring import Scored
from vpd.detection.targets import assign_athletes, class_names, targets, ticks_in
from vpd.detection.timeline import Timeline, to_timelines
from vpd.errors import InputError
from vpd.sequences.sides import ClassSides, Sides, sides_by_class
from vpd.strings import Sentence
from vpd.types import Array, Detection, FeatureSequence, Segment


class FrameDetector(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A detector that scores every tick and decodes intervals, or points, from the scores.

    Parameters of all detectors
    ---------------------------
    rate_hz : features are brought to this rate, so that videos of any frame rate go together.
    folds : parts of the training videos, each held out once.
    class_agnostic : segments of all labels are one class.
    decoding : "chosen" by cross-validation among all, or the "paper"'s rule with only its threshold chosen.
    points_s : above 0, segments are points, and a detection within about this many seconds is right.
    seed : of everything random.
    sides : whether mirrored actions are of the same class, see `vpd.sequences.sides.Sides`.
    joints : the last so many values of each frame are normalised joints: their speed places detections, and
        they are used for nothing else (`vpd.detection.motion`).
    """

    rate_hz: float
    folds: int
    class_agnostic: bool
    decoding: str
    points_s: float
    seed: int
    sides: Sides
    joints: int
    sides_: dict[str, ClassSides]

    @abstractmethod
    def _learn(self, parts: list[Timeline], targets: list[Array], fold: list[int]) -> list[Scored]:
        """Learn from the parts. Returns the scores of each part by a model that was fitted without its
        fold.
        """

    @abstractmethod
    def _score(self, timelines: list[Timeline]) -> list[Scored]:
        """Scores of each timeline."""

    def fit(
        self,
        sequences: Sequence[FeatureSequence],
        segments: Sequence[Segment],
        reviewed: Sequence[Segment] = (),
    ) -> Self:
        """Learn from the labelled videos among ``sequences``.

        Parameters
        ----------
        segments : labelled actions.
        reviewed : spans that a person has looked through; unlabelled time in them is background. By default
            all of every video that has a segment. A video with neither is not used.

        Sets
        ----
        classes_, lengths_ : names of the classes; durations of the segments.
        trial_ : the decoding and its cross-validated average precision.
        held_out_, held_out_truth_ : scores of the labelled videos by models that were fitted without them,
            and the segments in these videos.
        naming_ : names detections (`vpd.detection.naming.Naming`).
        show_from_ : the score from which detections are shown.

        Raises InputError where no segment overlaps a frame with features.
        """
        if self.decoding not in ("chosen", "paper"):
            raise InputError(f"the decoding {self.decoding!r} is neither 'chosen' nor 'paper'")
        if self.folds < 2:
            raise InputError(f"{self.folds} folds cannot be cross-validated; take 2 or more")
        timelines = self._timelines(sequences)
        known = {t.video for t in timelines}
        segments = assign_athletes(timelines, [e for e in segments if e.video in known])
        self.classes_ = class_names(segments, self.class_agnostic)
        if self.points_s:
            segments = [_around(e, self.points_s) for e in segments]
        classes = [targets(t, segments, reviewed, self.classes_) for t in timelines]
        if not any((y > 0).any() for y in classes):
            raise InputError(Sentence("error_labels_unseen"))
        self.segments_ = segments
        parts, labels, fold = split(timelines, classes, self.folds, np.random.default_rng(self.seed))
        examples, of_class = labelled_sequences(parts, labels)
        self.sides_ = sides_by_class(
            self.sides, self.classes_, examples, [self.classes_[k] for k in of_class]
        )
        durations_s = np.array([e.duration_s for e in segments])
        self.lengths_: Lengths = lengths_of(durations_s, fastest_place(timelines, segments))
        self.held_out_ = self._frame_scores(parts, self._learn(parts, labels, fold))
        self.held_out_truth_ = [e for e in segments if is_covered(e, parts)]
        self.targets_, self.fold_ = labels, fold
        self.trial_ = self._choose(self.held_out_)
        self._settle()
        return self

    def _timelines(self, sequences: Sequence[FeatureSequence]) -> list[Timeline]:
        timelines = [t for t in to_timelines(sequences, self.rate_hz) if len(t)]
        if not self.joints:
            return timelines
        return [split_joints(t, self.joints, self.rate_hz) for t in timelines]

    @property
    def _some_differ(self) -> bool:
        """Whether the sides of some class differ. Then a mirrored timeline may show another class."""
        return "differ" in self.sides_.values()

    @property
    def judged_on(self) -> str:
        """Describe the data that ``trial_`` was measured on."""
        if len(set(self.fold_)) == 1:
            return "what was learned from, as nothing could be held out"
        few = len({scores.video for scores in self.held_out_}) < FEW_VIDEOS
        return "held-out parts of the labelled videos" if few else "held-out labelled videos"

    def _settle(self) -> None:
        """Fit the parts that need held-out scores and the chosen decoding: naming and the threshold."""
        self.naming_: Name = most_scored
        held_out_naming: Name = most_scored
        if len(self.classes_) > 1:
            parts = [scores.timeline for scores in self.held_out_]
            self.naming_ = Naming(self.sides_).fit(parts, self.targets_)
            held_out_naming = HeldOutNaming(self.sides_, parts, self.targets_, self.fold_)
        found = self._detect(self.held_out_, held_out_naming)
        self.show_from_ = operating_score(self.held_out_truth_, found)

    def _frame_scores(self, timelines: Sequence[Timeline], scored: Sequence[Scored]) -> list[FrameScores]:
        classes = tuple(self.classes_)
        # Edges come in units of the mean segment, and are read off in ticks.
        unit = self.lengths_.mean_s * self.rate_hz
        return [
            FrameScores(t, s.probabilities, classes, None if s.edges is None else s.edges * unit)
            for t, s in zip(timelines, scored, strict=True)
        ]

    def _choose(self, scores: Sequence[FrameScores]) -> Trial:
        if self.points_s:
            return choose_points(scores, self.held_out_truth_, self.rate_hz, self.points_s)
        decodings = paper_decodings(self.lengths_) if self.decoding == "paper" else None
        return choose_intervals(scores, self.held_out_truth_, self.rate_hz, self.lengths_, decodings)

    def _detect(self, scores: Sequence[FrameScores], name: Name) -> list[Detection]:
        if self.points_s:
            return detect_points(scores, self.rate_hz, self.points_s, self.trial_.decoding, name)
        return detect_intervals(scores, self.rate_hz, self.lengths_, self.trial_.decoding, name)

    def score_frames(self, sequences: Sequence[FeatureSequence]) -> list[FrameScores]:
        """The probability of each tick of each athlete to lie in a segment."""
        timelines = self._timelines(sequences)
        return self._frame_scores(timelines, self._score(timelines)) if timelines else []

    def detections(self, scores: Sequence[FrameScores]) -> list[Detection]:
        """Segments decoded from the scores of ``score_frames``, in order of falling score, all named
        together.
        """
        return self._detect(scores, self.naming_)

    def predict(self, sequences: Sequence[FeatureSequence]) -> list[Detection]:
        """Segments found in ``sequences``, in order of falling score. Very uncertain ones are included: see
        ``show_from_``.
        """
        return self.detections(self.score_frames(sequences))


def _around(segment: Segment, radius_s: float) -> Segment:
    middle = (segment.start_s + segment.end_s) / 2
    return Segment(segment.video, middle - radius_s, middle + radius_s, segment.athlete, segment.label)


def is_covered(segment: Segment, parts: Sequence[Timeline]) -> bool:
    """Whether a tick of one of the parts lies in the segment of its athlete."""
    return any(
        part.video == segment.video
        and segment.athlete == part.athlete
        and bool(ticks_in(part, segment).any())
        for part in parts
    )
