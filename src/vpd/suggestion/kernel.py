"""Measure how similar candidates are: DTW distances, and a kernel of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpd.dtw import many_to_many
from vpd.dtw.packed import pack
from vpd.sequences.spans import drop_invalid, resample
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

PATTERN = "symmetric2"
"""A step pattern that has a path between any two lengths."""
RATE_HZ = 15.0
NEIGHBOUR = 10
"""The kernel's width is the median distance to the neighbour of this rank."""


def distances(sequences: Sequence[FeatureSequence]) -> Array:
    """(N, N) normalised DTW distances, the smaller of the two orientations; 0 to itself."""
    brought = [drop_invalid(resample(s, RATE_HZ)) for s in sequences]
    brought = [b if len(b) else s for b, s in zip(brought, sequences, strict=True)]
    regular = pack([b.values[:, REGULAR] for b in brought])
    as_it_is = many_to_many([b.values[:, REGULAR] for b in brought], regular, PATTERN)
    mirrored = many_to_many([b.values[:, MIRRORED] for b in brought], regular, PATTERN)
    found = np.minimum(as_it_is, mirrored)
    found = np.minimum(found, found.T)
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
