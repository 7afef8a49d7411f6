"""Which device computes, and in which precision."""

from __future__ import annotations

import torch

from vpd.errors import InputError


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


def computes_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 pays on this device: it does on matrix units (GPUs, AMX).

    On CPUs with AVX-512's bfloat16 alone it was 0.7 times as fast as float32 (docs/student.md).
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16"))


def choose_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether ``precision`` (auto, float32, bfloat16) means bfloat16 on this device."""
    return precision == "bfloat16" or (precision == "auto" and computes_bfloat16(device))
