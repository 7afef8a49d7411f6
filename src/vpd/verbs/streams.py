"""The streams of features that uncut search looks through, read video by video."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from vpd.library.artefact import read_table
from vpd.library.columns import is_filled, values_of
from vpd.library.features import (
    column_values,
    must_be_finite,
    must_be_in_order,
    must_have_columns,
    other_size,
)
from vpd.library.layout import Layout
from vpd.search.streams import Stream

MAX_GAP_S = 0.25
"""No result in uncut video reaches over a longer time without frames."""


def read_streams(layout: Layout, name: str, video: str, d: int | None = None) -> list[Stream]:
    """The streams of one video, parted where the athlete changes or `MAX_GAP_S` passes without a frame.

    Raises ArtefactError where its features are missing, damaged, none, not finite, or not of size ``d``.
    """
    path = layout.features(name, video)
    table = read_table(path, ["time_s", "athlete", "regular"])
    must_have_columns(path, table, "time_s", "athlete", "regular")
    times_s, athletes = values_of(table["time_s"]), values_of(table["athlete"])
    if not len(times_s):
        return []
    valid = is_filled(table["regular"])
    regular = column_values(table["regular"])
    if d not in (None, regular.shape[1]):
        raise other_size(path, regular.shape[1], d)
    must_be_finite(path, regular, valid)
    part = (np.diff(athletes) != 0) | (np.diff(times_s) > MAX_GAP_S)
    for a, b in pairwise([0, *(np.flatnonzero(np.diff(athletes)) + 1), len(times_s)]):
        must_be_in_order(path, times_s[a:b])
    edges = [0, *(np.flatnonzero(part) + 1), len(times_s)]
    return [
        Stream(video, int(athletes[a]), times_s[a:b], regular[a:b], valid[a:b], number)
        for number, (a, b) in enumerate(pairwise(edges))
    ]
