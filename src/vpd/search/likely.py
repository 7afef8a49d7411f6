"""Where in a collection the exact search pays: the slots at which a coarse query ends nearest."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import minimum_filter1d

from vpd.dtw.subsequence import subsequence_scores
from vpd.dtw.threads import one_thread_each, pool
from vpd.machine import cores
from vpd.search.coarse import NONE, SLOT_S, CoarseQueries
from vpd.search.streams import Stream
from vpd.types import Array

CHUNK = 1 << 16
"""Slots a task: three hours of an athlete, a megabyte."""

AROUND = 3
"""Slots before and after a likely one in which the exact end may lie. Poses that are held make ends unsure:
with 1, the exact top 50 of Penn Action are found to 93 %, with 3 to 99 %."""

LIKELY = 4
"""Slots whose surroundings are searched exactly, in multiples of the results wanted."""


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


def likely_slots(queries: CoarseQueries, parts: Iterable[CoarsePart], count: int) -> list[LikelySlot]:
    """The ``count`` nearest slots of all parts, nearest first. Memory does not grow with the parts."""
    found: list[LikelySlot] = []
    waiting: set[Future[list[LikelySlot]]] = set()

    def collect(at_most: int) -> None:
        nonlocal found, waiting
        while len(waiting) > at_most:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                found += future.result()
        if len(found) > 16 * count:
            found = sorted(found)[:count]

    with one_thread_each():
        for part in parts:
            for start in range(0, len(part.numbers), CHUNK):
                collect(2 * cores())
                waiting.add(pool().submit(_of_chunk, queries, part, start, count))
        collect(0)
    return sorted(found)[:count]


def _of_chunk(queries: CoarseQueries, part: CoarsePart, start: int, count: int) -> list[LikelySlot]:
    """The nearest slots among start..start + CHUNK; each is the nearest of itself and its neighbours."""
    stop = min(start + CHUNK, len(part.numbers))
    first, last = max(0, start - 1), min(stop + 1, len(part.numbers))
    left = max(0, first - queries.context)
    rows = part.numbers[left:last]
    valid = rows[:, 0] != NONE
    if not part.asked.all():
        valid &= np.repeat(part.asked, np.diff(part.edges))[left:last]
    if not valid.any():
        return []
    scores, _ = subsequence_scores(queries.stacked, rows.astype(np.float32), valid, skip=first - left)
    ends = np.flatnonzero((scores == minimum_filter1d(scores, 3, mode="nearest")) & np.isfinite(scores))
    ends = ends[(ends >= start - first) & (ends < stop - first)]
    ends = ends[np.argsort(scores[ends], kind="stable")[:count]]
    return [LikelySlot(float(scores[e]), part.name, first + int(e)) for e in ends]


def windows(stream: Stream, slots: Array, reach_s: float) -> list[Stream]:
    """The parts of a stream in which spans end at the slots, or `AROUND` them, with the time before.

    Parameters
    ----------
    slots : (N,) int, of the stream.
    reach_s : of the queries.
    """
    slots = np.unique(slots)
    new = np.flatnonzero(np.diff(slots, prepend=slots[0]) > 2 * AROUND + 1)
    found = []
    for run in np.split(slots, new):
        begin_s = stream.times_s[0] + SLOT_S * (int(run[0]) - AROUND)
        end_s = stream.times_s[0] + SLOT_S * (int(run[-1]) + 1 + AROUND)
        left, skip, last = np.searchsorted(stream.times_s, [begin_s - reach_s, begin_s, end_s])
        if skip < last:
            rows = slice(int(left), int(last))
            arrays = (stream.times_s[rows], stream.values[rows], stream.valid[rows])
            found.append(Stream(stream.video, stream.athlete, *arrays, stream.number, int(skip - left)))
    return found
