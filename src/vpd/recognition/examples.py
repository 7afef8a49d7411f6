"""The labelled segments of a library with their features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vpd.counting import counted
from vpd.errors import InputError
from vpd.sequences import FeatureStore
from vpd.sequences.joined import JoinedStore
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
    # By video, so that each is opened once, in whatever order the labels stand.
    for i in sorted(range(len(segments)), key=lambda i: segments[i].video):
        if why := store.why_not(segments[i].video):
            reasons[i] = why
            continue
        try:
            sequences[i] = store.segment(segments[i])
        except InputError as error:
            reasons[i] = str(error)
    if len(reasons) == len(segments):
        why = next(iter(reasons.values()), "there are no segments")
        raise InputError(f"of {counted(len(segments), 'segment')} none has features {store.name!r}: {why}")
    return Examples(list(segments), sequences, reasons)
