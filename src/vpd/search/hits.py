"""Results of a search: hits, and the frames of each that correspond to those of its query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.types import Array, FeatureSequence, Segment


@dataclass(frozen=True, eq=False)
class Hit:
    """One result of a search.

    Attributes
    ----------
    segment : Segment
        Where it is, with its label where it has one.
    distance : float
        To the query, normalised; infinite where the step pattern has no path for these lengths.
    mirrored : bool
        Whether the query matched it mirrored.
    query : int
        Index of the query that it is nearest to.
    query_s, result_s : array (L,) float64
        Times in seconds that correspond, in order; empty where there is no path.

    Examples
    --------
    >>> from vpd.types import Segment
    >>> hit = Hit(Segment("a", 1, 2), 0.5, False, 0, np.array([0.0, 1.0]), np.array([1.0, 1.5]))
    >>> hit.tempo
    2.0
    """

    segment: Segment
    distance: float
    mirrored: bool
    query: int
    query_s: Array
    result_s: Array

    @property
    def tempo(self) -> float:
        """Speed relative to the query; 2 is twice as fast. NaN where there is no path."""
        if len(self.result_s) < 2 or self.result_s[-1] <= self.result_s[0]:
            return float("nan")
        return float((self.query_s[-1] - self.query_s[0]) / (self.result_s[-1] - self.result_s[0]))


def frame_step_s(sequence: FeatureSequence) -> float:
    """Typical time between two frames of a sequence in seconds."""
    steps = np.diff(sequence.times_s)
    return float(np.median(steps)) if len(steps) else 0.04
