"""Train a network on random windows of labelled timelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vpd.cancelling import check_cancelled
from vpd.detection.networks import make_network
from vpd.detection.scoring import score
from vpd.detection.targets import UNKNOWN
from vpd.types import Array

WEIGHT_DECAY = 0.01
RARE_WEIGHT_LIMIT = 5.0
"""The weight of a segment's tick is at most this many times that of a background tick."""
LEAST_WINDOWS = 64
"""Least number of windows in an epoch. One video of a minute would give only two or three steps."""
EDGES = 2
"""Number of outputs besides the classes: the time to the start and to the end of the segment."""
EDGE_ROUNDING = 0.1
"""Errors of edges below this part of a mean segment count by their square, because labels are no more
precise.
"""


@dataclass(frozen=True)
class Schedule:
    """The length and the parameters of a training.

    Attributes
    ----------
    window : ticks in a window.
    batch : windows in a batch.
    epochs : passes; an epoch draws ``windows`` windows, or as many as cover the training ticks once and no
        fewer than ``LEAST_WINDOWS``.
    patience : stop after this many epochs without gain on the held-out videos; 0 trains to the end.
    speed : windows are played at a random speed within 1 / (1 + speed) .. 1 + speed.
    edges : weight of the loss of the edges of segments; 0 has the network say nothing of them.
    moving : how many of the last input channels are displacements.
    view : receptive field of the network in ticks.
    mirror : whether windows are taken in a random orientation; else as they are.
    """

    window: int
    batch: int
    epochs: int
    learning_rate: float
    windows: int = 0
    patience: int = 0
    speed: float = 0.0
    edges: float = 0.0
    moving: int = 0
    view: int = 255
    mirror: bool = True


@dataclass(frozen=True, eq=False)
class Target:
    """The target of each tick: (T,) int64 classes, -1 unknown, and (T, 2) edges.

    Edges are the times to the start and to the end of the tick's segment, in units of the mean segment.
    """

    classes: Array
    edges: Array


class Windows:
    """Random windows of timelines with their targets. A batch is one gather.

    The last ``moving`` channels of the inputs are displacements, which grow with the speed. With ``mirror``
    each window is taken in a random orientation.
    """

    def __init__(
        self,
        inputs: Sequence[Array],
        targets: Sequence[Target],
        window: int,
        speed: float,
        moving: int = 0,
        mirror: bool = True,
    ) -> None:
        # All timelines lie one after another, with a window of missing ticks between, so that a window that
        # goes beyond the end of a short one runs into nothing.
        pad = int(np.ceil(window * (1 + speed))) + 1
        d = inputs[0].shape[2]
        blank, unknown = np.zeros((pad, 2, d), np.float32), np.full(pad, UNKNOWN)
        self.inputs = np.concatenate([part for x in inputs for part in (x, blank)])
        self.targets = np.concatenate([part for y in targets for part in (y.classes, unknown)])
        none = np.zeros((pad, 2), np.float32)
        self.edges = np.concatenate([part for y in targets for part in (y.edges, none)])
        # A window starts where its first half meets a known tick.
        known = np.flatnonzero(self.targets != UNKNOWN)
        ends = np.cumsum([len(x) + pad for x in inputs])
        begins = np.r_[0, ends[:-1]]
        owner = np.searchsorted(ends, known, side="right")
        self.first, self.last = begins[owner], ends[owner] - pad
        self.known, self.window, self.speed, self.moving = known, window, speed, moving
        self.orientations = 2 if mirror else 1
        self.covering = max(LEAST_WINDOWS, int(np.ceil(2 * len(known) / window)))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """(n, window, d) inputs, (n, window) classes and (n, window, 2) edges."""
        chosen = rng.integers(len(self.known), size=n)
        speed = np.exp(rng.uniform(-1, 1, n) * np.log1p(self.speed))
        reach = np.ceil(self.window * speed).astype(np.int64)
        latest = np.maximum(self.last[chosen] - reach, self.first[chosen])
        start = np.clip(self.known[chosen] - rng.integers(0, self.window, n), self.first[chosen], latest)
        rows = start[:, None] + np.rint(np.arange(self.window) * speed[:, None]).astype(np.int64)
        side = rng.integers(self.orientations, size=n)
        # What is played faster is over sooner.
        faster = speed[:, None, None].astype(np.float32)
        edges = self.edges[rows] / faster
        inputs, classes = self.inputs[rows, side[:, None]], self.targets[rows]
        if self.moving:
            inputs[..., -self.moving :] *= faster
        return torch.from_numpy(inputs), torch.from_numpy(classes), torch.from_numpy(edges)


