"""What regression sees of moments. It does not depend on labels, so that it is computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.recognition.kernels import Patterns, series_of
from vpd.recognition.linear import moments, statistics
from vpd.sequences.sides import mirror_keeps_distances
from vpd.types import REGULAR, Array, FeatureSequence

MOMENTS, PATTERN_MOMENTS = 12, 48
"""Moments of `linear` and of `kernels`."""
PATTERNS = 128
"""Random patterns of each dilation. Four times as many propose no better
(docs/experiments/recognition.md, "What to label next").
"""

Blocks = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class Described:
    """Descriptions of N moments.

    Attributes
    ----------
    blocks : two (N, 2, n) each, in both orientations, for the regressions `linear` and `kernels`.
    joints : whether the features are joints in the picture.
    """

    blocks: tuple[Blocks, Blocks]
    joints: bool

    def at(self, indices: Array) -> Described:
        """Those of some of the moments."""
        linear, kernels = ((one[indices], other[indices]) for one, other in self.blocks)
        return Described((linear, kernels), self.joints)


def responses(sequences: Sequence[FeatureSequence]) -> Array:
    """(2, N, 2, n) float32 shares and greatest responses of random patterns, which take longest.

    Thresholds are drawn from all moments, labelled or not.
    """
    if not len(sequences):
        return np.zeros((2, 0, 2, 0), np.float32)
    patterns = Patterns(series_of(sequences, PATTERN_MOMENTS)[:, REGULAR], PATTERNS)
    return np.stack(patterns.describe(sequences, PATTERN_MOMENTS)).astype(np.float32)


def described(sequences: Sequence[FeatureSequence], found: Array | None = None) -> Described:
    """The descriptions of moments; ``found`` are their `responses` where these are known."""
    shares, greatest = responses(sequences) if found is None else found
    at_moments = np.array([moments(s, MOMENTS) for s in sequences])
    over_time = np.array([statistics(s) for s in sequences])
    joints = bool(len(sequences)) and mirror_keeps_distances(sequences)
    return Described(((at_moments, over_time), (shares, greatest)), joints)
