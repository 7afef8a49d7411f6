"""The trained detector: an ensemble of networks, one a fold (paper, section 4.3)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from torch import nn

from vpd.cancelling import ending_together
from vpd.detection.base import FrameDetector
from vpd.detection.inputs import scaling
from vpd.detection.networks import NETWORKS
from vpd.detection.scoring import Scored, mean_scored, score
from vpd.detection.targets import seconds_to_edges
from vpd.detection.timeline import Timeline
from vpd.detection.training import Schedule, Target, train
from vpd.errors import unknown_name
from vpd.sequences.sides import Sides
from vpd.types import Array

VIEW = 2.5
"""Receptive field of the networks, in durations of the longest usual segment."""
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
    "edges": 0.0,
    "motion": False,
    "decoding": "paper",
}
"""The paper's settings (supplement): hours on a CPU."""


class TrainedDetector(FrameDetector):
    """Networks that classify every tick, one trained without each fold; their scores are averaged.

    Parameters
    ----------
    network : {"convolutions", "bigru"}
        A name of ``vpd.detection.networks.NETWORKS``.
    hidden : int, optional
        Width of the network; by default its usual one.
    window_s : float
        Length of the training windows in seconds; longer where a segment is longer than half of one.
    batch, epochs, windows, learning_rate, patience, speed, edges
        See `vpd.detection.training.Schedule`.
    motion : bool
        Networks see how features change as well.
    rate_hz, folds, class_agnostic, decoding, points_s, seed, sides, joints
        See `vpd.detection.base.FrameDetector`.

    Attributes
    ----------
    trial_ : Trial
        What held-out training videos say: ``average_precision``, the decoding and the threshold.

    References
    ----------
    Hong et al., ICCV 2021, section 4.3, has ``network="bigru"``; `PAPER` holds its settings.

    Examples
    --------
    >>> detector = TrainedDetector(epochs=1, folds=2, decoding="paper")
    >>> detector.get_params()["rate_hz"]
    25.0
    """

    def __init__(
        self,
        network: str = "convolutions",
        hidden: int | None = None,
        rate_hz: float = 25.0,
        window_s: float = 10.0,
        batch: int = 16,
        epochs: int = 25,
        windows: int = 0,
        learning_rate: float = 3e-3,
        patience: int = 0,
        speed: float = 0.2,
        edges: float = 1.0,
        motion: bool = True,
        folds: int = 5,
        class_agnostic: bool = False,
        decoding: str = "chosen",
        points_s: float = 0.0,
        seed: int = 0,
        sides: Sides = "same",
        joints: int = 0,
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
        self.edges = edges
        self.motion = motion
        self.folds = folds
        self.class_agnostic = class_agnostic
        self.decoding = decoding
        self.points_s = points_s
        self.seed = seed
        self.sides = sides
        self.joints = joints

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
            self.edges,
            self.scaling_.moving,
            round(VIEW * max(self.lengths_.quantiles_s) * self.rate_hz),
            not self._some_differ,
        )

    def _inputs(self, timelines: list[Timeline]) -> list[Array]:
        return [self.scaling_.inputs(t) for t in timelines]

    def _learn(self, parts: list[Timeline], targets: list[Array], fold: list[int]) -> list[Scored]:
        if self.network not in NETWORKS:
            raise unknown_name("network", self.network, NETWORKS)
        self.scaling_ = scaling(parts, self.rate_hz, self.motion)
        inputs, schedule, outputs = self._inputs(parts), self._schedule(), 1 + len(self.classes_)
        wanted = [
            Target(y, seconds_to_edges(part, y, self.segments_) / self.lengths_.mean_s)
            for part, y in zip(parts, targets, strict=True)
        ]
        held = sorted(set(fold))

        def fit_fold(k: int) -> tuple[nn.Module, dict[int, Scored]]:
            out = [i for i, f in enumerate(fold) if f == k]
            # With a single block nothing can be held out: its own scores are all there is to choose by.
            kept = [i for i, f in enumerate(fold) if f != k] or out
            network = train(
                self.network,
                self.hidden,
                outputs,
                [inputs[i] for i in kept],
                [wanted[i] for i in kept],
                schedule,
                self.seed + k,
                ([inputs[i] for i in out], [wanted[i] for i in out]),
            )
            return network, dict(zip(out, self._score_by(network, [inputs[i] for i in out]), strict=True))

        # Folds are independent and each draws from its own generator; torch computes outside Python's lock.
        with ThreadPoolExecutor(min(len(held), os.cpu_count() or 1)) as pool, ending_together():
            contexts = [copy_context() for _ in held]  # a thread knows of a cancel by its context
            results = list(pool.map(lambda context, k: context.run(fit_fold, k), contexts, held))
        self.networks_ = [network for network, _ in results]
        scores = {i: scored for _, by_part in results for i, scored in by_part.items()}
        return [scores[i] for i in range(len(parts))]

    def _score_by(self, network: nn.Module, inputs: list[Array]) -> list[Scored]:
        return score(network, inputs, 1 + len(self.classes_), not self._some_differ)

    def _score(self, timelines: list[Timeline]) -> list[Scored]:
        inputs = self._inputs(timelines)
        by_network = [self._score_by(network, inputs) for network in self.networks_]
        return [mean_scored(of_one) for of_one in zip(*by_network, strict=True)]
