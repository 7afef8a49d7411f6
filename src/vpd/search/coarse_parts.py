"""Coarse features as they are scanned: the slots of many streams, cut into chunks, and the likely ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.types import Array


@dataclass(frozen=True, eq=False)
class CoarsePart:
    """The slots of many streams, one after the other, with a slot that is `NONE` after each.

    Attributes
    ----------
    name : of the part, in the order of which copies of one span are taken.
    numbers : (S, p) int8.
    edges : (N + 1,) int64, the first slot of each stream.
    asked : (N,) bool, the streams that are searched.
    """

    name: str
    numbers: Array
    edges: Array
    asked: Array


@dataclass(frozen=True, order=True)
class LikelySlot:
    """A slot at which a span like a query ends: its coarse distance, the part's name and the slot in it."""

    distance: float
    part: str
    slot: int


@dataclass(frozen=True, eq=False)
class Chunk:
    """Slots of a part that are looked at together.

    Attributes
    ----------
    part : name of the part.
    start : the slot of the part that is the first of its own.
    numbers : (T, p) int8: its own slots, one before and one behind them, and before these the slots that
        decide their distances.
    asked : (T,) bool, None where all are searched.
    skip : slots of ``numbers`` before the first whose distance is told.
    own : which of the told distances are those of its own slots.
    """

    part: str
    start: int
    numbers: Array
    asked: Array | None
    skip: int
    own: slice

    def likely(self, own: Array, distances: Array) -> list[LikelySlot]:
        """Those of its own slots, counted from the first of them, with their distances."""
        return [
            LikelySlot(float(distance), self.part, self.start + int(slot))
            for slot, distance in zip(own, distances, strict=True)
        ]


def cut(part: CoarsePart, start: int, length: int, context: int) -> Chunk:
    """The slots start..start + length of a part. ``context`` slots before an end decide its distance."""
    stop = min(start + length, len(part.numbers))
    first, last = max(0, start - 1), min(stop + 1, len(part.numbers))
    left = max(0, first - context)
    asked = None
    if not part.asked.all():
        asked = np.repeat(part.asked, np.diff(part.edges))[left:last]
    own = slice(start - first, stop - first)
    return Chunk(part.name, start, part.numbers[left:last], asked, first - left, own)
