"""Describe small pictures by a shipped network that learned to name what pictures show."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from vpd.models import model_path
from vpd.models.session import open_session
from vpd.types import Array

MODEL = "efficientnet_lite2"
SIZE = 128
"""Side of the network's pictures in pixels."""
D = 1280
"""Size of a description."""
BATCH = 32


@lru_cache(maxsize=1)
def _session() -> Any:
    return open_session(model_path(MODEL))


def describe(pictures: Array) -> Array:
    """(N, D) float32, the means over the last map of the network, of (N, SIZE, SIZE, 3) uint8 RGB."""
    found = [np.empty((0, D), np.float32)]
    for start in range(0, len(pictures), BATCH):
        part = pictures[start : start + BATCH].astype(np.float32)
        found.append(_session().run(["features"], {"image": part})[0].reshape(len(part), D))
    return np.concatenate(found)
