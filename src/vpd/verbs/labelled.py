"""The labels and the spans that a verb uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from vpd.library.dataset import detected, recognised
from vpd.library.label_check import SEEN_LEAST
from vpd.library.labels import on_set_aside, parse_query, read_labels
from vpd.library.layout import Layout
from vpd.library.rows_by_id import columns_of
from vpd.library.videos import SET_ASIDE, Videos
from vpd.sequences import FeatureStore
from vpd.sequences.joined import JoinedStore
from vpd.sequences.spans import seen_span
from vpd.strings import Sentence
from vpd.types import FeatureSequence, Segment

S = TypeVar("S", bound=Segment)
Span = str | Segment
"""A segment, or the text VIDEO@START-END that means one."""


def segments_of(spans: Iterable[Span], videos: Videos) -> list[Segment]:
    """The segment that each span means. Raises InputError."""
    return [span if isinstance(span, Segment) else parse_query(span, videos) for span in spans]


def within(segment: S, videos: Videos) -> S:
    """The segment without what reaches beyond its video: a last frame may be shorter than what found it."""
    return replace(segment, end_s=min(segment.end_s, videos[segment.video].end_s))


def labelled_segments(
    layout: Layout, videos: Videos, path: Path | None = None, detection: bool = False
) -> tuple[list[Segment], tuple[Sentence, ...]]:
    """The segments of labels.csv (or ``path``), and a note on each set-aside video with labels.

    In the library of a published data set, only segments that it recognises are returned, or with
    ``detection`` those that it detects. Raises LabelError for a file with wrong rows.
    """
    segments = read_labels(path or layout.labels, videos)
    segments = (detected if detection else recognised)(layout, segments)
    return segments, set_aside_notes(segments, videos)


MOMENT_S = 0.1
"""No shorter segment, in seconds, is partly seen: it may be a single frame."""
MOST_NAMED = 5
"""Largest number of videos that are named singly."""


def left_out_notes(
    store: FeatureStore | JoinedStore,
    segments: Sequence[Segment] | None = None,
    videos: Iterable[str] | None = None,
) -> tuple[Sentence, ...]:
    """A sentence for each video whose features are there and not used: of ``segments``, of ``videos``, or
    all; beyond a few, how many more. And one on videos that were copied since they were scanned.
    """
    asked = None if videos is None else set(videos)
    labelled = None if segments is None else {segment.video for segment in segments}
    said = [
        Sentence("note_left_out", {"video": video, "why": why})
        for video, why in store.left_out.items()
        if (asked is None or video in asked) and (labelled is None or video in labelled)
    ]
    return (*named_singly(said, "note_more_left_out"), *_copied_notes(store.other_times))


def without_features_note(store: FeatureStore | JoinedStore, videos: Videos) -> tuple[Sentence, ...]:
    """A sentence on the videos of the library that have no such features, as new ones; none where there are
    none. What is set aside has been said.
    """
    there = {*store.videos(), *store.left_out}
    states = columns_of(videos.rows, "status")
    count = sum(video not in there and status != SET_ASIDE for video, status in states)
    return (Sentence("note_without_features", {"count": count, "features": store.name}),) if count else ()


def named_singly(said: list[Sentence], more: str) -> list[Sentence]:
    """At most `MOST_NAMED` of the sentences; ``more`` is the key of the one that counts all others."""
    count = len(said) - MOST_NAMED
    return [*said[:MOST_NAMED], Sentence(more, {"count": count})] if count > 0 else said


def _copied_notes(videos: Collection[str]) -> list[Sentence]:
    """A sentence on videos whose files have other times than when they were scanned."""
    if not videos:
        return []
    return [Sentence("note_copied", {"count": len(videos), "video": min(videos)})]


def seen_segment(segment: Segment, sequence: FeatureSequence) -> Segment:
    """The part of a segment in which its athlete is seen; ``sequence`` has its features."""
    start_s, end_s, _ = seen_span(sequence)
    if end_s <= start_s:
        return replace(segment, athlete=sequence.athlete)
    return replace(segment, athlete=sequence.athlete, start_s=start_s, end_s=end_s, window_s=None)


def partly_seen_notes(
    segments: Sequence[Segment], sequences: Sequence[FeatureSequence]
) -> tuple[Sentence, ...]:
    """A sentence for each segment in which the athlete is seen for a part of the time only; none for moments,
    which are a frame long.
    """
    said = []
    for segment, sequence in zip(segments, sequences, strict=True):
        start_s, end_s, seen_s = seen_span(sequence)
        first_s, last_s = segment.window_s or (segment.start_s, segment.end_s)
        if last_s - first_s > MOMENT_S and seen_s < SEEN_LEAST * (last_s - first_s):
            values = {
                "span": f"{segment.video}@{first_s:g}-{last_s:g}",
                "seen": f"{seen_s:.2f}",
                "length": f"{last_s - first_s:.2f}",
                "start": f"{start_s:.2f}",
                "end": f"{end_s:.2f}",
            }
            said.append(Sentence("note_partly_seen", values))
    return tuple(said)


def unsaid(segments: Iterable[Segment], videos: Videos) -> list[Segment]:
    """The segments in videos that `set_aside_notes` says nothing of."""
    return [s for s in segments if videos[s.video].status != SET_ASIDE]


def unseen_notes(
    store: FeatureStore | JoinedStore,
    segments: Sequence[Segment],
    reasons: Mapping[int, str],
    videos: Videos,
    use: Literal["learned", "compared"] = "learned",
) -> tuple[Sentence, ...]:
    """A sentence for each labelled segment that is of no use, as it shows no features; beyond a few, how many
    more. Left out are those of videos that `left_out_notes` and `set_aside_notes` name.
    """
    one, more = {
        "learned": ("note_unseen", "note_more_unseen"),
        "compared": ("note_not_compared", "note_more_not_compared"),
    }[use]
    said = [
        Sentence(one, {"why": why.rstrip(".")})
        for i, why in sorted(reasons.items())
        if segments[i].video not in store.left_out and videos[segments[i].video].status != SET_ASIDE
    ]
    return tuple(named_singly(said, more))


def set_aside_notes(segments: Iterable[Segment], videos: Videos) -> tuple[Sentence, ...]:
    """A sentence for each set-aside video with labels. Nothing can be learned from them."""
    return tuple(
        Sentence("note_set_aside", {"count": count, "video": video, "why": videos[video].error})
        for video, count in on_set_aside(segments, videos).items()
    )
