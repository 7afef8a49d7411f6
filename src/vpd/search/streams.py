"""Every athlete's features over a whole video, memory-mapped, for one pass of a search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vpd.library.artefact import read_table
from vpd.library.features import read_feature_matrix
from vpd.library.layout import Layout
from vpd.types import Array


@dataclass(frozen=True, eq=False)
class Stream:
    """Frames of one athlete without a gap in time.

    Attributes
    ----------
    times_s : (T,) float64.
    values : (T, d) float32, the frames as they are; memory-mapped where they come from a library.
    valid : (T,) bool.
    """

    video: str
    athlete: int
    times_s: Array
    values: Array
    valid: Array

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def step_s(self) -> float:
        """Usual time between two frames."""
        return float(np.median(np.diff(self.times_s))) if len(self) > 1 else 0.04


def read_streams(layout: Layout, name: str, video: str, gap_s: float) -> list[Stream]:
    """The streams of one video, parted where the athlete changes or ``gap_s`` passes without a frame."""
    path = layout.features(name, video)
    table = read_table(path, ["time_s", "athlete", "regular"])
    times_s, athletes = table["time_s"].to_numpy(), table["athlete"].to_numpy()
    if not len(times_s):
        return []
    valid = table["regular"].is_valid().to_numpy()
    regular, _ = read_feature_matrix(path)
    part = (np.diff(athletes) != 0) | (np.diff(times_s) > gap_s)
    edges = [0, *(np.flatnonzero(part) + 1), len(times_s)]
    return [
        Stream(video, int(athletes[a]), times_s[a:b], regular[a:b], valid[a:b]) for a, b in pairwise(edges)
    ]


def library_streams(layout: Layout, name: str, videos: list[str], gap_s: float) -> Iterator[Stream]:
    """The streams of many videos, opened one video at a time."""
    for video in videos:
        yield from read_streams(layout, name, video, gap_s)
