"""Between containers an athlete and the rows of a table that hold all athletes of a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vpd.types import Array


def joined(parts: Sequence[Array], empty: Array) -> Array:
    """The parts one after the other; ``empty`` gives shape and type where there are none."""
    return np.concatenate([empty, *parts])


def by_athlete(athletes: Array) -> Iterator[tuple[int, slice]]:
    """Each athlete and its rows; the rows (N,) of one athlete lie together."""
    starts = np.flatnonzero(np.r_[True, athletes[1:] != athletes[:-1]]) if len(athletes) else np.empty(0, int)
    for start, end in zip(starts, [*starts[1:], len(athletes)], strict=False):
        yield int(athletes[start]), slice(int(start), int(end))
