"""Search by example: among labelled segments, and in uncut video."""

from vpd.search.hits import Hit
from vpd.search.segments import SegmentCollection, search_segments
from vpd.search.streams import Stream
from vpd.search.uncut import overlap, search_uncut

__all__ = [
    "Hit",
    "SegmentCollection",
    "Stream",
    "overlap",
    "search_segments",
    "search_uncut",
]
