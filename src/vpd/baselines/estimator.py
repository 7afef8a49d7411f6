"""The baselines as scikit-learn estimators over lists of clips or of skeletons."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from vpd.baselines.checkpoint import Checkpoint, read_network, save_network
from vpd.baselines.networks.segments import Segments
from vpd.baselines.settings import Training
from vpd.baselines.training import Source, Trainer, read_ahead, seed_of
from vpd.baselines.version import version
from vpd.baselines.weights import load_weights, read_weights, weights_stamp
from vpd.device import make_accelerator
from vpd.errors import InputError, MismatchError
from vpd.recognition.split import scene_folds
from vpd.types import Array

RANDOM = "from random weights"
"""The warning about a network without pretrained weights."""
CHECKPOINT = "checkpoint.safetensors"


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """The base class of baselines: it fits a network to labelled inputs, and averages logits over test views.

    Attributes
    ----------
    classes_ : (C,) the labels, sorted.
    network_ : the trained network.
    losses_ : mean training loss of each epoch.
    started_ : which weights it started from.
    """

    training: Training
    weights: str
    seed: int
    device: str
    workers: int
    folder: Path | None
    classes_: Array
    network_: nn.Module

    takes: type[Any]
    """Class of the inputs."""

    def make_network(self, classes: int) -> nn.Module:
        """The untrained network for ``classes`` classes."""
        raise NotImplementedError

    def make_source(self, X: Sequence[Any], device: torch.device) -> Source:
        """The inputs ``X`` in the form that the network takes."""
        raise NotImplementedError

    def _heads(self) -> tuple[str, ...]:
        raise NotImplementedError

    def _torchvision(self) -> str:
        return ""

    def _test_clips(self) -> int:
        """Number of samplings of frames that are averaged at test."""
        return 1

    def _views(self, source: Source, raw: Tensor) -> list[Tensor]:
        """The network's inputs of each test view."""
        return [source.ready(raw, None)]

    def fit(
        self,
        X: Sequence[Any],
        y: Sequence[str] | Array,
        X_validation: Sequence[Any] | None = None,
        y_validation: Sequence[str] | Array | None = None,
    ) -> Self:
        """Train from random or pretrained weights, or continue from the checkpoint in ``folder``.

        The validation data choose the epoch; without them, the share that ``training.validation`` holds out
        of ``X``; without that, the last epoch is taken.

        Raises InputError for inputs that cannot be used, MismatchError for inputs of another kind.
        """
        self._check_labelled(X, y)
        if X_validation is not None or y_validation is not None:
            self._check_labelled(X_validation or [], () if y_validation is None else y_validation)
        self.classes_, classes = np.unique(np.asarray(y), return_inverse=True)
        accelerator = make_accelerator(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network_ = self.make_network(len(self.classes_))
            self._start_weights()
            self._freeze()
            self.network_.to(accelerator.device)
            self._train(X, classes, accelerator, X_validation, y_validation)
        return self

    def check_weights(self) -> None:
        """Raise InputError where the weights cannot be read, or are not of this network."""
        if self.weights:
            state = read_weights(self.weights, self._torchvision())
            load_weights(self.make_network(2), state, self._heads())

    def _start_weights(self) -> None:
        self.started_ = RANDOM
        if self.weights:
            state = read_weights(self.weights, self._torchvision())
            load_weights(self.network_, state, self._heads())
            self.started_ = f"from {self.weights}"

    def _freeze(self) -> None:
        if self.training.frozen:
            for name, parameter in self.network_.named_parameters():
                parameter.requires_grad_(name.startswith(self._heads()))

    def _start(self, network: nn.Module) -> None:
        """Put the network into training mode, except its frozen parts."""
        network.train()
        if self.training.frozen:
            for name, module in network.named_modules():
                if name and not f"{name}.".startswith(self._heads()):
                    module.training = False
        if self.training.frozen_norms and self.weights and isinstance(network, Segments):
            for norm in network.norms():
                norm.eval().requires_grad_(False)

    def _train(
        self,
        X: Sequence[Any],
        classes: Array,
        accelerator: Accelerator,
        X_validation: Sequence[Any] | None,
        y_validation: Sequence[str] | Array | None,
    ) -> None:
        if X_validation is None or y_validation is None:
            shown, held = self.held_out_split(X, classes)
            held_out, wanted = [X[i] for i in held], self.classes_[classes[held]]
        else:
            shown, held_out, wanted = np.arange(len(X)), list(X_validation), np.asarray(y_validation)
        chosen = [X[i] for i in shown]
        judging = [*(x.digest() for x in held_out), repr(wanted.tolist()).encode()]

        def accuracy() -> float:
            return float((self.predict(held_out) == wanted).mean())

        checkpoint = None
        if self.folder is not None:
            checkpoint = Checkpoint(
                Path(self.folder) / CHECKPOINT, self._key(chosen, classes[shown], judging)
            )
        self.losses_ = Trainer(
            self.network_,
            self.make_source(chosen, accelerator.device),
            torch.from_numpy(classes[shown]),
            self.training,
            self.seed,
            accelerator,
            self._start,
            accuracy if held_out else None,
            self.workers,
            checkpoint,
        ).run()

    def held_out_split(self, X: Sequence[Any], classes: Array) -> tuple[Array, Array]:
        """Training and validation examples: no video in both parts, similar shares of the classes.

        None are held out where a class has a single example, or would lose its last training example.
        """
        everything, none = np.arange(len(X)), np.empty(0, np.int64)
        least = int(np.bincount(classes).min())
        if not self.training.validation or least < 2:
            return everything, none
        folds = min(max(2, round(1 / self.training.validation)), least)
        shown, held = next(iter(scene_folds(classes, [x.video for x in X], folds, self.seed)))
        if set(classes[shown]) != set(classes):
            return everything, none
        return shown, held

    def _key(self, X: Sequence[Any], classes: Array, judging: Sequence[bytes]) -> str:
        """The key of a training: parameters, weights, examples, and the data that choose its epoch."""
        made_of = [version(), weights_stamp(self.weights), *sorted(self._said().items())]
        found = hashlib.sha256(repr(made_of).encode())
        for x in X:
            found.update(x.digest())
        for part in (classes.tobytes(), *judging):
            found.update(part)
        return found.hexdigest()[:32]

    def _check(self, X: Sequence[Any]) -> None:
        if not len(X):
            raise InputError("there is nothing to work on")
        for x in X:
            if not isinstance(x, self.takes):
                raise MismatchError(
                    f"{type(self).__name__} takes {self.takes.__name__}s, not {type(x).__name__}s"
                )
            if not len(x):
                raise InputError(f"a segment of {x.video} is empty; leave it out")

    def _check_labelled(self, X: Sequence[Any], y: Sequence[str] | Array) -> None:
        self._check(X)
        if len(X) != len(y):
            raise InputError(f"there are {len(X)} inputs but {len(y)} labels")
        if any(label is None or label != label for label in y):
            raise InputError("an input has no label: leave it out")

    def decision_function(self, X: Sequence[Any]) -> Array:
        """(N, C) logits, the mean over the test views and samplings."""
        check_is_fitted(self, "classes_")
        self._check(X)
        self.network_.eval()
        clips = self._test_clips()
        with torch.inference_mode():
            found = [self._logits(X, None if clips == 1 else seed_of(self.seed, i)) for i in range(clips)]
        logits: Array = np.mean(found, axis=0)
        return logits

    def _logits(self, X: Sequence[Any], seed: int | None) -> Array:
        source = self.make_source(X, next(self.network_.parameters()).device)
        batches = np.array_split(np.arange(len(X)), -(-len(X) // self.training.batch))
        out = np.empty((len(X), len(self.classes_)))

        def read(items: Array) -> Tensor:
            return source.read(items, None if seed is None else seed_of(seed, int(items[0])), False)

        for items, raw in read_ahead(read, batches, self.workers):
            logits = [self.network_(view).double() for view in self._views(source, raw)]
            out[items] = torch.stack(logits).mean(0).cpu().numpy()
        return out

    def predict_proba(self, X: Sequence[Any]) -> Array:
        """(N, C) probabilities in the order of ``classes_``."""
        logits = torch.from_numpy(self.decision_function(X))
        probabilities: Array = logits.softmax(1).numpy()
        return probabilities

    def predict(self, X: Sequence[Any]) -> Array:
        """(N,) labels."""
        chosen = self.decision_function(X).argmax(1)  # first: it refuses what is not fitted
        labels: Array = self.classes_[chosen]
        return labels

    def _said(self) -> dict[str, Any]:
        """The parameters as JSON values."""
        plain = {}
        for name, value in self.get_params(deep=False).items():
            if name not in ("folder", "device", "workers"):
                plain[name] = asdict(value) if hasattr(value, "__dataclass_fields__") else value
                if isinstance(value, Path):
                    plain[name] = str(value)
        return plain

    def save(self, path: Path | str) -> None:
        """Write the trained network with its parameters and classes to a .safetensors file."""
        save_network(Path(path), *self.kept())

    def kept(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors of the trained network, and its parameters and classes as JSON values."""
        check_is_fitted(self, "classes_")
        about = {"class": type(self).__name__, "params": self._said(), "classes": self.classes_.tolist()}
        return self.network_.state_dict(), {**about, "started": self.started_}

    def restore(self, path: Path | str) -> Self:
        """Load the network that `save` wrote with these parameters.

        Raises MismatchError for a file of other parameters, ArtefactError for a damaged one.
        """
        return self.take(*read_network(Path(path)), Path(path))

    def take(self, tensors: dict[str, Tensor], about: dict[str, Any], path: Path) -> Self:
        """Become the trained network that `kept` gave, read from ``path``. Raises MismatchError."""
        if about["class"] != type(self).__name__ or about["params"] != json.loads(json.dumps(self._said())):
            raise MismatchError(f"{path} was saved by a baseline of other parameters: {about['params']}")
        self.classes_ = np.asarray(about["classes"])
        self.network_ = self.make_network(len(self.classes_))
        self.network_.load_state_dict(tensors)
        self.network_.eval()
        self.started_ = about["started"]
        return self
