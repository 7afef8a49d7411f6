"""Open an ONNX network: choose its threads and its provider (CUDA where there is one)."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from vpd.errors import ArtefactError, InputError

if TYPE_CHECKING:
    import torch

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def import_onnxruntime() -> ModuleType:
    """Import the package onnxruntime, which sends nothing of its use to its makers.

    From version 1.29 on it does so on Linux, too, names of networks among it, where no variable forbids it. A
    user who has set the variable is not overruled.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # here, as commands that open no network start faster without it

    return onnxruntime  # type: ignore[no-any-return]


def available_provider() -> str:
    """The provider of sessions on this computer: CUDA where onnxruntime has it, else the CPU."""
    ort = import_onnxruntime()
    return CUDA if CUDA in ort.get_available_providers() else CPU


def session_options(threads: int) -> Any:
    """Options of a session with ``threads`` threads of the CPU; 0 leaves the number to onnxruntime.

    Threads do not spin while they wait: worker processes share the cores.
    """
    if threads < 0:
        raise InputError(f"{threads} threads are not possible: give 0 (all cores) or more")
    ort = import_onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


@cache
def gpu_of_torch() -> torch.device | None:
    """torch's CUDA device, for computers where onnxruntime has none. Without a driver torch is not
    imported.
    """
    if not any(_loads(driver) for driver in ("libcuda.so.1", "nvcuda.dll")):
        return None
    import torch

    return torch.device("cuda") if torch.cuda.is_available() else None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def open_session(
    network: Path | bytes, threads: int = 0, memory_pattern: bool = True, gpu: bool = True
) -> Any:
    """Open an onnxruntime.InferenceSession of a file, or of its content.

    Where torch has a GPU and onnxruntime has none, torch runs the networks that it can
    (`vpd.models.torch_session`). Without ``gpu`` the CPU is used. With ``memory_pattern`` onnxruntime plans
    and keeps memory for every batch size. Raises ArtefactError where the file is missing or is no ONNX
    network.
    """
    if isinstance(network, Path) and not network.is_file():
        raise ArtefactError(f"the network {network} does not exist")
    provider = available_provider() if gpu else CPU
    device = gpu_of_torch() if gpu and provider == CPU else None
    if device is not None:
        from vpd.models.torch_session import TorchSession

        try:
            return TorchSession(network, device)
        except (InputError, ArtefactError):
            # It has operations that are not known there, or is no network at all: onnxruntime says so.
            pass
    providers = [provider] if provider == CPU else [provider, CPU]
    options = session_options(threads)
    options.enable_mem_pattern = memory_pattern
    ort = import_onnxruntime()
    name = "the network" if isinstance(network, bytes) else str(network)
    try:
        return ort.InferenceSession(
            network if isinstance(network, bytes) else name, options, providers=providers
        )
    except Exception as error:  # onnxruntime's own errors share no narrower base
        raise ArtefactError(f"{name} cannot be opened as an ONNX network: {error}") from error


GPU_BATCH, MOST_AT_ONCE = 16, 64
"""Batch size on a GPU whose memory is unknown, and the largest batch size: frames wait until a batch is
full.
"""


def batch_size(asked: int, device: str) -> int:
    """The batch size: ``asked``, or where that is 0, one that suits the device.

    On a CPU one at a time is fastest: MoveNet takes 29.6 ms an item alone and 34.4 ms in a batch of 8. On a
    GPU its memory decides.
    """
    if asked or device == "CPU":
        return asked or 1
    gpu = gpu_of_torch()
    if gpu is None:
        return GPU_BATCH
    from vpd.device import items_at_once

    return items_at_once(0, gpu, 1, MOST_AT_ONCE)


def session_device(session: Any) -> str:
    """The device that ``session`` really uses, "CUDA" or "CPU". CUDA may be listed and still fail to
    start.
    """
    return "CUDA" if session.get_providers()[0] == CUDA else "CPU"
