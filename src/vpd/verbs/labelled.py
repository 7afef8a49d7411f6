"""The labels and the spans that a verb works on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vpd.library.dataset import detected, recognised
from vpd.library.labels import on_set_aside, parse_query, read_labels
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.types import Segment

Span = str | Segment
"""A segment, or the text VIDEO@START-END that means one."""


def segments_of(spans: Iterable[Span], videos: Videos) -> list[Segment]:
    """The segment that each span means. Raises InputError."""
    return [parse_query(span, videos) if isinstance(span, str) else span for span in spans]


def labelled_segments(
    layout: Layout, videos: Videos, path: Path | None = None, detection: bool = False
) -> tuple[list[Segment], tuple[str, ...]]:
    """The segments of labels.csv (or ``path``), and a note on each set-aside video that has some.

    In the library of a published data set, only those that it recognises, or with ``detection`` detects.
    Raises LabelError for a file with wrong rows.
    """
    segments = read_labels(path or layout.labels, videos)
    segments = (detected if detection else recognised)(layout, segments)
    return segments, set_aside_notes(segments, videos)


def set_aside_notes(segments: Iterable[Segment], videos: Videos) -> tuple[str, ...]:
    """A sentence for each video that is set aside and has labels: nothing can be learned from them."""
    return tuple(
        f"{'1 label lies' if count == 1 else f'{count} labels lie'} in {video}, which is set aside: "
        f"{videos[video].error}"
        for video, count in on_set_aside(segments, videos).items()
    )
