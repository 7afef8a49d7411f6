"""The version of the baselines: an outcome or a half-trained network of other code is not taken."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from vpd.machine import hash_of_sources


@lru_cache(maxsize=1)
def version() -> str:
    """A hash of this package's code. It changes with every change of a network, a preset or the training."""
    return hash_of_sources(Path(__file__).parent)
