"""The labelled segments of a library with their features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vpd.errors import InputError
from vpd.sequences import FeatureStore
from vpd.sequences.joined import JoinedStore
from vpd.strings import Sentence
from vpd.types import FeatureSequence, Segment


@dataclass(frozen=True, eq=False)
class Examples:
    """Segments and their features.

    Attributes
    ----------
    segments : those asked for.
    sequences : of each segment, None where no athlete has a valid frame in it.
    reasons : by index, why a segment has no features.
    """

    segments: list[Segment]
    sequences: list[FeatureSequence | None]
    reasons: dict[int, str]

    def present(self) -> list[int]:
        """Indices of the segments that have features."""
        return [i for i, sequence in enumerate(self.sequences) if sequence is not None]


def load_examples(store: FeatureStore | JoinedStore, segments: Sequence[Segment]) -> Examples:
    """Read the features of ``segments``. Raises InputError where none of them has any."""
    sequences: list[FeatureSequence | None] = [None] * len(segments)
    reasons: dict[int, str] = {}
    for i, found in each_found(store, segments):
        if isinstance(found, str):
            reasons[i] = found
        else:
            sequences[i] = found
    if len(reasons) == len(segments):
        why = next(iter(reasons.values()), "there are no segments")
        raise InputError(
            Sentence(
                "error_none_has_features",
                {
                    "segments": Sentence("segments_count", {"count": len(segments)}),
                    "features": repr(store.name),
                    "why": why,
                },
            )
        )
    return Examples(list(segments), sequences, reasons)


def unseen(store: FeatureStore | JoinedStore, segments: Sequence[Segment]) -> dict[int, str]:
    """By index, why segments have no features; the features of the others are not kept."""
    return {i: found for i, found in each_found(store, segments) if isinstance(found, str)}


def each_found(
    store: FeatureStore | JoinedStore, segments: Sequence[Segment]
) -> Iterator[tuple[int, FeatureSequence | str]]:
    """The features of each segment, or why it has none, by its index.

    They come by video, so that each is opened once, in whatever order the labels stand.
    """
    for i in sorted(range(len(segments)), key=lambda i: segments[i].video):
        try:
            yield i, store.segment(segments[i])
        except InputError as error:
            yield i, str(error)
