"""The state of a baseline's training between two epochs in one safetensors file, and the trained network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vpd.errors import ArtefactError
from vpd.files import parse_json
from vpd.library.artefact import sealed
from vpd.library.sealed_files import BLANK, tensors_are_whole


@dataclass
class Progress:
    """The progress of a training, and the best weights so far where it is validated."""

    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    best: float = -1.0
    best_state: dict[str, Tensor] | None = None

    def note(self, accuracy: float, network: nn.Module) -> None:
        """Keep the weights where ``accuracy`` is at least the best so far."""
        if accuracy >= self.best:
            self.best = accuracy
            self.best_state = {k: t.detach().clone() for k, t in network.state_dict().items()}


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # clones: safetensors refuses tensors that share memory
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}


def named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with ``prefix`` before their names."""
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix``, without it."""
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


@dataclass(frozen=True)
class Checkpoint:
    """The file at ``path`` of the training with this ``key``: its parameters, data and labels."""

    path: Path
    key: str

    def save(self, network: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
        """Write the state, completely or not at all."""
        tensors = named("network.", network.state_dict()) | named("best.", progress.best_state or {})
        for index, entry in optimiser.state_dict()["state"].items():
            tensors |= named(f"optimiser.{index}.", {k: t for k, t in entry.items() if t is not None})
        said = {"key": self.key, "epoch": progress.epoch, "losses": progress.losses, "best": progress.best}
        with sealed(self.path) as part:
            part.write_bytes(save(_plain(tensors), {"progress": json.dumps(said), **BLANK}))

    def load(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> Progress | None:
        """Restore the training. Returns None and changes nothing where there is no state of this key."""
        try:
            tensors, said = _read(self.path, "progress")
        except ArtefactError:
            return None
        if said.get("key") != self.key:
            return None
        network.load_state_dict(under("network.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in under("optimiser.", tensors).items():
            index, entry = name.split(".", 1)
            state.setdefault(int(index), {})[entry] = tensor
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
        best = under("best.", tensors)
        return Progress(said["epoch"], said["losses"], said["best"], best or None)


def save_network(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write the tensors of a trained network with its recipe, completely or not at all."""
    with sealed(path) as part:
        part.write_bytes(save(_plain(tensors), {"baseline": json.dumps(about), **BLANK}))


def read_network(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors of a trained network, and its recipe. Raises ArtefactError."""
    return _read(path, "baseline")


def _read(path: Path, entry: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        if not tensors_are_whole(path):
            raise ValueError("its contents are not what was written")
        with safe_open(path, "pt") as file:
            said: dict[str, Any] = parse_json(file.metadata()[entry])
            return {name: file.get_tensor(name) for name in file.keys()}, said  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ArtefactError(f"{path} is not a file of a baseline, or damaged: {error}") from error
