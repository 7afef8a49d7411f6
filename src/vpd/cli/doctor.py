"""`vpd doctor`: the abilities of this machine, and those that vpd uses."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer

from vpd.cli.common import JsonOption, print_json, say, say_error
from vpd.errors import VpdError
from vpd.machine import cores, memory_bytes

PACKAGES = (
    "video-pose-distillation", "torch", "torchvision", "onnxruntime", "onnxruntime-gpu", "av", "numpy",
    "numba", "opencv-python-headless", "pyarrow", "accelerate", "timm", "onnx",
)  # fmt: skip
CPU_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "neon", "asimd", "bf16")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    words = set(info.read_text(encoding="utf-8", errors="replace").split()) if info.exists() else set()
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": cores(),
        "memory_gb": round(memory_bytes() / 1e9, 1),
        "features": [name for name in CPU_FEATURES if name in words],
    }


def _devices() -> dict[str, Any]:
    import torch

    from vpd.device import choose_bfloat16, choose_device
    from vpd.models.session import CPU, available_provider, gpu_of_torch, import_onnxruntime

    device, provider = choose_device("auto"), available_provider()
    return {
        "training and embedding": str(device),
        "precision": "bfloat16" if choose_bfloat16("auto", device) else "float32",
        "torch sees": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] or ["no GPU"],
        "detection and pose": "CUDA, by torch" if provider == CPU and gpu_of_torch() else provider,
        "onnxruntime has": import_onnxruntime().get_available_providers(),
    }


def _codecs() -> dict[str, Any]:
    import av

    decoders = ("h264", "hevc", "av1", "libdav1d", "vp9", "mpeg4", "mpeg2video", "prores", "mjpeg")
    return {
        "ffmpeg": getattr(av, "ffmpeg_version_info", "unknown"),
        "decodes": [name for name in decoders if name in av.codecs_available],
        "writes h264": "libx264" in av.codecs_available,
    }


def _checks() -> dict[str, Callable[[], object]]:
    def models() -> object:
        from vpd.models import MODELS, model_path

        return [str(model_path(name)) for name in MODELS]

    def video() -> object:
        import numpy as np

        from vpd.video import read_video_info, write_video

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "check.mp4"
            write_video([np.zeros((32, 32, 3), np.uint8)] * 3, 25, path)
            return read_video_info(path).frames == 3

    def session() -> object:
        from vpd.athletes import NanoDet

        return NanoDet(threads=1).device

    return {"shipped networks": models, "write and read a video": video, "open a network": session}


def doctor(as_json: JsonOption = False) -> None:
    """Show devices, providers, codecs and versions in use, and try the parts that may be broken."""
    found: dict[str, Any] = {
        "versions": _versions(),
        "cpu": _cpu(),
        "devices": _devices(),
        "video": _codecs(),
        "temporary_free_gb": round(shutil.disk_usage(tempfile.gettempdir()).free / 1e9, 1),
    }
    broken: dict[str, str] = {}
    for name, check in _checks().items():
        try:
            check()
        except (VpdError, OSError, ImportError, RuntimeError) as error:
            broken[name] = str(error)
    found["broken"] = broken
    if as_json:
        print_json(found)
    else:
        for section, values in found.items():
            if isinstance(values, dict) and section != "broken":
                say(f"{section}:", style="bold")
                for name, value in values.items():
                    say(f"  {name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
        for name, reason in broken.items():
            say_error(f"{name} does not work: {reason}")
        if not broken:
            say("Everything that was tried works.", style="green")
    if broken:
        sys.stdout.flush()
        raise typer.Exit(1)
