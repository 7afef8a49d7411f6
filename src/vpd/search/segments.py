"""Search among given segments: the k nearest of a library's examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vpd.dtw import dtw_path, pack, top_k
from vpd.errors import InputError
from vpd.search.hits import Hit, frame_step_s
from vpd.sequences.spans import drop_invalid, resample
from vpd.settings.search import SearchSettings
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence, Segment

SAME_RATE = 0.02
"""Frame rates that differ by less than this share are taken for equal."""


def at_rate_of(sequence: FeatureSequence, other: FeatureSequence) -> FeatureSequence:
    """``sequence`` without invalid frames, resampled where its frame rate differs from that of ``other``."""
    step, wanted = frame_step_s(sequence), frame_step_s(other)
    if abs(step / wanted - 1) > SAME_RATE:
        sequence = resample(sequence, 1 / wanted)
    return drop_invalid(sequence)


def _align(query: FeatureSequence, found: FeatureSequence, mirrored: bool, settings: SearchSettings) -> Array:
    """(2, L) times of query and result that correspond."""
    x, y = query.values[:, REGULAR], found.values[:, MIRRORED if mirrored else REGULAR]
    path = dtw_path(x, y, settings.pattern, settings.distance)
    return np.stack([query.times_s[path.query], found.times_s[path.reference]])


def search_segments(
    queries: Sequence[FeatureSequence],
    features: Sequence[FeatureSequence],
    segments: Sequence[Segment],
    settings: SearchSettings,
    k: int | None = None,
) -> list[Hit]:
    """The ``k`` (default: settings.top) segments nearest to any of the queries, exactly, nearest first.

    ``features[i]`` are those of ``segments[i]``; frames that are not valid are left out, and segments without
    any never found. Segments of another frame rate than the query's are resampled to it. A segment whose
    length the step pattern cannot warp to the query's ranks last, at infinite distance. Raises InputError
    where a query or all segments have no valid frame.
    """
    k = settings.top if k is None else k
    hits: dict[int, Hit] = {}
    for number, query in enumerate(queries):
        query = drop_invalid(query)
        if not len(query):
            raise InputError(f"the query in {query.video} has no frame with a feature")
        kept = [(i, f) for i, f in enumerate(at_rate_of(f, query) for f in features) if len(f)]
        if not kept:
            raise InputError("no segment has a frame with a feature")
        orientations = (REGULAR, MIRRORED) if settings.mirror else (REGULAR,)
        packed = pack([f.values[:, o] for o in orientations for _, f in kept], settings.distance)
        # Twice as many, since both orientations of one segment may be among the nearest.
        nearest = top_k(query.values[:, REGULAR], packed, len(orientations) * k, settings.pattern)
        for index, distance in zip(nearest.indices, nearest.distances, strict=True):
            orientation, place = divmod(int(index), len(kept))
            i, found = kept[place]
            if i in hits and hits[i].distance <= distance:
                continue
            times = np.empty((2, 0))
            if np.isfinite(distance):
                times = _align(query, found, orientation == MIRRORED, settings)
            hits[i] = Hit(segments[i], float(distance), orientation == MIRRORED, number, times[0], times[1])
    return sorted(hits.values(), key=lambda hit: hit.distance)[:k]
