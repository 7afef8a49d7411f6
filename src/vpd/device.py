"""Choose the device and the precision of computations."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState

from vpd.errors import InputError

ITEM_BYTES = 64 << 20
"""Approximate memory in bytes that a network needs for one picture: that of MoveNet's widest layers at 256
px.
"""
SHARE = 0.25
"""Part of a GPU's free memory that a batch may take, because other processes use the GPU as well."""


def items_at_once(asked: int, device: torch.device, on_cpu: int, most: int) -> int:
    """The batch size: ``asked``, or where that is 0, one that suits the device.

    On a GPU as many as fit in a part of its free memory, at most ``most``. Else ``on_cpu``.
    """
    if asked:
        return asked
    if device.type != "cuda":
        return on_cpu
    free, _ = torch.cuda.mem_get_info(device)
    return max(1, min(most, int(free * SHARE) // ITEM_BYTES))


def choose_device(name: str) -> torch.device:
    """The device called ``name``; "auto" is a GPU where there is one. Raises InputError for one not there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        raise InputError(f"device {name!r} is not there ({error}). Set device to auto or cpu.") from error
    return device


def make_accelerator(device: str) -> Accelerator:
    """The processes and devices of this run, as set by torchrun or the settings.

    Accelerate keeps its state for the whole process, and refuses another device later. A training that runs
    alone starts from a clean state, so that several can follow each other, on one device or another.
    """
    if PartialState._shared_state.get("num_processes", 1) == 1:
        AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=choose_device(device).type == "cpu")


def processor_has(*abilities: str) -> bool:
    """Whether the CPU has any of these, by PyTorch's names ("avx512_bf16", "amx_bf16")."""
    found: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(found.get(ability) for ability in abilities)


def computes_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 pays for convolutions on this device: it does on matrix units (GPUs, AMX).

    On CPUs with AVX-512's bfloat16 alone it was 0.7 times as fast as float32 (docs/student.md).
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and processor_has("amx_bf16")


def choose_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether ``precision`` (auto, float32, bfloat16) means bfloat16 on this device."""
    return precision == "bfloat16" or (precision == "auto" and computes_bfloat16(device))
