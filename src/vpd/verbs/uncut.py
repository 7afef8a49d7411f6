"""Uncut search of a library: every frame, by shards of videos, or where the index points.

A shard is a task (queries and the names of videos) whose answer is small: the ends of the nearest spans. What
does the tasks is given (`Scatter`), so that other processes or machines may. The result is the same however
the videos are put into shards.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from vpd.errors import ArtefactError, InputError
from vpd.library.artefact import check
from vpd.library.index_file import read_stamps, stamped_bytes
from vpd.library.layout import Layout
from vpd.search.hits import Hit
from vpd.search.likely import LIKELY
from vpd.search.streams import Stream
from vpd.search.uncut import MORE, SPARE, Scan, UncutSearch, merged, search_uncut
from vpd.sequences import FeatureStore
from vpd.settings.search import SearchSettings
from vpd.strings import Sentence
from vpd.types import FeatureSequence, Segment
from vpd.verbs.progress import Progress
from vpd.verbs.search_index import exact_work, index_videos, likely_windows
from vpd.verbs.streams import read_streams

SHARD_BYTES, SHARD_VIDEOS = 1 << 29, 256
"""Bytes of features, and videos, of a shard at most."""
WIDER = 3
"""So many times the index is asked for more, where overlaps left fewer results than wanted."""


@dataclass(frozen=True)
class ShardTask:
    """Queries, and the videos of a library that are searched for them; ``keep`` peaks are wanted."""

    root: Path
    features: str
    videos: tuple[str, ...]
    queries: tuple[FeatureSequence, ...]
    settings: SearchSettings
    keep: int


@dataclass(frozen=True)
class ShardAnswer:
    """The peaks of a shard, and its videos that did not answer, with the reason."""

    scan: Scan
    unanswered: dict[str, str] = field(default_factory=dict)


Scatter = Callable[[Sequence[ShardTask]], Iterator[ShardAnswer]]
"""Does the tasks; their answers may come in any order."""


@dataclass(frozen=True)
class UncutAnswer:
    """The results, whether every frame was compared, and videos that did not answer, with the reason."""

    hits: list[Hit]
    exact: bool = True
    unanswered: dict[str, str] = field(default_factory=dict)


def scan_shard(task: ShardTask) -> ShardAnswer:
    """Do one task. Raises InputError where a query has no frame with a feature."""
    unanswered: dict[str, str] = {}

    def streams() -> Iterator[Stream]:
        for video in task.videos:
            try:
                yield from read_streams(Layout(task.root), task.features, video, task.queries[0].d)
            except ArtefactError as error:
                unanswered[video] = str(error)

    scan = UncutSearch(task.queries, task.settings).scan(streams(), task.keep)
    return ShardAnswer(scan, unanswered)


def scan_here(tasks: Sequence[ShardTask]) -> Iterator[ShardAnswer]:
    """One task after the other, each on all cores."""
    yield from map(scan_shard, tasks)


def scan_apart(task: ShardTask) -> ShardAnswer:
    """`scan_shard` for another process: the peaks come without their streams."""
    answer = scan_shard(task)
    light = [replace(peak, stream=None) for peak in answer.scan.peaks]
    return replace(answer, scan=Scan(light, answer.scan.floor))


def in_processes(jobs: int) -> Scatter:
    """So many worker processes. What one of them took down with it is done here."""

    def scatter(tasks: Sequence[ShardTask]) -> Iterator[ShardAnswer]:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as workers:
            futures: list[Future[ShardAnswer] | None] = []
            for task in tasks:
                try:
                    futures.append(workers.submit(scan_apart, task))
                except BrokenProcessPool:
                    futures.append(None)
            for task, future in zip(tasks, futures, strict=True):
                try:
                    yield scan_shard(task) if future is None else future.result()
                except BrokenProcessPool:
                    yield scan_shard(task)

    return scatter


def search_videos(
    store: FeatureStore,
    queries: Sequence[FeatureSequence],
    known: Sequence[Segment],
    settings: SearchSettings,
    videos: Sequence[str] | None = None,
    exact: bool = False,
    scatter: Scatter = scan_here,
    progress: Progress | None = None,
) -> UncutAnswer:
    """The ``settings.top`` spans nearest to any query.

    Parameters
    ----------
    known : spans that are no results, such as the queries.
    videos : those to search; None for all that have the features.
    exact : compare every frame, however many there are.

    Raises InputError where a query has no frame with a feature, ArtefactError where no video could be read;
    CancelledError.
    """
    progress = progress or Progress()
    stamps = read_stamps(store.layout.features(store.name, "x").parent, store.present())
    searched = stamps if videos is None else {video: stamps[video] for video in videos if video in stamps}
    if not exact and exact_work(store.layout, store.name, searched) > settings.exact_up_to:
        # Where the index cannot be written or read, as in a library of another user, all frames are compared.
        with suppress(InputError, ArtefactError):
            return _by_index(store, queries, known, settings, videos, stamps, progress)
    searched = {video: stamp for video, stamp in searched.items() if video not in store.left_out}
    return _by_all(store, queries, known, settings, searched, scatter, progress)


def shards(stamps: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Videos with the stamps of their files, in order, in shards of about equal work."""
    found: list[tuple[str, ...]] = []
    part: list[str] = []
    size = 0
    for video, stamp in stamps.items():
        part.append(video)
        size += stamped_bytes({video: stamp})
        if size >= SHARD_BYTES or len(part) == SHARD_VIDEOS:
            found.append(tuple(part))
            part, size = [], 0
    return [*found, tuple(part)] if part else found


