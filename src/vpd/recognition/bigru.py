"""The paper's recogniser: a bidirectional GRU over features, trained in seconds on a CPU."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from vpd.cancelling import check_cancelled
from vpd.device import choose_device
from vpd.errors import InputError
from vpd.recognition.estimator import SequenceClassifier, orientations
from vpd.recognition.network import ActionNetwork
from vpd.sequences.gru import Precision
from vpd.sequences.packing import FrameMatrix
from vpd.sequences.sides import Sides
from vpd.types import Array, FeatureSequence

RESTARTS = 10
"""Warm restarts of the cosine learning rate."""
REFERENCE_GROWTH = 2
"""How many times as long a cycle is as the one before, in the reference as it runs."""
PREDICTION_BATCH = 256


def learning_rate(base: float, epoch: int, epochs: int, growth: int = 1) -> float:
    """Cosine from ``base`` to 0. The first cycle takes a tenth of the epochs, each further one ``growth``
    times as many as the one before: ten equal cycles where it is 1.
    """
    period = max(1, math.ceil(epochs / RESTARTS))
    while epoch >= period:
        epoch, period = epoch - period, period * growth
    return base * 0.5 * (1 + math.cos(math.pi * epoch / period))


def batches(items: Array, size: int, as_reference: bool = False) -> list[Array]:
    """Split the examples of an epoch into batches of nearly equal size, at most ``size``.

    As in the reference, all batches but the last have ``size`` examples. A lone last example, of which batch
    normalisation can make nothing, joins the batch before.
    """
    if not as_reference:
        return np.array_split(items, math.ceil(len(items) / size))
    found = np.split(items, range(size, len(items), size))
    return found if len(found[-1]) > 1 or len(found) < 2 else [*found[:-2], np.concatenate(found[-2:])]


@contextmanager
def _one_thread(threads: int) -> Iterator[None]:
    # The products of one time step are too small for a team of threads; the two directions use two cores.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class BiGRUClassifier(SequenceClassifier):
    """BiGRU classifier of action sequences.

    Both orientations of a sequence are separate training examples; at prediction the class probabilities of
    the two are averaged. Where the sides of a class differ, its mirrored examples are left out, and queries
    are predicted as they are. With validation data the epoch of best validation accuracy is kept, without it
    the last.

    Parameters
    ----------
    hidden, layers : int
        Width and number of the GRU's layers; the paper has 128 and 2.
    epochs, batch, rate : int, int, float
        500, 50, 1e-3 in the paper, AdamW with ten cosine cycles.
    as_reference : bool
        Train as the reference runs: each cycle is twice as long as the one before, so that training ends
        within the fourth at 69 % of ``rate``; and the last batch of an epoch has what is left, be it six of
        56 examples, whose means and variances batch normalisation then takes.
    least_steps : int
        The least number of optimiser steps; more epochs are run where examples are few.
    seed : int
        Of weights, order and dropout; the same seed and data give the same model on one kind of processor.
    threads : int
        2 runs the two directions on two cores.
    precision : {"auto", "float32", "bfloat16"}
        Of the large products in training; "auto" takes bfloat16 on CPUs that multiply in it.
    device : str
        Any torch device; "auto" takes a GPU where there is one. The CPU has code of its own, which a
        few hundred short sequences run fastest on.
    sides : str or dict of str
        Whether mirrored examples count, see `vpd.sequences.sides.Sides`.

    Attributes
    ----------
    classes_ : array (C,)
        The labels, sorted.

    References
    ----------
    Hong et al., ICCV 2021, section 4.1 and supplement.

    Examples
    --------
    >>> segments = library.labels()
    >>> sequences, labels = library.sequences(segments), [s.label for s in segments]
    >>> model = BiGRUClassifier(hidden=8, epochs=2).fit(sequences, labels)
    >>> model.predict_proba(sequences[:3]).shape
    (3, 6)
    """

    def __init__(
        self,
        hidden: int = 128,
        layers: int = 2,
        epochs: int = 500,
        batch: int = 50,
        rate: float = 1e-3,
        as_reference: bool = False,
        least_steps: int = 0,
        seed: int = 0,
        threads: int = 1,
        precision: Precision = "auto",
        device: str = "cpu",
        sides: Sides = "same",
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.as_reference = as_reference
        self.least_steps = least_steps
        self.seed = seed
        self.threads = threads
        self.precision = precision
        self.device = device
        self.sides = sides

    def fit(
        self,
        X: Sequence[FeatureSequence],
        y: Sequence[str] | Array,
        X_validation: Sequence[FeatureSequence] | None = None,
        y_validation: Sequence[str] | Array | None = None,
    ) -> Self:
        """Train from random weights. Validation data come from the training part alone."""
        of_sequence = self._start_fit(X, y)
        self._settle_sides(X, self.classes_[of_sequence])
        differ = [self.sides_[str(label)] == "differ" for label in self.classes_[of_sequence]]
        shown = [
            (view, target)
            for s, target, regular_alone in zip(X, of_sequence, differ, strict=True)
            for view in orientations(s)[: 1 if regular_alone else 2]
        ]
        matrix = FrameMatrix([view for view, _ in shown])
        targets = torch.tensor([int(target) for _, target in shown])
        order = np.random.default_rng(self.seed)
        with _one_thread(self.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self._build()
            optimiser = torch.optim.AdamW(self.network_.parameters(), lr=self.rate, fused=True)
            best: tuple[float, dict[str, torch.Tensor]] | None = None
            self.losses_: list[float] = []
            steps = len(batches(np.arange(len(matrix)), max(2, self.batch), self.as_reference))
            epochs = max(self.epochs, math.ceil(self.least_steps / steps))
            for epoch in range(epochs):
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(
                        self.rate, epoch, epochs, REFERENCE_GROWTH if self.as_reference else 1
                    )
                self.losses_.append(self._epoch(matrix, targets, optimiser, order))
                if X_validation is not None and y_validation is not None:
                    accuracy = float((self.predict(X_validation) == np.asarray(y_validation)).mean())
                    if best is None or accuracy >= best[0]:
                        best = accuracy, copy.deepcopy(self.network_.state_dict())
            if best is not None:
                self.network_.load_state_dict(best[1])
            self.network_.eval()
        return self

    def _build(self) -> None:
        self.device_ = choose_device(self.device)
        self.network_ = ActionNetwork(
            self.n_features_in_,
            len(self.classes_),
            self.hidden,
            self.layers,
            self.threads,
            self.precision,
        ).to(self.device_)

    def _epoch(
        self,
        matrix: FrameMatrix,
        targets: torch.Tensor,
        optimiser: torch.optim.Optimizer,
        order: np.random.Generator,
    ) -> float:
        """Train one pass in batches of two examples or more. Returns the mean loss."""
        self.network_.train()
        items = order.permutation(len(matrix))
        losses = []
        for chosen in batches(items, max(2, self.batch), self.as_reference):
            check_cancelled()
            frames, packing = matrix.batch(chosen)
            wanted = targets[chosen[packing.order]].to(self.device_)
            loss = cross_entropy(self.network_(frames.to(self.device_), packing), wanted)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
            losses.append(loss.detach())
        mean = float(torch.stack(losses).mean())
        if not math.isfinite(mean):
            raise InputError("the training diverged: features of very large values? Scale them first")
        return mean

    def predict_proba(self, X: Sequence[FeatureSequence]) -> Array:
        """(N, C) probabilities, the mean over both orientations unless sides differ."""
        self._start_predict(X)
        views = 1 if self._some_differ else 2
        matrix = FrameMatrix([view for s in X for view in orientations(s)[:views]])
        out = np.empty((len(matrix), len(self.classes_)))
        self.network_.eval()
        with torch.inference_mode(), _one_thread(self.threads):
            for start in range(0, len(matrix), PREDICTION_BATCH):
                items = np.arange(start, min(start + PREDICTION_BATCH, len(matrix)))
                frames, packing = matrix.batch(items)
                logits = self.network_(frames.to(self.device_), packing).cpu()
                out[items[packing.order]] = logits.double().softmax(dim=1).numpy()
        mean: Array = out.reshape(len(X), views, -1).mean(axis=1)
        return mean
