"""Frozen video networks with an attentive probe as estimators over clips."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vpd.baselines.clip_classifier import ClipSource
from vpd.baselines.clips import Clip
from vpd.baselines.estimator import NetworkClassifier
from vpd.baselines.frozen import FOUNDATIONS, IMAGENET, load_foundation, tokens_of
from vpd.baselines.networks.probe import AttentiveProbe
from vpd.baselines.settings import ClipView, Training
from vpd.baselines.training import read_ahead
from vpd.baselines.weights import weights_stamp
from vpd.types import Array

KEPT_TOKENS = 4096
"""Number of clips whose tokens are kept in memory for the next fit. Few-shot subsets use the same clips
again.
"""
PROBE = Training("adamw", 1e-3, decay=0.01, batch=16, epochs=20, least_updates=200, warmup=1)

_kept: OrderedDict[tuple[str, str, str, ClipView, bytes], Tensor] = OrderedDict()


@lru_cache(maxsize=1)
def _loaded(name: str, weights: str, stamp: str) -> nn.Module:
    """The network, loaded again where the files of its weights changed."""
    return load_foundation(name, weights)


class _Tokens:
    """Tokens computed once, used as the inputs of the probe."""

    def __init__(self, tokens: list[Tensor], device: torch.device) -> None:
        self.tokens, self.device = tokens, device

    def read(self, items: Array, seed: int | None, changed: bool) -> Tensor:
        return torch.stack([self.tokens[int(i)] for i in items])

    def ready(self, raw: Tensor, seed: int | None) -> Tensor:
        return raw.to(self.device).float()


class ProbeClassifier(NetworkClassifier):
    """An attentive probe on the tokens of a frozen network; the clips are not augmented.

    Parameters
    ----------
    system : "vjepa2", "videomae" or "dinov3".
    weights : of the frozen network, a folder of `transformers` or a name on its hub; must be given.
    view, training, dropout : what is seen, and how the probe is trained.
    seed, device, workers, folder : as `ClipClassifier` has them.
    """

    takes = Clip

    def __init__(
        self,
        system: str = "vjepa2",
        weights: str = "",
        view: ClipView | None = None,
        training: Training = PROBE,
        dropout: float = 0.2,
        seed: int = 0,
        device: str = "auto",
        workers: int = 2,
        folder: Path | None = None,
    ) -> None:
        self.system = system
        self.weights = weights
        self.view = view
        self.training = training
        self.dropout = dropout
        self.seed = seed
        self.device = device
        self.workers = workers
        self.folder = folder

    def _seen(self) -> ClipView:
        if self.view is not None:
            return self.view
        kind = FOUNDATIONS[self.system]
        return ClipView(frames=kind.frames, side=kind.side, scales=(1.0,))

    def _foundation(self) -> nn.Module:
        return _loaded(self.system, self.weights, weights_stamp(self.weights))

    def check_weights(self) -> None:
        """Raise InputError where there are no weights, or they are not of the frozen network."""
        self._foundation()

    def make_network(self, classes: int) -> nn.Module:
        """The untrained network for ``classes`` classes."""
        config: Any = self._foundation().config
        return AttentiveProbe(classes, int(config.hidden_size), self.dropout)

    def _heads(self) -> tuple[str, ...]:
        return ("",)

    def _start_weights(self) -> None:
        self.started_ = f"{self.system} frozen, from {self.weights}"

    def make_source(self, X: Sequence[Clip], device: torch.device) -> _Tokens:
        """The inputs ``X`` in the form that the network takes."""
        view = self._seen()
        stamp = weights_stamp(self.weights)
        keys = [(self.system, self.weights, stamp, view, clip.digest()) for clip in X]
        missing = [i for i, key in enumerate(keys) if key not in _kept]
        network = self._foundation().to(device)
        source = ClipSource([X[i] for i in missing], view, IMAGENET, device)
        batches = np.array_split(np.arange(len(missing)), max(1, -(-len(missing) // self.training.batch)))
        if missing:
            for items, raw in read_ahead(lambda b: source.read(b, None, False), batches, self.workers):
                found = tokens_of(self.system, network, source.ready(raw, None)).half().cpu()
                for i, tokens in zip(items, found, strict=True):
                    _kept[keys[missing[int(i)]]] = tokens.clone()
        tokens = [_kept[key] for key in keys]
        while len(_kept) > max(KEPT_TOKENS, len(X)):
            _kept.popitem(last=False)
        return _Tokens(tokens, device)
