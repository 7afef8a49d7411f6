"""Search in uncut video: find where an athlete does something like the query.

Subsequence warping gives for every frame the distance of the best span that ends there. Results are its
minima, the best first, without those that overlap a better one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np
from scipy.ndimage import minimum_filter1d

from vpd.dtw import subsequence_path
from vpd.dtw.subsequence import LONGEST_STRETCH, Queries, stack_queries, subsequence_scores
from vpd.dtw.threads import one_thread_each, pool
from vpd.errors import InputError
from vpd.machine import cores
from vpd.search.hits import Hit, frame_step_s
from vpd.search.segments import SAME_RATE
from vpd.search.streams import Stream
from vpd.sequences.spans import drop_invalid, resample
from vpd.settings.search import SearchSettings
from vpd.types import MIRRORED, REGULAR, FeatureSequence, Segment

SHARD = 1 << 16
"""Frames in a task: 44 minutes at 25 frames/s."""

SPARE = 4
"""Minima kept in a task, as a multiple of the wanted results, because some overlap a better one."""


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The queries at one frame rate. Query q is at 2 q, and mirrored at 2 q + 1 (where wanted)."""

    sequences: list[FeatureSequence]
    stacked: Queries
    orientations: int

    def split(self, which: int) -> tuple[FeatureSequence, int, bool]:
        query, orientation = divmod(which, self.orientations)
        return self.sequences[query], query, orientation == MIRRORED


@dataclass(frozen=True)
class _Peak:
    distance: float
    end: int
    which: int
    prepared: _Prepared
    stream: Stream


def _distance(peak: _Peak) -> float:
    return peak.distance


def _prepare(queries: Sequence[FeatureSequence], step_s: float, settings: SearchSettings) -> _Prepared:
    orientations = (REGULAR,) if settings.sides == "differ" else (REGULAR, MIRRORED)
    sequences = []
    for query in queries:
        if abs(frame_step_s(query) / step_s - 1) > SAME_RATE:
            query = resample(query, 1 / step_s)
        query = drop_invalid(query)
        if not len(query):
            raise InputError(f"the query in {query.video} has no frame with a feature")
        sequences.append(query)
    stacked = stack_queries([q.values[:, o] for q in sequences for o in orientations])
    return _Prepared(sequences, stacked, len(orientations))


def _peaks(prepared: _Prepared, stream: Stream, start: int, keep: int) -> list[_Peak]:
    """The lowest minima among the ends start..start + SHARD of one stream."""
    stop = min(start + SHARD, len(stream))
    left = max(0, start - LONGEST_STRETCH * prepared.stacked.longest)
    scores, which = subsequence_scores(
        prepared.stacked, stream.values[left:stop], stream.valid[left:stop], skip=start - left
    )
    shortest = int(np.diff(prepared.stacked.edges).min())
    # Spans last half of the query at least, so ends closer than a quarter belong to one segment.
    lowest = minimum_filter1d(scores, 2 * max(1, shortest // 4) + 1, mode="nearest")
    ends = np.flatnonzero((scores == lowest) & np.isfinite(scores))
    if len(ends) > keep:
        ends = ends[np.argpartition(scores[ends], keep)[:keep]]
    return [_Peak(float(scores[e]), start + int(e), int(which[e]), prepared, stream) for e in ends]


def _hit(peak: _Peak) -> Hit:
    """The span, alignment and exact distance of a peak."""
    prepared, stream = peak.prepared, peak.stream
    query, number, mirrored = prepared.split(peak.which)
    begin = max(0, peak.end + 1 - LONGEST_STRETCH * len(query) - 1)
    rows = np.arange(begin, peak.end + 1)
    # No span reaches over an invalid frame, so the path is looked for after the last one.
    bad = np.flatnonzero(~stream.valid[rows])
    rows = rows[bad[-1] + 1 :] if len(bad) else rows
    x = query.values[:, MIRRORED if mirrored else REGULAR]
    path = subsequence_path(x, stream.values[rows], prepared.stacked.distance)
    times = stream.times_s[rows][path.reference]
    segment = Segment(stream.video, float(times[0]), float(times[-1]) + stream.step_s, stream.athlete)
    return Hit(segment, path.distance, mirrored, number, query.times_s[path.query], times)


def overlap(a: Segment, b: Segment) -> float:
    """tIoU of two spans of one athlete; 0 for different athletes."""
    if a.video != b.video or (a.athlete != b.athlete and None not in (a.athlete, b.athlete)):
        return 0.0
    shared = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
    return max(0.0, shared) / (max(a.end_s, b.end_s) - min(a.start_s, b.start_s))


def search_uncut(
    queries: Sequence[FeatureSequence],
    streams: Iterable[Stream],
    settings: SearchSettings,
    k: int | None = None,
    known: Sequence[Segment] = (),
) -> list[Hit]:
    """The spans of uncut video nearest to any of the queries.

    Each stream is read once. Tempo lies between half and double the query's at every moment. The mirrored
    query is compared with the original frames. For features that mirror with the pose this equals the
    reverse.

    Parameters
    ----------
    queries : sequence of FeatureSequence
        What to search for.
    streams : iterable of Stream
        Runs of frames of one athlete without a gap.
    settings : SearchSettings
        ``overlap``: spans that overlap a better one by more are left out.
    k : int, optional
        How many; by default ``settings.top``.
    known : sequence of Segment
        Spans that overlap one of these, such as the queries themselves, are left out.

    Returns
    -------
    list of Hit
        The nearest first; ``distance`` is normalised by the query's length.

    Examples
    --------
    >>> from vpd.search import Stream
    >>> from vpd.settings import SearchSettings
    >>> stream = Stream("scene1_a", 0, sequence.times_s, sequence.values[:, 0], sequence.valid)
    >>> (hit,) = search_uncut([cut(sequence, 1.25, 3.4)], [stream], SearchSettings(), k=1)
    >>> round(hit.segment.start_s, 2), round(hit.distance, 3)
    (1.25, 0.0)
    """
    k = settings.top if k is None else k
    prepared: dict[int, _Prepared] = {}
    peaks: list[_Peak] = []
    waiting: set[Future[list[_Peak]]] = set()

    def collect(at_most: int) -> None:
        nonlocal waiting, peaks
        while len(waiting) > at_most:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                peaks.extend(future.result())
        if len(peaks) > 16 * SPARE * k:
            # What is let go closes its file.
            peaks = nsmallest(8 * SPARE * k, peaks, key=_distance)

    with one_thread_each():
        for stream in streams:
            rate = round(1000 / stream.step_s)
            if rate not in prepared:
                prepared[rate] = _prepare(queries, stream.step_s, settings)
            for start in range(0, len(stream), SHARD):
                collect(2 * cores())
                waiting.add(pool().submit(_peaks, prepared[rate], stream, start, SPARE * k))
        collect(0)

    hits: list[Hit] = []
    for peak in sorted(peaks, key=_distance):
        if len(hits) == k:
            break
        hit = _hit(peak)
        others = [*known, *(other.segment for other in hits)]
        if all(overlap(hit.segment, other) <= settings.overlap for other in others):
            hits.append(hit)
    # Copies of one span are equally near: in which order they were found is a matter of rounding.
    return sorted(hits, key=lambda hit: (hit.distance, hit.segment.video, hit.segment.start_s))
