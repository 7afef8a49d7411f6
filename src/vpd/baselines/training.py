"""The training loop of the baselines: batches read in advance, steps, validation, a resumable checkpoint."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from vpd.baselines.checkpoint import Checkpoint, Progress
from vpd.baselines.networks.trn import MultiScaleRelation
from vpd.baselines.settings import Training
from vpd.cancelling import check_cancelled
from vpd.errors import InputError
from vpd.types import Array

BIAS_RATE = 2.0
FEW_UPDATES = 1000
"""With fewer updates, the running statistics of norms still depend on their initial values."""
SAVES = 20
"""Number of checkpoints in a training."""


Loss = Callable[[Tensor, Tensor, int], Tensor]
"""(logits, targets of the batch, its seed) -> loss."""


def classification_loss(logits: Tensor, targets: Tensor, seed: int) -> Tensor:
    """Cross-entropy of logits (N, classes) and classes (N,)."""
    return cross_entropy(logits, targets.to(logits.device))


class Source(Protocol):
    """A source of a network's inputs."""

    def read(self, items: Array, seed: int | None, changed: bool) -> Tensor:
        """The raw data of ``items``, on the CPU.

        ``seed`` draws the frames; without it the middle ones are taken. ``changed`` augments them for
        training.
        """

    def ready(self, raw: Tensor, seed: int | None) -> Tensor:
        """Convert raw data to the network's input on the device. With ``seed`` they are augmented."""


