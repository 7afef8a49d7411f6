"""Search by example: among labelled segments, and in uncut video."""

from vpd.search.hits import Hit, records
from vpd.search.library import MANY, default_features, search_library
from vpd.search.segments import SegmentCollection, search_segments
from vpd.search.streams import Stream, library_streams, read_streams
from vpd.search.uncut import overlap, search_uncut

__all__ = [
    "MANY",
    "Hit",
    "SegmentCollection",
    "Stream",
    "default_features",
    "library_streams",
    "overlap",
    "read_streams",
    "records",
    "search_library",
    "search_segments",
    "search_uncut",
]
