"""Search in uncut video: find where an athlete does something like the query.

Subsequence warping gives for every frame the distance of the best span that ends there. Results are its
minima, the best first, without those that overlap a better one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np

from vpd.dtw import subsequence_path
from vpd.dtw.subsequence import LONGEST_STRETCH, Queries, stack_queries, subsequence_scores
from vpd.dtw.threads import one_thread_each, pool
from vpd.errors import InputError
from vpd.machine import cores
from vpd.search.hits import Hit, frame_step_s
from vpd.search.lowest import lowest_around
from vpd.search.segments import SAME_RATE
from vpd.search.streams import Stream
from vpd.sequences.spans import drop_invalid, resample
from vpd.settings.search import SearchSettings
from vpd.strings import Sentence
from vpd.types import MIRRORED, REGULAR, FeatureSequence, Segment

SHARD = 1 << 16
"""Frames in a task: 44 minutes at 25 frames/s."""

SPARE = 8
"""Peaks kept, in multiples of the results wanted: some are dropped for overlapping a better one."""

MORE = 4
"""So many times as many are kept where these were too few."""


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
class Peak:
    """The end of a span that is nearer to a query than the spans that end around it.

    Attributes
    ----------
    distance : of the best span that ends there, in float32.
    end : its last frame, counted in the stream.
    which : the query and its orientation, as they are stacked.
    video, number : of the stream.
    stream : None where it was found in another process; then it is opened again.
    """

    distance: float
    end: int
    which: int
    video: str
    number: int
    stream: Stream | None = None

    @property
    def order(self) -> tuple[float, str, int, int]:
        """The nearest first; copies of one span in an order that does not depend on who found them."""
        return self.distance, self.video, self.number, self.end


@dataclass(frozen=True)
class Scan:
    """The peaks of some streams, and the least distance of those that were found and not kept."""

    peaks: list[Peak]
    floor: float = math.inf


def _order(peak: Peak) -> tuple[float, str, int, int]:
    return peak.order


def _prepare(queries: Sequence[FeatureSequence], step_s: float, settings: SearchSettings) -> _Prepared:
    orientations = (REGULAR,) if settings.sides == "differ" else (REGULAR, MIRRORED)
    sequences = []
    for query in queries:
        if abs(frame_step_s(query) / step_s - 1) > SAME_RATE:
            query = resample(query, 1 / step_s)
        query = drop_invalid(query)
        if not len(query):
            raise InputError(Sentence("error_query_unseen", {"video": query.video}))
        sequences.append(query)
    stacked = stack_queries([q.values[:, o] for q in sequences for o in orientations])
    return _Prepared(sequences, stacked, len(orientations))


def _peaks(prepared: _Prepared, stream: Stream, start: int, keep: int) -> Scan:
    """The lowest minima among the ends start..start + SHARD of one stream."""
    stop = min(start + SHARD, len(stream))
    shortest = int(np.diff(prepared.stacked.edges).min())
    # Spans last half of the query at least, so ends closer than a quarter belong to one segment.
    near = max(1, shortest // 4)
    # What lies beyond the borders decides too whether an end near one is the lowest around it.
    first, last = max(stream.skip, start - near), min(stop + near, len(stream))
    left = max(0, first - LONGEST_STRETCH * prepared.stacked.longest)
    scores, which = subsequence_scores(
        prepared.stacked, stream.values[left:last], stream.valid[left:last], skip=first - left
    )
    lowest = lowest_around(scores, near)
    ends = np.flatnonzero((scores == lowest) & np.isfinite(scores))
    ends = ends[(ends >= start - first) & (ends < stop - first)]
    floor = math.inf
    if len(ends) > keep:
        ranked = ends[np.argsort(scores[ends], kind="stable")]
        ends, floor = ranked[:keep], float(scores[ranked[keep]])
    place = (stream.video, stream.number, stream)
    return Scan([Peak(float(scores[e]), first + int(e), int(which[e]), *place) for e in ends], floor)


def _hit(peak: Peak, prepared: _Prepared, stream: Stream) -> Hit:
    """The span, alignment and exact distance of a peak."""
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


class UncutSearch:
    """One search of uncut video: the same queries at the frame rate of each stream.

    Parameters
    ----------
    queries : what to search for.
    settings : ``sides`` says whether mirrored spans count, ``overlap`` which results are left out.
    """

    def __init__(self, queries: Sequence[FeatureSequence], settings: SearchSettings) -> None:
        self.queries, self.settings = queries, settings
        self._prepared: dict[int, _Prepared] = {}

    def _at_rate_of(self, stream: Stream) -> _Prepared:
        rate = round(1000 / stream.step_s)
        if rate not in self._prepared:
            self._prepared[rate] = _prepare(self.queries, stream.step_s, self.settings)
        return self._prepared[rate]

    def scan(self, streams: Iterable[Stream], keep: int) -> Scan:
        """The peaks of the streams, ``keep`` or more, on all cores. Each stream is read once."""
        scans: list[Scan] = []
        waiting: set[Future[Scan]] = set()

        def collect(at_most: int) -> None:
            nonlocal waiting, scans
            while len(waiting) > at_most:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                scans.extend(future.result() for future in done)
            if sum(len(scan.peaks) for scan in scans) > 4 * keep:
                # What is let go closes its file.
                scans = [merged(scans, keep)]

        with one_thread_each():
            for stream in streams:
                prepared = self._at_rate_of(stream)
                for start in range(stream.skip, len(stream), SHARD):
                    collect(2 * cores())
                    waiting.add(pool().submit(_peaks, prepared, stream, start, keep))
            collect(0)
        return merged(scans, keep)

    def hits(
        self,
        scan: Scan,
        k: int,
        known: Sequence[Segment] = (),
        open_stream: Callable[[str, int], Stream] | None = None,
    ) -> list[Hit] | None:
        """The ``k`` nearest that overlap neither each other nor what is ``known``, nearest first.

        ``open_stream(video, number)`` opens the streams of peaks that come from another process. None where
        the scan kept too few peaks to tell: then it must keep more.
        """
        hits: list[Hit] = []
        for peak in scan.peaks:
            if len(hits) == k:
                break
            if peak.distance > scan.floor:
                return None
            stream = peak.stream
            if stream is None:
                if open_stream is None:
                    raise ValueError("peaks without streams need a way to open them")
                stream = open_stream(peak.video, peak.number)
            hit = _hit(peak, self._at_rate_of(stream), stream)
            others = [*known, *(other.segment for other in hits)]
            if all(overlap(hit.segment, other) <= self.settings.overlap for other in others):
                hits.append(hit)
        if len(hits) < k and math.isfinite(scan.floor):
            return None
        # Copies of one span are equally near: in which order they were found is a matter of rounding.
        return sorted(hits, key=lambda hit: (hit.distance, hit.segment.video, hit.segment.start_s))


def merged(scans: Iterable[Scan], keep: int) -> Scan:
    """The ``keep`` nearest peaks of all, in order."""
    scans = list(scans)
    peaks = nsmallest(keep + 1, (peak for scan in scans for peak in scan.peaks), key=_order)
    floor = min((scan.floor for scan in scans), default=math.inf)
    if len(peaks) > keep:
        floor = min(floor, peaks.pop().distance)
    return Scan(peaks, floor)


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
    search = UncutSearch(queries, settings)
    streams = streams if isinstance(streams, Sequence) else list(streams)
    keep = SPARE * k
    while True:
        hits = search.hits(search.scan(streams, keep), k, known)
        if hits is not None:
            return hits
        keep *= MORE
