"""Convert between one container an athlete and table rows that hold all athletes of a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vpd.types import Array


def joined(parts: Sequence[Array], empty: Array) -> Array:
    """Concatenate the parts. ``empty`` gives shape and type where there are none."""
    return np.concatenate([empty, *parts])


def by_athlete(athletes: Array) -> Iterator[tuple[int, slice]]:
    """Each athlete with its rows. The rows of one athlete are adjacent in ``athletes`` (N,)."""
    starts = np.flatnonzero(np.r_[True, athletes[1:] != athletes[:-1]]) if len(athletes) else np.empty(0, int)
    for start, end in zip(starts, [*starts[1:], len(athletes)], strict=False):
        yield int(athletes[start]), slice(int(start), int(end))
