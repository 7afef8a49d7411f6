"""Choose the athlete that a segment means, by one rule for features, crops and poses."""

from __future__ import annotations

from collections.abc import Mapping

from vpd.types import Segment


def meant_athlete(segment: Segment, frames: Mapping[int, int]) -> int | None:
    """The segment's own athlete, or where it names none, the one with most usable frames in it.

    ``frames`` maps each athlete to the number of its usable frames in the segment. Ties go to the first. None
    where the athlete has no such frame.
    """
    able = {a: n for a, n in frames.items() if n and segment.athlete in (None, a)}
    return max(able, key=lambda athlete: able[athlete], default=None)
