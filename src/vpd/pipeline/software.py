"""The software that affects the bytes of artefacts. Computers that share a run must have the same."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from vpd.machine import hash_of_sources
from vpd.models import MODELS

PACKAGES = ("av", "numba", "numpy", "onnxruntime", "opencv-python-headless", "pyarrow", "scipy", "torch")
"""Packages that compute or write the content of artefacts."""
SHOWN = 12
"""Number of digits of a hash that are shown."""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


@lru_cache(maxsize=1)
def installed() -> dict[str, str]:
    """The software of this computer: versions of Python and packages, hashes of vpd's code and networks."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    found |= {package: _version(package) for package in PACKAGES}
    networks = hashlib.sha256("".join(sorted(m.sha256 for m in MODELS.values())).encode())
    found["vpd"] = (
        f"{_version('video-pose-distillation')} ({hash_of_sources(Path(__file__).parents[1])[:SHOWN]})"
    )
    found["networks"] = networks.hexdigest()[:SHOWN]
    return found


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """The differences, such as "numpy 2.1.0 instead of 2.2.0", where the first is ``there``; "" where there
    are none.
    """
    names = sorted(here.keys() | there.keys())
    return ", ".join(
        f"{name} {there.get(name, 'none')} instead of {here.get(name, 'none')}"
        for name in names
        if here.get(name) != there.get(name)
    )
