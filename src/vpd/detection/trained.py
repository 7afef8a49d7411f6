"""The trained detector: an ensemble of networks, one a fold (paper, section 4.3)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from torch import nn

from vpd.detection.base import FrameDetector
from vpd.detection.networks import NETWORKS
from vpd.detection.timeline import Timeline
from vpd.detection.training import Schedule, scaling, score, train
from vpd.errors import InputError
from vpd.types import Array

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


class TrainedDetector(FrameDetector):
    """Networks that call every tick, one trained without each fold; their scores are averaged.

    Parameters
    ----------
    network : a name of ``vpd.detection.networks.NETWORKS``.
    hidden : width of the network; None for its usual one.
    window_s : length of the training windows; longer where an event is longer than half of one.
    batch, epochs, windows, learning_rate, patience, speed : see ``Schedule``.
    others : see ``FrameDetector``.
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

    def _inputs(self, timelines: list[Timeline]) -> list[Array]:
        return [self.scaling_.inputs(t.values, t.valid[:, None].repeat(2, axis=1)) for t in timelines]

    def _learn(self, parts: list[Timeline], targets: list[Array], fold: list[int]) -> list[Array]:
        if self.network not in NETWORKS:
            raise InputError(f"there is no network {self.network!r}; there are {', '.join(NETWORKS)}")
        self.scaling_ = scaling(parts)
        inputs, schedule, outputs = self._inputs(parts), self._schedule(), 1 + len(self.classes_)
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
                [targets[i] for i in kept],
                schedule,
                self.seed + k,
                ([inputs[i] for i in out], [targets[i] for i in out]),
            )
            return network, dict(zip(out, score(network, [inputs[i] for i in out]), strict=True))

        # Folds are independent and each draws from its own generator; torch computes outside Python's lock.
        with ThreadPoolExecutor(min(len(held), os.cpu_count() or 1)) as pool:
            results = list(pool.map(fit_fold, held))
        self.networks_ = [network for network, _ in results]
        scores = {i: chances for _, by_part in results for i, chances in by_part.items()}
        return [scores[i] for i in range(len(parts))]

    def _score(self, timelines: list[Timeline]) -> list[Array]:
        inputs = self._inputs(timelines)
        totals = score(self.networks_[0], inputs)
        for network in self.networks_[1:]:
            totals = [total + one for total, one in zip(totals, score(network, inputs), strict=True)]
        return [total / len(self.networks_) for total in totals]
