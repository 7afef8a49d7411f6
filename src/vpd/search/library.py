"""Search a library: the query's features, what it is compared with, and what is left out of the results."""

from __future__ import annotations

from collections.abc import Sequence

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.search.hits import Hit
from vpd.search.segments import search_segments
from vpd.search.streams import library_streams
from vpd.search.uncut import overlap, search_uncut
from vpd.sequences import FeatureStore
from vpd.settings.search import SearchSettings
from vpd.settings.toml import load_settings
from vpd.types import FeatureSequence, Segment

TEACHERS = ("vipe-window", "vipe", "joints2d")
"""Names of the teachers' features, the better first."""


MANY = 4
"""From so many examples of a class on the student tells whole actions apart better than `vipe-window`."""


def default_features(layout: Layout, examples: int = 1) -> str:
    """The features that cover the most videos.

    Ties: with ``examples`` of a class and of whole actions at least `MANY`, the student's that vpd.toml
    names, if it starts from the pose network, then those of `TEACHERS`; with fewer, `vipe-window` first.

    With fewer, and in uncut video, where features must also say by themselves how far an action has come,
    `vipe-window` is first: the poses of half a second and no others (docs/search.md, docs/recognition.md). A
    student that learned all from nothing needs far more than a laptop's budget (docs/experiments/student.md).
    Videos added later have the student's alone, as a student needs no pose. Raises InputError for none.
    """
    names = layout.feature_names()
    if not names:
        raise InputError(f"{layout.root} has no features yet. Make them with `vpd run`.")
    settings = load_settings(layout.settings).distill
    own, others = settings.name, [n for n in reversed(names) if n not in (settings.name, *TEACHERS)]
    ahead = int(examples < MANY) if settings.backbone == "movenet" else len(TEACHERS) - 1
    order = [*TEACHERS[:ahead], own, *TEACHERS[ahead:-1], *others]
    present = [name for name in order if name in names]
    return max(present, key=lambda name: len(FeatureStore(layout, name).videos()), default=TEACHERS[-1])


def _with_features(
    store: FeatureStore, segments: Sequence[Segment]
) -> tuple[list[Segment], list[FeatureSequence]]:
    kept, features = [], []
    for segment in segments:
        try:
            features.append(store.segment(segment))
        except InputError:
            # Labelled time without an athlete in view can never be found.
            continue
        kept.append(segment)
    return kept, features


def search_library(
    layout: Layout,
    queries: Sequence[Segment],
    settings: SearchSettings,
    segments: Sequence[Segment] | None = None,
    features: str | None = None,
    videos: Sequence[str] | None = None,
) -> list[Hit]:
    """The settings.top results nearest to any query, nearest first, without the queries themselves.

    Parameters
    ----------
    segments : what to compare with; None searches the uncut videos.
    features : name of the features; by default `default_features`.
    videos : those to search; by default all that have the features.

    Raises InputError where a query shows no athlete.
    """
    store = FeatureStore(layout, features or default_features(layout))
    wanted = [store.segment(query) for query in queries]
    known = [
        Segment(q.video, q.start_s, q.end_s, f.athlete, q.label) for q, f in zip(queries, wanted, strict=True)
    ]
    names = store.videos() if videos is None else list(videos)
    if segments is None:
        streams = library_streams(layout, store.name, names, settings.gap_s)
        return search_uncut(wanted, streams, settings, known=known)
    chosen = set(names)
    others = [
        s for s in segments if s.video in chosen and all(overlap(s, q) <= settings.overlap for q in known)
    ]
    kept, sequences = _with_features(store, others)
    if not kept:
        raise InputError("there is no other segment with features to compare with. Try --uncut.")
    return search_segments(wanted, sequences, kept, settings)
