"""Measure how similar candidates are: DTW distances, and a kernel of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpd.sequences.sides import UNSURE_COST, mirror_distances
from vpd.sequences.spans import drop_invalid, resample
from vpd.types import Array, FeatureSequence

RATE_HZ = 15.0
NEIGHBOUR = 10
"""The kernel's width is the median distance to the neighbour of this rank."""


def distances(sequences: Sequence[FeatureSequence]) -> Array:
    """(2, N, N) float32 DTW distances at `RATE_HZ`, oriented alike and apart (`mirror_distances`)."""
    brought = [drop_invalid(resample(s, RATE_HZ)) for s in sequences]
    brought = [b if len(b) else s for b, s in zip(brought, sequences, strict=True)]
    found = np.zeros((2, len(brought), len(brought)), np.float32)
    if brought:
        found[:] = mirror_distances(brought)
    return (found + found.swapaxes(1, 2)) / 2


def nearer(both: Array) -> Array:
    """(N, N) the smaller of both orientations (2, N, N), where it is not known whether sides differ; 0 to
    itself.
    """
    found: Array = np.minimum(both[0], both[1] * (1 + UNSURE_COST))
    np.fill_diagonal(found, 0.0)
    return found


def kernel(distance: Array) -> Array:
    """(N, N) exp(-(d / s)^2), where s is the median distance to the tenth neighbour; 1 to itself."""
    n = len(distance)
    if n < 2:
        return np.ones((n, n))
    place = min(NEIGHBOUR, n - 1)
    scale = float(np.median(np.partition(distance, place, axis=1)[:, place]))
    alike: Array = np.exp(-np.square(distance / max(scale, 1e-12)))
    return alike
