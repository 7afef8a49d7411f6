"""Coarse features, by which an index finds where an exact search pays: 16 bytes for 0.16 s of an athlete.

A stream is cut into slots of equal time. Of each the mean feature is kept, on the axes along which features
spread most (principal components), rounded to whole numbers of eight bits. The query, made coarse and rounded
likewise, is warped with these rows as the exact search warps it with frames: a sixteenth of the cells at 25
frames a second, and a quarter of the numbers of each. It follows every tempo, and one index serves queries of
any length. Squared distances are whole numbers below 2^24, which float32 holds exactly, so that every
processor finds the same. How it compares with descriptors of whole spans: docs/search.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vpd.dtw.subsequence import LONGEST_STRETCH, Queries, stack_queries
from vpd.search.streams import Stream
from vpd.sequences.spans import drop_invalid
from vpd.settings.search import SearchSettings
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

SLOT_S = 0.16
"""Four frames at 25 a second."""
NUMBERS = 16
"""Numbers a slot; fewer where features have fewer."""
MOST = 127
NONE = -128
"""The first number of a slot that has no feature."""
WITHIN = 0.999
"""Share of the numbers that the range of eight bits holds; those beyond are cut to its ends."""
QUERY_SLOTS = 2
"""Slots of a query at least, where it has as many frames."""


@dataclass(frozen=True, eq=False)
class Basis:
    """The axes of coarse features.

    Attributes
    ----------
    mean : (d,) float32, of the features that the axes were fitted to.
    axes : (p, d) float32, scaled so that numbers fill -127..127.
    """

    mean: Array
    axes: Array

    def numbers(self, features: Array) -> Array:
        """(N, d) features on the axes: (N, p) float32, not rounded."""
        return np.asarray((features - self.mean) @ self.axes.T, np.float32)


def fit_basis(features: Array) -> Basis:
    """The axes along which (N, d) features spread most."""
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    spread, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, np.argsort(-spread, kind="stable")[:NUMBERS]].T
    largest = float(np.quantile(np.abs(centred @ axes.T), WITHIN))
    return Basis(mean.astype(np.float32), (axes * (MOST / largest if largest else 1.0)).astype(np.float32))


def rounded(numbers: Array) -> Array:
    """Whole numbers of -127..127, in float32."""
    return np.asarray(np.clip(np.rint(numbers), -MOST, MOST), np.float32)


def slot_rows(times_s: Array) -> Array:
    """(S,) the first frame of each slot, of (T,) times; a slot without a frame has the next one's."""
    count = int((times_s[-1] - times_s[0]) / SLOT_S) + 1
    rows: Array = np.searchsorted(times_s, times_s[0] + SLOT_S * np.arange(count))
    return np.minimum(rows, len(times_s) - 1)


def coarse_stream(stream: Stream, basis: Basis) -> Array:
    """The slots of a stream as (S, p) int8; `NONE` where less than half of the frames have a feature."""
    rows = slot_rows(stream.times_s)
    valid = stream.valid
    values = stream.values if valid.all() else np.where(valid[:, None], stream.values, 0)
    there = np.add.reduceat(valid.astype(np.float32), rows)
    means = np.add.reduceat(values, rows, axis=0) / np.maximum(there, 1)[:, None]
    numbers = rounded(basis.numbers(means)).astype(np.int8)
    frames = np.maximum(np.diff(np.append(rows, len(valid))), 1)
    numbers[2 * there < frames] = NONE
    return numbers


@dataclass(frozen=True, eq=False)
class CoarseQueries:
    """Queries as slots: query q as it is at 2 q, mirrored at 2 q + 1 (where wanted).

    Attributes
    ----------
    reach_s : the longest time that a span found for any of them lasts, and a slot at each end.
    """

    stacked: Queries
    reach_s: float

    @property
    def context(self) -> int:
        """Slots before an end that decide its distance."""
        return LONGEST_STRETCH * self.stacked.longest


def coarse_queries(
    queries: Sequence[FeatureSequence], basis: Basis, settings: SearchSettings
) -> CoarseQueries:
    """The queries as means of equal parts of about a slot each; each needs a valid frame."""
    orientations = (REGULAR,) if settings.sides == "differ" else (REGULAR, MIRRORED)
    parts, reach_s = [], 0.0
    for query in map(drop_invalid, queries):
        frames = len(query)
        duration_s = float(query.times_s[-1] - query.times_s[0]) * frames / max(1, frames - 1)
        slots = min(frames, max(QUERY_SLOTS, round(duration_s / SLOT_S)))
        first = np.linspace(0, frames, slots, endpoint=False).astype(int)
        sizes = np.diff(np.append(first, frames))[:, None]
        for side in orientations:
            means = np.add.reduceat(query.values[:, side], first, axis=0) / sizes
            parts.append(rounded(basis.numbers(means)))
        reach_s = max(reach_s, LONGEST_STRETCH * duration_s + 2 * SLOT_S)
    return CoarseQueries(stack_queries(parts, centred=False), reach_s)
