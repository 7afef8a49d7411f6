"""Search a library for actions like a query: among segments, or in uncut video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from vpd.errors import InputError
from vpd.library.artefact import read_table
from vpd.library.features import read_feature_matrix
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.search.hits import Hit
from vpd.search.segments import search_segments
from vpd.search.streams import Stream
from vpd.search.uncut import overlap, search_uncut
from vpd.sequences import FeatureStore
from vpd.settings.search import SearchSettings
from vpd.settings.toml import load_settings
from vpd.types import FeatureSequence, Segment
from vpd.verbs.features import FeatureChoice, choose_features
from vpd.verbs.labelled import Span, labelled_segments, left_out_notes, segments_of, unsaid
from vpd.verbs.progress import Progress
from vpd.verbs.rows import SEGMENT_COLUMNS, Row, finite, segment_row, to_csv

COLUMNS = ("rank", *SEGMENT_COLUMNS, "distance", "tempo", "mirrored", "query")
MAX_GAP_S = 0.25
"""Longest gap without frames, in seconds, within a result in uncut video."""
PATH_DECIMALS = 4
"""Decimals of corresponding times in seconds."""


@dataclass(frozen=True)
class SearchRequest:
    """The queries, and the videos or segments to search.

    Attributes
    ----------
    queries : segments, or texts VIDEO@START-END; searched together.
    uncut : whether to search whole videos; None: only where labels.csv is absent. False: the segments of
        labels.csv. Must not be True where ``segments`` are given.
    segments : the segments to compare with, instead of those of labels.csv.
    videos : those to search; None for all that have the features.
    features : by name; None for the default (`vpd.verbs.features`).
    top : number of results; None for that of [search].
    """

    queries: Sequence[Span]
    uncut: bool | None = None
    segments: Sequence[Segment] | None = None
    videos: Sequence[str] | None = None
    features: str | None = None
    top: int | None = None


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The results of a search.

    Attributes
    ----------
    queries : the segments searched for.
    hits : the nearest first.
    uncut : whether whole videos were searched.
    features : that were compared, and why these.
    notes : sentences on labels that could not be used, and on hits that rank last.
    """

    queries: list[Segment]
    hits: list[Hit]
    uncut: bool
    features: FeatureChoice
    notes: tuple[str, ...] = ()

    def rows(self) -> list[Row]:
        """One row a hit, by ``COLUMNS``."""
        return [hit_row(rank, hit) for rank, hit in enumerate(self.hits, start=1)]

    def to_csv(self) -> str:
        """The rows as CSV."""
        return to_csv(COLUMNS, self.rows())

    def to_json(self) -> dict[str, Any]:
        """Plain values. Results also have the times of corresponding frames, ``query_s`` and ``result_s``."""
        return {
            "queries": [segment_row(query) for query in self.queries],
            "uncut": self.uncut,
            "features": self.features.name,
            "features_why": self.features.why,
            "results": [
                {
                    **row,
                    "query_s": hit.query_s.round(PATH_DECIMALS).tolist(),
                    "result_s": hit.result_s.round(PATH_DECIMALS).tolist(),
                }
                for row, hit in zip(self.rows(), self.hits, strict=True)
            ],
            "notes": list(self.notes),
        }


def hit_row(rank: int, hit: Hit) -> Row:
    """One result as a row, by ``COLUMNS``. None stands for infinite or unknown values."""
    values = (finite(hit.distance), finite(hit.tempo), hit.mirrored, hit.query)
    return {"rank": rank, **segment_row(hit.segment), **dict(zip(COLUMNS[6:], values, strict=True))}


def search(library: Layout, request: SearchRequest, progress: Progress | None = None) -> SearchResult:
    """Find actions like the queries. The queries themselves are left out.

    Raises InputError where a query shows no athlete, or there is nothing to compare with; CancelledError.

    Examples
    --------
    >>> found = search(layout, SearchRequest(["a1@0.4-1.2"]))
    >>> found.rows()[0]["video"], found.uncut
    ('a2', False)
    >>> found = search(layout, SearchRequest(["a1@0.4-1.2"], uncut=True, videos=["new1"], top=1))
    >>> [(row["start_s"], row["end_s"]) for row in found.rows()]
    [(0.2, 1.0)]
    """
    progress = progress or Progress()
    videos = Videos.read(library)
    queries = segments_of(request.queries, videos)
    if not queries:
        raise InputError("there is no query. Write VIDEO@START-END, for example match_1@62.5-64.")
    segments, notes = _among(library, request, videos)
    features = choose_features(library, request.features)
    settings = load_settings(library.settings).search
    if request.top is not None:
        settings = settings.changed(top=request.top)
    store = FeatureStore(library, features.name)
    wanted = None if request.videos is None else [videos.id_of(video) for video in request.videos]
    progress(0.0, "reading the query")
    hits = search_features(store, queries, settings, segments, wanted, progress)
    without_path = sum(not len(hit.query_s) for hit in hits)
    if without_path:
        notes = (*notes, _no_path(without_path, settings))
    others = None if segments is None else unsaid(segments, videos)
    notes = (*notes, *left_out_notes(store, others, wanted))
    progress(1.0, f"{len(hits)} found")
    return SearchResult(queries, hits, segments is None, features, notes)


