"""Which athlete a segment means: one rule for features, crops and poses."""

from __future__ import annotations

from collections.abc import Mapping

from vpd.types import Segment


def meant_athlete(segment: Segment, frames: Mapping[int, int]) -> int | None:
    """The segment's own athlete, or where it names none the one that is seen in most of its frames.

    ``frames`` holds, by athlete, how many frames of the segment can be used. Of equals the first is taken.
    None where the athlete has no such frame.
    """
    able = {a: n for a, n in frames.items() if n and segment.athlete in (None, a)}
    return max(able, key=lambda athlete: able[athlete], default=None)
