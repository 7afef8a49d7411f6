"""Search among given segments: the k nearest of a library's examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vpd.dtw import Packed, dtw_path, pack, top_k
from vpd.dtw.nearest import bounds_pay
from vpd.dtw.packed import with_sketch
from vpd.errors import InputError
from vpd.search.hits import Hit, frame_step_s
from vpd.sequences.sides import ClassSides, Sides, sides_by_class
from vpd.sequences.spans import drop_invalid, resample
from vpd.settings.search import SearchSettings
from vpd.strings import Sentence
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence, Segment

SAME_RATE = 0.02
"""Frame rates count as equal where they differ by less than this share."""


SKETCH_AT = 3
"""A collection is sketched at this query; a sketch pays off after about ten."""


@dataclass(eq=False)
class _Laid:
    """The segments that have features, packed at one frame rate.

    Attributes
    ----------
    views : what is packed: the segment's place in the list given, its features, the orientation.
    """

    views: list[tuple[int, FeatureSequence, int]]
    packed: Packed
    asked: int = 0


def at_rate_of(sequence: FeatureSequence, other: FeatureSequence) -> FeatureSequence:
    """``sequence`` without invalid frames, resampled where its frame rate differs from that of ``other``."""
    step, wanted = frame_step_s(sequence), frame_step_s(other)
    if abs(step / wanted - 1) > SAME_RATE:
        sequence = resample(sequence, 1 / wanted)
    return drop_invalid(sequence)


def _align(query: FeatureSequence, found: FeatureSequence, mirrored: bool, settings: SearchSettings) -> Array:
    """(2, L) corresponding times of query and result in seconds."""
    x, y = query.values[:, REGULAR], found.values[:, MIRRORED if mirrored else REGULAR]
    path = dtw_path(x, y, settings.pattern)
    return np.stack([query.times_s[path.query], found.times_s[path.reference]])


class SegmentCollection:
    """Segments for many searches. They are packed once for each frame rate of the queries.

    From the third query on, the collection also gets a sketch (`vpd.dtw.top_k`), which pays off over some
    ten.

    Parameters
    ----------
    features : those of ``segments[i]`` at i; frames that are not valid are left out, and segments without any
        never found.
    """

    def __init__(
        self, features: Sequence[FeatureSequence], segments: Sequence[Segment], settings: SearchSettings
    ) -> None:
        self.features, self.segments, self.settings = features, segments, settings
        self._laid: dict[int, _Laid] = {}

    @cached_property
    def sides(self) -> dict[str, ClassSides]:
        """The sides of every label among the segments. ``auto`` is decided from the labelled ones."""
        pairs = zip(self.features, self.segments, strict=True)
        labelled = [(f, s.label) for f, s in pairs if s.label and f.valid.any()]
        labels = [label for _, label in labelled]
        setting: Sides = self.settings.sides
        if isinstance(setting, Mapping):
            # A library may have labels that these segments lack.
            setting = {name: word for name, word in setting.items() if name in labels}
        return (
            sides_by_class(setting, sorted(set(labels)), [f for f, _ in labelled], labels) if labels else {}
        )

    def _orientations(self, segment: Segment) -> tuple[int, ...]:
        word = self.settings.sides if segment.label is None else self.sides.get(segment.label, "same")
        return (REGULAR,) if word == "differ" else (REGULAR, MIRRORED)

    def _at_rate_of(self, query: FeatureSequence) -> _Laid:
        rate = round(1000 / frame_step_s(query))
        if rate not in self._laid:
            kept = [(i, f) for i, f in enumerate(at_rate_of(f, query) for f in self.features) if len(f)]
            if not kept:
                raise InputError("no segment has a frame with a feature")
            views = [(i, f, o) for i, f in kept for o in self._orientations(self.segments[i])]
            packed = pack([f.values[:, o] for _, f, o in views])
            self._laid[rate] = _Laid(views, packed)
        laid = self._laid[rate]
        laid.asked += 1
        if laid.asked == SKETCH_AT and bounds_pay(laid.packed.d, self.settings.pattern):
            laid.packed = with_sketch(laid.packed)
        return laid

    def search(self, queries: Sequence[FeatureSequence], k: int | None = None) -> list[Hit]:
        """The ``k`` (default: settings.top) segments nearest to any of the queries, exactly, nearest first.

        Segments of another frame rate than the query's are resampled to it. A segment whose length the step
        pattern cannot warp to the query's ranks last, at infinite distance. Raises InputError where a query
        or all segments have no valid frame.
        """
        k = self.settings.top if k is None else k
        hits: dict[int, Hit] = {}
        for number, query in enumerate(queries):
            query = drop_invalid(query)
            if not len(query):
                raise InputError(Sentence("error_query_unseen", {"video": query.video}))
            laid = self._at_rate_of(query)
            # Twice as many, since both orientations of one segment may be among the nearest.
            asked = 2 * k
            nearest = top_k(query.values[:, REGULAR], laid.packed, asked, self.settings.pattern)
            for index, distance in zip(nearest.indices, nearest.distances, strict=True):
                i, found, orientation = laid.views[int(index)]
                if i in hits and hits[i].distance <= distance:
                    continue
                mirrored = orientation == MIRRORED
                times = np.empty((2, 0))
                if np.isfinite(distance):
                    times = _align(query, found, mirrored, self.settings)
                hits[i] = Hit(self.segments[i], float(distance), mirrored, number, times[0], times[1])
        return sorted(hits.values(), key=lambda hit: hit.distance)[:k]


def search_segments(
    queries: Sequence[FeatureSequence],
    features: Sequence[FeatureSequence],
    segments: Sequence[Segment],
    settings: SearchSettings,
    k: int | None = None,
) -> list[Hit]:
    """The segments nearest to any of the queries.

    Parameters
    ----------
    queries : sequence of FeatureSequence
        What to search for.
    features : sequence of FeatureSequence
        Of the segments, in their order.
    segments : sequence of Segment
        What is searched.
    settings : SearchSettings
        Step pattern, distance, sides.
    k : int, optional
        How many; by default ``settings.top``.

    Returns
    -------
    list of Hit
        The nearest first, with times that correspond.

    Examples
    --------
    >>> from vpd.settings import SearchSettings
    >>> segments = library.labels()
    >>> features = library.sequences(segments)
    >>> hits = search_segments(features[:1], features[1:], segments[1:], SearchSettings(), k=2)
    >>> [hit.segment.label for hit in hits]
    ['cartwheel', 'cartwheel']
    """
    return SegmentCollection(features, segments, settings).search(queries, k)
