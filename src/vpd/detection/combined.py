"""Combine search and networks, with weights chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from vpd.detection.base import FrameDetector
from vpd.detection.by_search import SearchDetector
from vpd.detection.frame_scores import FrameScores, mixed
from vpd.detection.trained import TrainedDetector
from vpd.types import FeatureSequence, Segment

WEIGHTS = (0.0, 0.15, 0.3, 0.5, 0.7, 1.0)
"""Weights of search that are tried. 0 is the trained detector alone, 1 search alone."""


class CombinedDetector(FrameDetector):
    """A weighted mean of the scores of a trained detector and of search. The weight is best on held-out
    videos.

    Parameters
    ----------
    trained : the trained detector with its settings, which hold for the search too.
    """

    def __init__(self, trained: TrainedDetector | None = None) -> None:
        self.trained = trained

    def fit(
        self,
        sequences: Sequence[FeatureSequence],
        segments: Sequence[Segment],
        reviewed: Sequence[Segment] = (),
    ) -> Self:
        """Fit both on the same folds, then choose ``weight_``, the weight of search; see
        ``FrameDetector``.
        """
        trained = (self.trained or TrainedDetector()).fit(sequences, segments, reviewed)
        shared = ("rate_hz", "folds", "class_agnostic", "decoding", "points_s", "seed", "sides", "joints")
        search = SearchDetector(**{name: getattr(trained, name) for name in shared})
        search.fit(sequences, segments, reviewed)
        return self.combine(trained, search)

    def combine(self, trained: TrainedDetector, search: SearchDetector) -> Self:
        """Choose the weight of search for two detectors that were fitted on the same videos and folds.

        None where a class has all its examples in one fold: the networks were fitted without them, search was
        not.
        """
        self.trained_, self.search_ = trained, search
        self.rate_hz, self.points_s, self.decoding = trained.rate_hz, trained.points_s, trained.decoding
        self.joints = trained.joints
        self.classes_, self.lengths_ = trained.classes_, trained.lengths_
        self.held_out_truth_, self.sides_ = trained.held_out_truth_, trained.sides_
        trials = []
        for weight in WEIGHTS if all(search.shared_) else (0.0,):
            held_out = self._mixed(trained.held_out_, search.held_out_, weight)
            trials.append((self._choose(held_out), weight, held_out))
        self.trial_, self.weight_, self.held_out_ = max(trials, key=lambda t: t[0].average_precision)
        self.targets_, self.fold_ = trained.targets_, trained.fold_
        self._settle()
        return self

    @staticmethod
    def _mixed(
        trained: Sequence[FrameScores], search: Sequence[FrameScores], weight: float
    ) -> list[FrameScores]:
        return [mixed(a, b, weight) for a, b in zip(trained, search, strict=True)]

    def score_frames(self, sequences: Sequence[FeatureSequence]) -> list[FrameScores]:
        """The probability that each tick lies in a segment. A detector with weight 0 is not run."""
        if self.weight_ == 0.0:
            return self.trained_.score_frames(sequences)
        if self.weight_ == 1.0:
            return self.search_.score_frames(sequences)
        first, second = self.trained_.score_frames(sequences), self.search_.score_frames(sequences)
        return self._mixed(first, second, self.weight_)
