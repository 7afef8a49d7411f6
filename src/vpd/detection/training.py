"""Train a network on random windows of labelled timelines, and score timelines with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vpd.detection.networks import make_network
from vpd.detection.targets import UNKNOWN
from vpd.detection.timeline import Timeline
from vpd.types import Array

SCORED_TICKS = 2048
"""Ticks scored at once; longer timelines are scored in overlapping stretches."""
SCORED_MARGIN = 128
"""Ticks on either side that are looked at but not kept: a little more than the convolutions see."""
BATCH_TICKS = 64 * SCORED_TICKS
"""Ticks in one batch when scoring: bounds memory however long a video is."""
WEIGHT_DECAY = 0.01
RARE_WEIGHT_LIMIT = 5.0
"""An event's tick weighs at most this much more than a background tick."""


@dataclass(frozen=True)
class Schedule:
    """How long and how to train.

    Attributes
    ----------
    window : ticks in a window.
    batch : windows in a batch.
    epochs : passes; an epoch draws ``windows`` windows, or as many as cover the training ticks once.
    patience : stop after this many epochs without gain on the held-out videos; 0 trains to the end.
    speed : windows are played at a random speed within 1 / (1 + speed) .. 1 + speed.
    """

    window: int
    batch: int
    epochs: int
    learning_rate: float
    windows: int = 0
    patience: int = 0
    speed: float = 0.0


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and standard deviation of the features in the training videos: (d,) each."""

    mean: Array
    deviation: Array

    def inputs(self, values: Array, valid: Array) -> Array:
        """(..., d + 1) float32: standardised features, zero where missing, and whether they are there."""
        scaled = (values - self.mean) / self.deviation
        scaled = np.where(valid[..., None], scaled, 0)
        known: Array = np.concatenate([scaled, valid[..., None]], axis=-1).astype(np.float32)
        return known


def scaling(timelines: Sequence[Timeline]) -> Scaling:
    """Of all valid ticks, both orientations. A feature that never changes is left as it is."""
    values = np.concatenate([t.values[t.valid].reshape(-1, t.values.shape[2]) for t in timelines])
    if not len(values):
        d = timelines[0].values.shape[2]
        return Scaling(np.zeros(d, np.float32), np.ones(d, np.float32))
    deviation = values.std(axis=0)
    return Scaling(values.mean(axis=0), np.where(deviation > 0, deviation, 1).astype(np.float32))


class Windows:
    """Random windows of timelines with their targets, a batch at a time as one gather."""

    def __init__(self, inputs: Sequence[Array], targets: Sequence[Array], window: int, speed: float) -> None:
        # All timelines lie one after another, with a window of missing ticks between, so that a window that
        # goes beyond the end of a short one runs into nothing.
        pad = int(np.ceil(window * (1 + speed))) + 1
        d = inputs[0].shape[2]
        blank, unknown = np.zeros((pad, 2, d), np.float32), np.full(pad, UNKNOWN)
        self.inputs = np.concatenate([part for x in inputs for part in (x, blank)])
        self.targets = np.concatenate([part for y in targets for part in (y, unknown)])
        # A window starts where its first half meets a known tick.
        known = np.flatnonzero(self.targets != UNKNOWN)
        ends = np.cumsum([len(x) + pad for x in inputs])
        begins = np.r_[0, ends[:-1]]
        owner = np.searchsorted(ends, known, side="right")
        self.first, self.last = begins[owner], ends[owner] - pad
        self.known, self.window, self.speed = known, window, speed
        self.covering = max(1, int(np.ceil(2 * len(known) / window)))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """(n, window, d) inputs of random orientation, and (n, window) targets."""
        chosen = rng.integers(len(self.known), size=n)
        speed = np.exp(rng.uniform(-1, 1, n) * np.log1p(self.speed))
        reach = np.ceil(self.window * speed).astype(np.int64)
        latest = np.maximum(self.last[chosen] - reach, self.first[chosen])
        start = np.clip(self.known[chosen] - rng.integers(0, self.window, n), self.first[chosen], latest)
        rows = start[:, None] + np.rint(np.arange(self.window) * speed[:, None]).astype(np.int64)
        side = rng.integers(2, size=n)
        return torch.from_numpy(self.inputs[rows, side[:, None]]), torch.from_numpy(self.targets[rows])


def _class_weights(targets: Sequence[Array], outputs: int) -> Tensor:
    counts = np.bincount(np.concatenate([y[y >= 0] for y in targets]), minlength=outputs)
    events = counts[1:].sum()
    rare = np.clip(np.sqrt(counts[0] / max(events, 1)), 1, RARE_WEIGHT_LIMIT)
    return torch.tensor([1.0, *([float(rare)] * (outputs - 1))])


def train(
    name: str,
    hidden: int | None,
    outputs: int,
    inputs: Sequence[Array],
    targets: Sequence[Array],
    schedule: Schedule,
    seed: int,
    held_out: tuple[Sequence[Array], Sequence[Array]] | None = None,
) -> nn.Module:
    """A network trained on ``inputs`` (T, 2, d) and ``targets`` (T,), the same for the same seed.

    With ``patience``, the epoch with the least loss on ``held_out`` is kept (paper, supplement).
    """
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    network = make_network(name, inputs[0].shape[2], outputs, hidden, generator)
    windows = Windows(inputs, targets, schedule.window, schedule.speed)
    weights = _class_weights(targets, outputs)
    optimiser = torch.optim.AdamW(network.parameters(), schedule.learning_rate, weight_decay=WEIGHT_DECAY)
    a_pass = schedule.windows or windows.covering
    steps = max(1, -(-a_pass // schedule.batch))
    falling = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.learning_rate, total_steps=steps * schedule.epochs
    )
    best, best_loss, since = None, np.inf, 0
    for _ in range(schedule.epochs):
        network.train()
        for _ in range(steps):
            x, y = windows.draw(min(schedule.batch, a_pass), rng)
            loss = functional.cross_entropy(
                network(x).flatten(0, 1), y.flatten(), weights, ignore_index=UNKNOWN
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves backward untyped
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            falling.step()
        if schedule.patience and held_out is not None:
            held_loss = _loss(network, *held_out, weights)
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


def _loss(network: nn.Module, inputs: Sequence[Array], targets: Sequence[Array], weights: Tensor) -> float:
    scores = np.concatenate(score(network, inputs))
    truth = torch.from_numpy(np.concatenate(targets))
    logs = torch.from_numpy(np.log(np.maximum(scores, 1e-12)))
    return float(functional.nll_loss(logs, truth, weights.to(logs.dtype), ignore_index=UNKNOWN))


def _stretches(lengths: Sequence[int]) -> list[tuple[int, int, int]]:
    return [
        (i, start, min(start + SCORED_TICKS, n))
        for i, n in enumerate(lengths)
        for start in range(0, n, SCORED_TICKS)
    ]


@torch.inference_mode()
def score(network: nn.Module, inputs: Sequence[Array]) -> list[Array]:
    """Class probabilities (T, outputs) float32 of each (T, 2, d), the mean of both orientations."""
    network.eval()
    outputs: list[list[Array]] = [[] for _ in inputs]
    length = SCORED_TICKS + 2 * SCORED_MARGIN
    stretches = _stretches([len(x) for x in inputs])
    at_once = max(1, BATCH_TICKS // (2 * length))
    # Stretches of like length go together, so that little of a batch is padding.
    order = sorted(range(len(stretches)), key=lambda k: stretches[k][2] - stretches[k][1])
    pieces: dict[int, Array] = {}
    for begin in range(0, len(order), at_once):
        group = [(k, *stretches[k]) for k in order[begin : begin + at_once]]
        widest = max(stop - start for _, _, start, stop in group) + 2 * SCORED_MARGIN
        # Beyond the ends of a timeline lies nothing, marked as such, whatever it is scored together with.
        batch = np.zeros((len(group), 2, widest, inputs[0].shape[2]), np.float32)
        for row, (_, i, start, stop) in enumerate(group):
            first, last = max(0, start - SCORED_MARGIN), min(len(inputs[i]), stop + SCORED_MARGIN)
            at = first - start + SCORED_MARGIN
            batch[row, :, at : at + last - first] = inputs[i][first:last].swapaxes(0, 1)
        logits = network(torch.from_numpy(batch.reshape(-1, widest, batch.shape[3])))
        chances = logits.softmax(-1).reshape(len(group), 2, widest, -1).mean(1).numpy()
        for row, (k, _, start, stop) in enumerate(group):
            pieces[k] = chances[row, SCORED_MARGIN : SCORED_MARGIN + stop - start]
    for k, (i, _, _) in enumerate(stretches):
        outputs[i].append(pieces[k])
    empty = np.empty((0, 0), np.float32)
    return [np.concatenate(parts) if parts else empty for parts in outputs]