def seed_of(*numbers: int) -> int:
    """Combine several numbers into one seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def read_ahead(
    read: Callable[[Array], Tensor], batches: Sequence[Array], workers: int
) -> Iterator[tuple[Array, Tensor]]:
    """Yield the batches in order, read ``workers`` at a time in advance."""
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="clips") as threads:
        waiting: deque[tuple[Array, Future[Tensor]]] = deque()
        try:
            for items in batches:
                waiting.append((items, threads.submit(read, items)))
                if len(waiting) > workers:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def parameter_groups(network: nn.Module, settings: Training) -> list[dict[str, Any]]:
    """The trained weights, grouped by their factors of the learning rate and of the decay."""
    if not settings.caffe_rates:
        trained = [p for p in network.parameters() if p.requires_grad]
        return [{"params": trained, "share": 1.0, "weight_decay": settings.decay}]
    first: nn.Module | None = None
    if getattr(network, "flow", False):
        first = network.first_convolution()  # type: ignore[operator]  # networks over flow have it
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            norm = isinstance(module, BatchNorm | nn.LayerNorm)
            bias = name == "bias" and not norm
            share = (BIAS_RATE if bias else 1.0) * (5.0 if module is first else 1.0)
            decay = 0.0 if bias or norm else settings.decay
            groups.setdefault((share, decay), []).append(parameter)
    return [{"params": p, "share": share, "weight_decay": decay} for (share, decay), p in groups.items()]


def make_optimiser(network: nn.Module, settings: Training) -> torch.optim.Optimizer:
    """SGD or AdamW over the trained weights."""
    groups = parameter_groups(network, settings)
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=settings.rate, fused=True)
    return torch.optim.SGD(
        groups, lr=settings.rate, momentum=settings.momentum, nesterov=settings.nesterov, fused=True
    )


@dataclass
class Trainer:
    """One training.

    Attributes
    ----------
    network, source, targets : what learns, from what; ``targets`` (N,) are classes.
    settings, seed : how, and by which random numbers.
    accelerator : processes and device.
    start : puts the network into training mode, what is frozen excepted.
    validate : accuracy on held-out data, or None.
    workers : threads that read batches ahead.
    checkpoint : the state to continue from, or None.
    loss : of a batch's logits.
    """

    network: nn.Module
    source: Source
    targets: Tensor
    settings: Training
    seed: int
    accelerator: Accelerator
    start: Callable[[nn.Module], None]
    validate: Callable[[], float] | None = None
    workers: int = 2
    checkpoint: Checkpoint | None = None
    loss: Loss = classification_loss
    progress: Progress = field(default_factory=Progress)

    def run(self) -> list[float]:
        """Train to the end. Returns the mean loss of every epoch. The best or last weights are kept."""
        epochs = self.settings.epochs_for(len(self.targets))
        optimiser = make_optimiser(self.network, self.settings)
        if self.checkpoint is not None:
            self.progress = self.checkpoint.load(self.network, optimiser) or self.progress
        network, wrapped = self.accelerator.prepare(self.network, optimiser)
        every = max(1, epochs // SAVES)
        for epoch in range(self.progress.epoch, epochs):
            torch.manual_seed(seed_of(self.seed, epoch))
            for module in self.network.modules():
                if isinstance(module, MultiScaleRelation):
                    module.seed_draws(seed_of(self.seed, epoch))
            self.progress.losses.append(self.run_epoch(network, wrapped, epoch, epochs))
            self.progress.epoch = epoch + 1
            if self.validate is not None:
                self.progress.note(self.validate(), self.network)
            if self.checkpoint is not None and (epoch + 1) % every == 0 and self.accelerator.is_main_process:
                self.checkpoint.save(self.network, optimiser, self.progress)
        if self.progress.best_state is not None:
            self.network.load_state_dict(self.progress.best_state)
        updates = epochs * -(-len(self.targets) // (self.settings.batch * self.settings.accumulate))
        if updates < FEW_UPDATES:
            self._settle_norms()
        self.network.eval()
        return self.progress.losses

    @torch.no_grad()
    def _settle_norms(self) -> None:
        """Compute the norms' statistics again from one pass over the training data ("precise" norms).

        Running means start at 0 and 1 and change by a tenth a step. After few steps, and through many layers,
        the remainder of the start makes a trained network give the same answer to everything.
        """
        self.start(self.network)
        norms = [m for m in self.network.modules() if isinstance(m, BatchNorm) and m.training]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over all batches
        items = np.arange(len(self.targets))
        for number, batch in enumerate(np.array_split(items, -(-len(items) // self.settings.batch))):
            seed = seed_of(self.seed, self.progress.epoch, number)
            self.network(self.source.ready(self.source.read(batch, seed, True), seed))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def run_epoch(
        self, network: nn.Module, optimiser: torch.optim.Optimizer, epoch: int, epochs: int
    ) -> float:
        """Train one pass over the examples, number ``epoch`` of ``epochs``. Returns the mean loss."""
        settings = self.settings
        self.start(self.network)
        order = np.random.default_rng(seed_of(self.seed, epoch)).permutation(len(self.targets))
        batches = [self._mine(b) for b in np.array_split(order, -(-len(order) // settings.batch))]
        seeds = {int(batch[0]): seed_of(self.seed, epoch, i) for i, batch in enumerate(batches)}
        losses = []
        read = read_ahead(
            lambda items: self.source.read(items, seeds[int(items[0])], True), batches, self.workers
        )
        optimiser.zero_grad(set_to_none=True)
        for i, (items, raw) in enumerate(read):
            check_cancelled()
            for group in optimiser.param_groups:
                group["lr"] = (
                    settings.rate * group["share"] * settings.factor((epoch + i / len(batches)) / epochs)
                )
            inputs = self.source.ready(raw, seeds[int(items[0])])
            logits = network(inputs)
            loss = self.loss(logits, self.targets[torch.from_numpy(items)], seeds[int(items[0])])
            self.accelerator.backward(loss / settings.accumulate)
            losses.append(loss.detach())
            if (i + 1) % settings.accumulate == 0 or i == len(batches) - 1:
                if settings.clip:
                    self.accelerator.clip_grad_norm_(network.parameters(), settings.clip)
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
        mean = float(torch.stack(losses).mean())
        if not math.isfinite(mean):
            raise InputError(f"the training diverged in epoch {epoch}: lower the rate ({settings.rate:g})")
        return mean

    def _mine(self, items: Array) -> Array:
        """This process' share of a batch. Some examples are repeated where the batch is not divisible."""
        processes = self.accelerator.num_processes
        whole = np.resize(items, -(-len(items) // processes) * processes)
        share: Array = whole[self.accelerator.process_index :: processes]
        return share