def _by_all(
    store: FeatureStore,
    queries: Sequence[FeatureSequence],
    known: Sequence[Segment],
    settings: SearchSettings,
    stamps: Mapping[str, str],
    scatter: Scatter,
    progress: Progress,
) -> UncutAnswer:
    search, k = UncutSearch(queries, settings), settings.top
    parts = shards(stamps)

    @lru_cache(maxsize=64)
    def streams(video: str) -> list[Stream]:
        return read_streams(store.layout, store.name, video)

    keep = SPARE * k
    while True:
        tasks = [
            ShardTask(store.layout.root, store.name, part, tuple(queries), settings, keep) for part in parts
        ]
        scans: list[Scan] = []
        unanswered: dict[str, str] = {}
        for number, answer in enumerate(scatter(tasks), 1):
            progress(number / len(tasks), Sentence("doing_part", {"number": number, "count": len(tasks)}))
            scans = [merged([*scans, answer.scan], keep)]
            unanswered |= answer.unanswered
        if unanswered and len(unanswered) == len(stamps):
            raise ArtefactError(Sentence("error_none_searched", {"why": next(iter(unanswered.values()))}))
        hits = search.hits(merged(scans, keep), k, known, lambda video, number: streams(video)[number])
        if hits is not None:
            return UncutAnswer(hits, True, dict(sorted(unanswered.items())))
        keep *= MORE


def _by_index(
    store: FeatureStore,
    queries: Sequence[FeatureSequence],
    known: Sequence[Segment],
    settings: SearchSettings,
    videos: Sequence[str] | None,
    stamps: Mapping[str, str],
    progress: Progress,
) -> UncutAnswer:
    layout, k = store.layout, settings.top
    index = index_videos(layout, store.name, progress, stamps)
    store.contents |= index.contents()
    unanswered = dict(index.unread)
    only = None if videos is None else set(videos)
    count = LIKELY * (k + len(known))
    for _ in range(WIDER):
        left_out = {*store.left_out, *unanswered}
        found = likely_windows(index, list(queries), settings, count, left_out, only)
        progress(0.9, Sentence("doing_places", {"count": len(found)}))
        while True:
            hits = search_uncut(queries, found, settings, k, known)
            # What they were found by was not compared with its checksum: this is done for those that answer.
            damaged = _damaged(layout, store.name, {hit.segment.video for hit in hits})
            if not damaged:
                break
            unanswered |= damaged
            found = [stream for stream in found if stream.video not in damaged]
        if len(hits) == k:
            break
        count *= MORE
    asked = {v: why for v, why in unanswered.items() if only is None or v in only}
    return UncutAnswer(hits, False, dict(sorted(asked.items())))


def _damaged(layout: Layout, name: str, videos: set[str]) -> dict[str, str]:
    found = {}
    for video in sorted(videos):
        try:
            check(layout.features(name, video))
        except ArtefactError as error:
            found[video] = str(error)
    return found
