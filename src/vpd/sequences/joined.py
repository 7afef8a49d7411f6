"""Join several kinds of features into one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from vpd.errors import InputError, MismatchError
from vpd.library.layout import Layout
from vpd.sequences.spans import take_rows
from vpd.sequences.store import FeatureStore
from vpd.strings import Sentence
from vpd.types import FeatureSequence, Segment

JOINT = " + "
"""Between the names of features that are joined."""


def join(sequences: Sequence[FeatureSequence]) -> FeatureSequence:
    """One sequence with the values of all ``sequences`` concatenated, (T, 2, sum of their d).

    It holds the frames that all of them have. A frame is valid where it is valid in all; its score is the
    least. Raises MismatchError where the sequences are not of one athlete, or share no frame.
    """
    owners = sorted({(s.video, s.athlete) for s in sequences})
    if len(owners) != 1:
        raise MismatchError(f"features of different athletes cannot be joined: {owners}")
    frames = reduce(np.intersect1d, [s.frames for s in sequences])
    if not len(frames):
        raise MismatchError(f"the features of {owners[0][0]}, athlete {owners[0][1]}, share no frame")
    same = [take_rows(s, np.searchsorted(s.frames, frames)) for s in sequences]
    return replace(
        same[0],
        values=np.concatenate([s.values for s in same], axis=2),
        valid=np.logical_and.reduce([s.valid for s in same]),
        scores=np.min([s.scores for s in same], axis=0),
    )


class JoinedStore:
    """The features called ``names`` of the library at ``layout``, concatenated in this order.

    Raises InputError where one of them is not there.
    """

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        self.layout, self.name = layout, JOINT.join(names)
        self.stores = [FeatureStore(layout, name) for name in names]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The size d of each kind of features."""
        videos = self.videos()
        if not videos:
            raise InputError(f"no video has all of the features {self.name}")
        return tuple(store.sequences(videos[0])[0].d for store in self.stores)

    def videos(self) -> list[str]:
        """Videos that have all of the features, sorted."""
        return sorted(set.intersection(*(set(store.videos()) for store in self.stores)))

    def sequences(self, video: str) -> list[FeatureSequence]:
        """All athletes of one video that have all of the features. Raises InputError where they are not
        used.
        """
        first, *others = ({s.athlete: s for s in store.sequences(video)} for store in self.stores)
        return [
            join([sequence, *(of[athlete] for of in others)])
            for athlete, sequence in first.items()
            if all(athlete in of for of in others)
        ]

    @property
    def other_times(self) -> set[str]:
        """Videos that are used, though their files have other times than when they were scanned."""
        return {video for store in self.stores for video in store.other_times}

    @property
    def left_out(self) -> dict[str, Sentence]:
        """Videos that some of the features do not answer for, with the reason as a clause."""
        return {video: why for store in self.stores for video, why in store.left_out.items()}

    def why_not(self, video: str) -> str:
        """Why a video does not answer, as a sentence; "" where it does."""
        return next(filter(None, (store.why_not(video) for store in self.stores)), "")

    def segment(self, segment: Segment) -> FeatureSequence:
        """The features of a segment, of the athlete that the first kind of features means
        (`FeatureStore.segment`).

        Raises InputError where an athlete has no valid frame in one of them.
        """
        first = self.stores[0].segment(segment)
        of_athlete = replace(segment, athlete=first.athlete)
        joined = join([first, *(store.segment(of_athlete) for store in self.stores[1:])])
        if not joined.valid.any():
            raise InputError(f"{segment.video} shows no athlete with all of the features {self.name} there")
        return joined
