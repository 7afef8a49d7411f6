"""Search a library for actions like a query: among segments, or in uncut video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.recognition.examples import each_found
from vpd.search.hits import Hit
from vpd.search.segments import search_segments
from vpd.search.uncut import overlap
from vpd.sequences import FeatureStore
from vpd.settings.search import SearchSettings
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.types import FeatureSequence, Segment
from vpd.verbs.features import FeatureChoice, choose_features
from vpd.verbs.labelled import (
    Span,
    labelled_segments,
    left_out_notes,
    named_singly,
    partly_seen_notes,
    seen_segment,
    segments_of,
    set_aside_notes,
    unsaid,
    unseen_notes,
    without_features_note,
)
from vpd.verbs.progress import Progress
from vpd.verbs.rows import SEGMENT_COLUMNS, Row, finite, segment_row, to_csv
from vpd.verbs.uncut import UncutAnswer, in_processes, scan_here, search_videos

COLUMNS = ("rank", *SEGMENT_COLUMNS, "distance", "tempo", "mirrored", "query")
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
    segments : the segments to compare with, or texts as of ``queries``, instead of those of labels.csv.
    videos : those to search; None for all that have the features.
    features : by name; None for the default (`vpd.verbs.features`).
    top : number of results; None for that of [search].
    exact : compare every frame of uncut video, however many there are; else of more than `exact_up_to` in
        [search] those that the index points to.
    jobs : worker processes for uncut video; 1 for this process, which uses all cores too.
    """

    queries: Sequence[Span]
    uncut: bool | None = None
    segments: Sequence[Span] | None = None
    videos: Sequence[str] | None = None
    features: str | None = None
    top: int | None = None
    exact: bool = False
    jobs: int = 1


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
    exact : whether everything was compared, and not only what the index pointed to.
    unanswered : videos that were to be searched and could not be, with the reason.
    """

    queries: list[Segment]
    hits: list[Hit]
    uncut: bool
    features: FeatureChoice
    notes: tuple[Sentence, ...] = ()
    exact: bool = True
    unanswered: dict[str, str] = field(default_factory=dict)

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
            "exact": self.exact,
            "unanswered": self.unanswered,
            "notes": [note.to_json() for note in self.notes],
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
        raise InputError(Sentence("error_no_query"))
    if request.videos is not None and not request.videos:
        raise InputError("there is no video to search: name some, or none to search all.")
    segments, notes = _among(library, request, videos)
    features = choose_features(library, request.features)
    settings = load_settings(library.settings).search
    if request.top is not None:
        settings = settings.changed(top=request.top)
    store = FeatureStore(library, features.name, videos)
    wanted = None if request.videos is None else [_with_any(store, videos, v) for v in request.videos]
    progress(0.0, Sentence("doing_query"))
    sequences = [store.segment(query) for query in queries]
    notes = (*notes, *partly_seen_notes(queries, sequences))
    found, unseen = _search_features(store, queries, sequences, settings, segments, wanted, progress, request)
    if segments is None and not found.hits:
        notes = (*notes, Sentence("note_nothing_alike"))
    without_path = sum(not len(hit.query_s) for hit in found.hits)
    if without_path:
        notes = (*notes, _no_path(without_path, settings))
    others = None if segments is None else unsaid(segments, videos)
    notes = (*notes, *left_out_notes(store, others, wanted), *_notes(found))
    notes = (*notes, *unseen_notes(store, segments or (), unseen, videos, "compared"))
    if segments is None and wanted is None:
        notes = (*notes, *without_features_note(store, videos))
    progress(1.0, Sentence("done_found", {"count": len(found.hits)}))
    uncut = segments is None
    return SearchResult(queries, found.hits, uncut, features, notes, found.exact, found.unanswered)


def _notes(found: UncutAnswer) -> list[Sentence]:
    said = [
        Sentence("note_no_answer", {"video": video, "why": why}) for video, why in found.unanswered.items()
    ]
    said = named_singly(said, "note_more_no_answer")
    return said if found.exact else [*said, Sentence("note_by_index")]


def _with_any(store: FeatureStore, videos: Videos, name: str) -> str:
    """The id of a video to search. Raises InputError where it is set aside or has no features."""
    video = videos.readable(name).video
    if video not in store.present():
        raise InputError(store.why_not(video))
    return video


def _among(
    library: Layout, request: SearchRequest, videos: Videos
) -> tuple[list[Segment] | None, tuple[Sentence, ...]]:
    """The segments to compare with, or None for uncut video, with notes."""
    if request.segments is not None:
        if request.uncut:
            raise InputError("segments to compare with are given, so that whole videos are not searched.")
        segments = segments_of(request.segments, videos)
        return segments, set_aside_notes(segments, videos)
    uncut = not library.labels.exists() if request.uncut is None else request.uncut
    return (None, ()) if uncut else labelled_segments(library, videos)


def _no_path(count: int, settings: SearchSettings) -> Sentence:
    return Sentence("note_no_path", {"count": count, "pattern": settings.pattern})


def _search_features(
    store: FeatureStore,
    queries: Sequence[Segment],
    sequences: Sequence[FeatureSequence],
    settings: SearchSettings,
    segments: Sequence[Segment] | None,
    videos: Sequence[str] | None,
    progress: Progress,
    request: SearchRequest,
) -> tuple[UncutAnswer, dict[int, str]]:
    """The ``settings.top`` results nearest to any query, nearest first, without the queries themselves; and
    why some of the ``segments`` are not compared, by index.

    ``sequences`` are the queries' features, ``segments`` what to compare with; None searches the uncut
    ``videos``, None of which are all that have the features.
    """
    if segments is None:
        scatter = scan_here if request.jobs <= 1 else in_processes(request.jobs)
        # A query of which only a part is seen comes back as that part.
        known = [seen_segment(query, found) for query, found in zip(queries, sequences, strict=True)]
        answer = search_videos(store, sequences, known, settings, videos, request.exact, scatter, progress)
        return answer, {}
    known = [replace(q, athlete=found.athlete) for q, found in zip(queries, sequences, strict=True)]
    chosen = {s.video for s in segments} if videos is None else set(videos)
    others = [
        i
        for i, s in enumerate(segments)
        if s.video in chosen and all(overlap(s, q) <= settings.overlap for q in known)
    ]
    asked = [segments[i] for i in others]
    there: dict[int, FeatureSequence] = {}
    unseen: dict[int, str] = {}
    for number, (i, sequence) in enumerate(each_found(store, asked), 1):
        doing = Sentence("doing_segment", {"number": number, "count": len(asked)})
        progress((number - 1) / len(asked), doing)
        if isinstance(sequence, str):
            unseen[others[i]] = sequence
        else:
            there[i] = sequence
    if not there:
        raise InputError(Sentence("error_nothing_to_compare"))
    kept = sorted(there)
    hits = search_segments(sequences, [there[i] for i in kept], [asked[i] for i in kept], settings)
    return UncutAnswer(hits), unseen