def class_weights(targets: Sequence[Target], outputs: int) -> Tensor:
    """(outputs,) weights of the classes in the loss: 1 for the background, more for rare segments."""
    counts = np.bincount(np.concatenate([y.classes[y.classes >= 0] for y in targets]), minlength=outputs)
    segments = counts[1:].sum()
    rare = np.clip(np.sqrt(counts[0] / max(segments, 1)), 1, RARE_WEIGHT_LIMIT)
    return torch.tensor([1.0, *([float(rare)] * (outputs - 1))])


def train(
    name: str,
    hidden: int | None,
    outputs: int,
    inputs: Sequence[Array],
    targets: Sequence[Target],
    schedule: Schedule,
    seed: int,
    held_out: tuple[Sequence[Array], Sequence[Target]] | None = None,
) -> nn.Module:
    """Train a network on ``inputs`` (T, 2, d) and their targets. The same seed gives the same network.

    It has ``outputs`` logits of classes, and the two edges where ``schedule.edges`` is above 0. With
    ``patience``, the epoch with the least loss on ``held_out`` is kept (paper, supplement).
    """
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    edges = EDGES if schedule.edges else 0
    network = make_network(name, inputs[0].shape[2], outputs + edges, hidden, schedule.view, generator)
    windows = Windows(inputs, targets, schedule.window, schedule.speed, schedule.moving, schedule.mirror)
    weights = class_weights(targets, outputs)
    optimiser = torch.optim.AdamW(network.parameters(), schedule.learning_rate, weight_decay=WEIGHT_DECAY)
    a_pass = schedule.windows or windows.covering
    steps = max(1, -(-a_pass // schedule.batch))
    # A rate that falls towards a last epoch makes no sense where nobody knows which is the last.
    falling = None
    if not schedule.patience:
        falling = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, schedule.learning_rate, total_steps=steps * schedule.epochs
        )
    best, best_loss, since = None, np.inf, 0
    for _ in range(schedule.epochs):
        network.train()
        for _ in range(steps):
            check_cancelled()
            x, classes, ends = windows.draw(min(schedule.batch, a_pass), rng)
            said = network(x)
            loss = functional.cross_entropy(
                said[..., :outputs].flatten(0, 1), classes.flatten(), weights, ignore_index=UNKNOWN
            )
            if edges:
                loss = loss + schedule.edges * edge_loss(said[..., outputs:], classes, ends)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves backward untyped
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            if falling is not None:
                falling.step()
        if schedule.patience and held_out is not None:
            held_loss = tick_loss(network, *held_out, weights, schedule.mirror)
            if held_loss < best_loss:
                best, best_loss, since = (
                    {k: v.clone() for k, v in network.state_dict().items()},
                    held_loss,
                    0,
                )
            else:
                since += 1
            if since >= schedule.patience:
                break
    if best is not None:
        network.load_state_dict(best)
    return network.eval()


def edge_loss(said: Tensor, classes: Tensor, edges: Tensor) -> Tensor:
    """The loss of the edges over the ticks of segments."""
    inside = classes > 0
    if not inside.any():
        return said.sum() * 0
    return functional.smooth_l1_loss(said[inside], edges[inside], beta=EDGE_ROUNDING)


def tick_loss(
    network: nn.Module, inputs: Sequence[Array], targets: Sequence[Target], weights: Tensor, mirror: bool
) -> float:
    """The loss of the classes over all known ticks of held-out inputs (T, 2, d)."""
    scores = np.concatenate([s.probabilities for s in score(network, inputs, len(weights), mirror)])
    truth = torch.from_numpy(np.concatenate([y.classes for y in targets]))
    logs = torch.from_numpy(np.log(np.maximum(scores, 1e-12)))
    return float(functional.nll_loss(logs, truth, weights.to(logs.dtype), ignore_index=UNKNOWN))
