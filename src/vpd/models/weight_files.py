"""Read the weights of networks: files of others without running code in them, and torchvision's."""

from __future__ import annotations

import struct
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torchvision.models import get_model_weights

from vpd.errors import InputError

DAMAGED = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, TypeError, struct.error
)  # fmt: skip
"""What torch's reader of pickles raises beside its own errors for bytes that are none."""


def read_weight_file(path: Path, name: str = "") -> Any:
    """Read a .safetensors or .pth file without unpickling code.

    ``name`` is the user's name for it in the InputError that is raised where it cannot be read.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:  # its own text advises to run what is in the file
        raise InputError(
            f"the weights {name or path} are damaged, or more than tensors: code in them is never run. Save "
            "them as .safetensors."
        ) from error
    except (OSError, RuntimeError, SafetensorError, ValueError, EOFError) as error:
        raise InputError(f"the weights {name or path} cannot be read: {error}") from error
    except DAMAGED as error:
        raise InputError(f"the weights {name or path} are damaged: {error!r}") from error


def torchvision_weights(name: str, instead: str) -> dict[str, torch.Tensor]:
    """torchvision's best weights of its network ``name``, downloaded unless cached, and checked by their
    hash.

    ``instead`` is the advice of the InputError where they cannot be downloaded.
    """
    entry = get_model_weights(name)["DEFAULT"]
    try:
        state: dict[str, torch.Tensor] = entry.get_state_dict(progress=False, check_hash=True)
    except OSError as error:
        raise InputError(
            f"the weights of {name} could not be fetched from {entry.url} ({error}). {instead}"
        ) from error
    return state
