"""The trained detector: an ensemble of networks, one a fold, with its decoding chosen on held-out scores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator
from torch import nn

from vpd.detection.choice import (
    Trial,
    choose_intervals,
    choose_points,
    operating_score,
    paper_decodings,
)
from vpd.detection.folds import split
from vpd.detection.frame_scores import FrameScores, detect_intervals, detect_points
from vpd.detection.networks import NETWORKS
from vpd.detection.proposals import Lengths, lengths_of
from vpd.detection.targets import assign_athletes, class_names, targets
from vpd.detection.timeline import Timeline, to_timelines
from vpd.detection.training import Scaling, Schedule, scaling, score, train
from vpd.errors import InputError
from vpd.types import Array, Detection, FeatureSequence, Segment

PAPER = {
    "network": "bigru",
    "rate_hz": 25.0,
    "window_s": 10.0,
    "batch": 100,
    "epochs": 200,
    "windows": 5000,
    "patience": 50,
    "learning_rate": 1e-3,
    "speed": 0.0,
    "decoding": "paper",
}
"""The paper's settings (supplement): hours on a CPU."""


class TrainedDetector(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Few-shot temporal detection (paper, section 4.3).

    Parameters
    ----------
    network : a name of ``vpd.detection.networks.NETWORKS``.
    hidden : width of the network; None for its usual one.
    rate_hz : features are brought to this rate, so that videos of any frame rate go together.
    window_s : length of the training windows; longer where an event is longer than half of one.
    batch, epochs, windows, learning_rate, patience, speed : see ``Schedule``.
    folds : networks in the ensemble, each trained without one part of the training videos.
    class_agnostic : events of all labels are one class.
    decoding : "chosen" by cross-validation among all, or the "paper"'s rule with only its threshold chosen.
    points_s : events are points, to be found within about this many seconds; 0 for intervals.
    seed : of everything random.
    """

    def __init__(
        self,
        network: str = "convolutions",
        hidden: int | None = None,
        rate_hz: float = 25.0,
        window_s: float = 10.0,
        batch: int = 16,
        epochs: int = 40,
        windows: int = 0,
        learning_rate: float = 3e-3,
        patience: int = 0,
        speed: float = 0.2,
        folds: int = 5,
        class_agnostic: bool = False,
        decoding: str = "chosen",
        points_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.network = network
        self.hidden = hidden
        self.rate_hz = rate_hz
        self.window_s = window_s
        self.batch = batch
        self.epochs = epochs
        self.windows = windows
        self.learning_rate = learning_rate
        self.patience = patience
        self.speed = speed
        self.folds = folds
        self.class_agnostic = class_agnostic
        self.decoding = decoding
        self.points_s = points_s
        self.seed = seed

    def fit(
        self,
        sequences: Sequence[FeatureSequence],
        events: Sequence[Segment],
        reviewed: Sequence[Segment] = (),
    ) -> Self:
        """Learn from the labelled videos among ``sequences``.

        ``events`` are labelled actions; ``reviewed`` spans say what was looked at, a whole video that has events
        by default. A video with neither is not learned from. Sets ``classes_``, ``lengths_``, ``trial_`` (the
        decoding and its cross-validated average precision), ``held_out_`` (scores of the training videos by
        networks that did not see them) and ``show_from_`` (the score from which detections are worth showing).
        Raises InputError where no event falls on a frame with features.
        """
        self._check()
        timelines = [t for t in to_timelines(sequences, self.rate_hz) if len(t)]
        known = {t.video for t in timelines}
        events = assign_athletes(timelines, [e for e in events if e.video in known])
        self.classes_ = class_names(events, self.class_agnostic)
        if self.points_s:
            events = [_around(e, self.points_s) for e in events]
        classes = [targets(t, events, reviewed, self.classes_) for t in timelines]
        if not any((y > 0).any() for y in classes):
            raise InputError("no labelled event falls on a frame that has features")
        rng = np.random.default_rng(self.seed)
        parts, labels, fold = split(timelines, classes, self.folds, rng)
        self.lengths_: Lengths = lengths_of(np.array([e.duration_s for e in events]))
        self.scaling_ = scaling(parts)
        inputs = [self.scaling_.inputs(p.values, p.valid[:, None].repeat(2, axis=1)) for p in parts]
        self.networks_, scores = self._train(inputs, labels, fold)
        self.held_out_ = self._frame_scores(parts, scores)
        self.held_out_truth_ = [e for e in events if _covered(e, parts)]
        self.trial_ = self._choose(self.held_out_, self.held_out_truth_)
        found = self._detect(self.held_out_)
        self.show_from_ = operating_score(self.held_out_truth_, found)
        return self

    def _check(self) -> None:
        if self.network not in NETWORKS:
            raise InputError(f"there is no network {self.network!r}; there are {', '.join(NETWORKS)}")
        if self.decoding not in ("chosen", "paper"):
            raise InputError(f"the decoding {self.decoding!r} is neither 'chosen' nor 'paper'")
        if self.folds < 2:
            raise InputError(f"{self.folds} folds cannot be cross-validated; take 2 or more")

    def _schedule(self) -> Schedule:
        window_s = max(self.window_s, 2 * max(self.lengths_.quantiles_s))
        return Schedule(
            max(2, round(window_s * self.rate_hz)),
            self.batch,
            self.epochs,
            self.learning_rate,
            self.windows,
            self.patience,
            self.speed,
        )

    def _train(
        self, inputs: list[Array], labels: list[Array], fold: list[int]
    ) -> tuple[list[nn.Module], list[Array]]:
        """One network a fold, and for each part the scores of the network that did not see it."""
        schedule, outputs = self._schedule(), 1 + len(self.classes_)
        held = sorted(set(fold))

        def fit_fold(k: int) -> tuple[nn.Module, dict[int, Array]]:
            out = [i for i, f in enumerate(fold) if f == k]
            # With a single block nothing can be held out: its own scores are all there is to choose by.
            kept = [i for i, f in enumerate(fold) if f != k] or out
            network = train(
                self.network,
                self.hidden,
                outputs,
                [inputs[i] for i in kept],
                [labels[i] for i in kept],
                schedule,
                self.seed + k,
                ([inputs[i] for i in out], [labels[i] for i in out]),
            )
            return network, dict(zip(out, score(network, [inputs[i] for i in out]), strict=True))

        # Folds are independent and each draws from its own generator; torch computes outside Python's lock.
        with ThreadPoolExecutor(min(len(held), os.cpu_count() or 1)) as pool:
            results = list(pool.map(fit_fold, held))
        scores = {i: s for _, by_part in results for i, s in by_part.items()}
        return [network for network, _ in results], [scores[i] for i in range(len(inputs))]

    def _frame_scores(self, timelines: Sequence[Timeline], chances: Sequence[Array]) -> list[FrameScores]:
        classes = tuple(self.classes_)
        return [
            FrameScores(t.video, t.athlete, t.times_s, c, classes)
            for t, c in zip(timelines, chances, strict=True)
        ]

    def _choose(self, scores: Sequence[FrameScores], truth: Sequence[Segment]) -> Trial:
        if self.points_s:
            return choose_points(scores, truth, self.rate_hz, self.points_s)
        decodings = paper_decodings(self.lengths_) if self.decoding == "paper" else None
        return choose_intervals(scores, truth, self.rate_hz, self.lengths_, decodings)

    def _detect(self, scores: Sequence[FrameScores]) -> list[Detection]:
        if self.points_s:
            return detect_points(scores, self.rate_hz, self.points_s, self.trial_.decoding)
        return detect_intervals(scores, self.rate_hz, self.lengths_, self.trial_.decoding)

    def score_frames(self, sequences: Sequence[FeatureSequence]) -> list[FrameScores]:
        """How surely each tick of each athlete lies in an event: mean of the networks and orientations."""
        timelines = [t for t in to_timelines(sequences, self.rate_hz) if len(t)]
        if not timelines:
            return []
        inputs = [self.scaling_.inputs(t.values, t.valid[:, None].repeat(2, axis=1)) for t in timelines]
        totals = score(self.networks_[0], inputs)
        for network in self.networks_[1:]:
            totals = [total + one for total, one in zip(totals, score(network, inputs), strict=True)]
        return self._frame_scores(timelines, [total / len(self.networks_) for total in totals])

    def predict(self, sequences: Sequence[FeatureSequence]) -> list[Detection]:
        """Events found in ``sequences``, surest first, down to very unsure ones: see ``show_from_``."""
        return self._detect(self.score_frames(sequences))


def _around(event: Segment, radius_s: float) -> Segment:
    middle = (event.start_s + event.end_s) / 2
    return Segment(event.video, max(0.0, middle - radius_s), middle + radius_s, event.athlete, event.label)


def _covered(event: Segment, parts: Sequence[Timeline]) -> bool:
    return any(
        part.video == event.video
        and event.athlete == part.athlete
        and bool(((part.times_s >= event.start_s) & (part.times_s < event.end_s)).any())
        for part in parts
    )
