"""What a search finds: hits, and how each corresponds to its query frame by frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vpd.types import Array, FeatureSequence, Segment

COLUMNS = ("rank", "video", "athlete", "start_s", "end_s", "label", "distance", "tempo", "mirrored", "query")


@dataclass(frozen=True, eq=False)
class Hit:
    """One result.

    Attributes
    ----------
    segment : where it is, with its label where it has one.
    distance : to the query, normalised; infinite where the step pattern has no path for these lengths.
    mirrored : whether the query matched it mirrored.
    query : which of several queries it is nearest to.
    query_s, result_s : (L,) float64, times that correspond, in order; empty where there is no path.
    """

    segment: Segment
    distance: float
    mirrored: bool
    query: int
    query_s: Array
    result_s: Array

    @property
    def tempo(self) -> float:
        """How many times faster than the query; nan where there is no path."""
        if len(self.result_s) < 2 or self.result_s[-1] <= self.result_s[0]:
            return float("nan")
        return float((self.query_s[-1] - self.query_s[0]) / (self.result_s[-1] - self.result_s[0]))

    def record(self, rank: int) -> dict[str, Any]:
        """The row of a table, by `COLUMNS`; None for what is infinite or not known."""

        def known(value: float) -> float | None:
            return round(value, 6) if np.isfinite(value) else None

        s = self.segment
        values = (s.video, s.athlete, round(s.start_s, 6), round(s.end_s, 6), s.label)
        rest = (known(self.distance), known(self.tempo), self.mirrored, self.query)
        return dict(zip(COLUMNS, (rank, *values, *rest), strict=True))


def records(hits: Iterable[Hit], alignment: bool = False) -> list[dict[str, Any]]:
    """One record a hit, nearest first; with ``alignment`` the corresponding times too."""
    rows = []
    for rank, hit in enumerate(hits, start=1):
        row = hit.record(rank)
        if alignment:
            row["query_s"], row["result_s"] = hit.query_s.round(4).tolist(), hit.result_s.round(4).tolist()
        rows.append(row)
    return rows


def frame_step_s(sequence: FeatureSequence) -> float:
    """Usual time between two frames of a sequence."""
    steps = np.diff(sequence.times_s)
    return float(np.median(steps)) if len(steps) else 0.04