def _among(
    library: Layout, request: SearchRequest, videos: Videos
) -> tuple[list[Segment] | None, tuple[str, ...]]:
    """The segments to compare with, or None for uncut video, with notes."""
    if request.segments is not None:
        if request.uncut:
            raise InputError("segments to compare with are given, so that whole videos are not searched.")
        return list(request.segments), ()
    uncut = not library.labels.exists() if request.uncut is None else request.uncut
    return (None, ()) if uncut else labelled_segments(library, videos)


def _no_path(count: int, settings: SearchSettings) -> str:
    return (
        f"{count} last: {settings.pattern} has no path between such different lengths. --uncut finds parts "
        'of videos; pattern = "symmetricP2_or_2" in [search] compares any lengths.'
    )


def search_features(
    store: FeatureStore,
    queries: Sequence[Segment],
    settings: SearchSettings,
    segments: Sequence[Segment] | None = None,
    videos: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[Hit]:
    """The ``settings.top`` results nearest to any query, nearest first, without the queries themselves.

    Parameters
    ----------
    segments : what to compare with; None searches the uncut videos.
    videos : those to search; None for all that have the features.

    Raises InputError where a query shows no athlete.
    """
    progress = progress or Progress()
    wanted = [store.segment(query) for query in queries]
    known = [
        Segment(q.video, q.start_s, q.end_s, f.athlete, q.label) for q, f in zip(queries, wanted, strict=True)
    ]
    names = store.videos() if videos is None else [v for v in videos if v not in store.left_out]
    if segments is None:
        streams = library_streams(store.layout, store.name, names, MAX_GAP_S, progress)
        return search_uncut(wanted, streams, settings, known=known)
    chosen = set(names)
    others = [
        s for s in segments if s.video in chosen and all(overlap(s, q) <= settings.overlap for q in known)
    ]
    kept, sequences = _with_features(store, others, progress)
    if not kept:
        raise InputError("there is no other segment with features to compare with. Try --uncut.")
    return search_segments(wanted, sequences, kept, settings)


def _with_features(
    store: FeatureStore, segments: Sequence[Segment], progress: Progress
) -> tuple[list[Segment], list[FeatureSequence]]:
    found: dict[int, FeatureSequence] = {}
    # By video, so that each is opened once, in whatever order the labels stand.
    by_video = sorted(range(len(segments)), key=lambda i: segments[i].video)
    for number, i in enumerate(by_video, 1):
        progress((number - 1) / len(segments), f"segment {number} of {len(segments)}")
        try:
            found[i] = store.segment(segments[i])
        except InputError:
            # Labelled time without an athlete in view can never be found.
            continue
    there = sorted(found)
    return [segments[i] for i in there], [found[i] for i in there]


def read_streams(layout: Layout, name: str, video: str, gap_s: float) -> list[Stream]:
    """The streams of one video, separated where the athlete changes or no frame follows within ``gap_s``."""
    path = layout.features(name, video)
    table = read_table(path, ["time_s", "athlete", "regular"])
    times_s, athletes = table["time_s"].to_numpy(), table["athlete"].to_numpy()
    if not len(times_s):
        return []
    valid = table["regular"].is_valid().to_numpy()
    regular, _ = read_feature_matrix(path)
    part = (np.diff(athletes) != 0) | (np.diff(times_s) > gap_s)
    edges = [0, *(np.flatnonzero(part) + 1), len(times_s)]
    return [
        Stream(video, int(athletes[a]), times_s[a:b], regular[a:b], valid[a:b]) for a, b in pairwise(edges)
    ]


def library_streams(
    layout: Layout, name: str, videos: Sequence[str], gap_s: float, progress: Progress | None = None
) -> Iterator[Stream]:
    """The streams of many videos. One video is open at a time."""
    progress = progress or Progress()
    for number, video in enumerate(videos):
        progress(number / len(videos), f"video {number + 1} of {len(videos)}")
        yield from read_streams(layout, name, video, gap_s)
