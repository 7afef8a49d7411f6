"""Where in a collection the exact search pays: the slots at which a coarse query ends nearest."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING

import numpy as np

from vpd.dtw.subsequence import subsequence_scores
from vpd.dtw.threads import one_thread_each, pool
from vpd.machine import cores
from vpd.models.session import gpu_of_torch
from vpd.search.coarse import NONE, SLOT_S, CoarseQueries
from vpd.search.coarse_parts import CoarsePart, LikelySlot, cut
from vpd.search.lowest import lowest_around
from vpd.search.streams import Stream
from vpd.types import Array

if TYPE_CHECKING:
    import torch

CHUNK = 1 << 16
"""Slots a task: three hours of an athlete, a megabyte."""

AROUND = 3
"""Slots before and after a likely one in which the exact end may lie. Poses that are held make ends unsure:
with 1, the exact top 50 of Penn Action are found to 93 %, with 3 to 99 %."""

LIKELY = 4
"""Slots whose surroundings are searched exactly, in multiples of the results wanted."""

GPU_CELLS = 2_000_000_000
"""Cells of the warping for each core from which a GPU is used. A core takes three to six seconds for them, as
long as importing torch and opening the GPU."""


def choose_gpu(name: str, queries: CoarseQueries, slots: int) -> torch.device | None:
    """The device of that name to scan so many slots on, None for the CPU, for which torch is not imported.

    "auto" is a GPU where there is one and the scan is long enough. Raises InputError for one not there.
    """
    if name == "auto":
        return gpu_of_torch() if slots * len(queries.stacked.values) >= GPU_CELLS * cores() else None
    if name == "cpu":
        return None
    from vpd.device import choose_device

    return choose_device(name)


def likely_slots(
    queries: CoarseQueries, parts: Iterable[CoarsePart], count: int, device: torch.device | None = None
) -> list[LikelySlot]:
    """The ``count`` nearest slots of all parts, nearest first. Memory does not grow with the parts.

    They are the same on a ``device`` of torch as on the CPU, without one.
    """
    if device is not None:
        from vpd.search.likely_on_device import likely_slots_on

        return likely_slots_on(device, queries, parts, count)
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
    chunk = cut(part, start, CHUNK, queries.context)
    valid = chunk.numbers[:, 0] != NONE
    if chunk.asked is not None:
        valid &= chunk.asked
    if not valid.any():
        return []
    rows = chunk.numbers.astype(np.float32)
    scores, _ = subsequence_scores(queries.stacked, rows, valid, skip=chunk.skip)
    lowest = (scores == lowest_around(scores, 1)) & np.isfinite(scores)
    ends = np.flatnonzero(lowest[chunk.own])
    distances = scores[chunk.own][ends]
    nearest = np.argsort(distances, kind="stable")[:count]
    return chunk.likely(ends[nearest], distances[nearest])


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
