"""The state of a training between two epochs, in one safetensors file that replaces the previous one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vpd.files import parse_json
from vpd.library.artefact import sealed
from vpd.library.sealed_files import BLANK, tensors_are_whole
from vpd.student.training.history import Epoch

FILE = "checkpoint.safetensors"


@dataclass
class TrainingState:
    """The state of a training apart from its tensors."""

    key: str
    images: int
    seconds: float
    epochs: list[Epoch]
    best_loss: float


def _optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {f"optimiser.{i}.{name}": t for i, entry in state.items() for name, t in entry.items()}


def save_checkpoint(
    folder: Path, modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer, training: TrainingState
) -> None:
    """Write the modules' and the optimiser's state, completely or not at all."""
    tensors = {f"{m}.{n}": t for m, module in modules.items() for n, t in module.state_dict().items()}
    tensors |= _optimiser_tensors(optimiser)
    # clones: tensors that share memory, such as a step counter of all parameters, are refused by safetensors
    kept = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with sealed(folder / FILE) as part:
        part.write_bytes(save(kept, {"training": json.dumps(asdict(training)), **BLANK}))


def load_checkpoint(
    folder: Path, key: str, modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer
) -> TrainingState | None:
    """Restore a training with this key. Returns None and changes nothing where there is no state of this
    key.
    """
    path = folder / FILE
    if not tensors_are_whole(path):  # none, or damaged: the training begins again
        return None
    try:
        with safe_open(path, "pt") as file:
            found: dict[str, Any] = parse_json(file.metadata()["training"])
            if found["key"] != key:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
    for name, module in modules.items():
        prefix = f"{name}."
        module.load_state_dict(
            {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        )
    whole = optimiser.state_dict()
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, entry = name.split(".", 2)
            state.setdefault(int(index), {})[entry] = tensor
    optimiser.load_state_dict({**whole, "state": state})
    for parameter, entries in optimiser.state.items():
        for name, tensor in entries.items():
            if tensor.shape == parameter.shape:
                # a fused step goes through memory: a moment must lie as its weight does, channels last or not
                entries[name] = torch.empty_like(parameter).copy_(tensor)
    epochs = [Epoch(**epoch) for epoch in found["epochs"]]
    return TrainingState(key, found["images"], found["seconds"], epochs, found["best_loss"])
