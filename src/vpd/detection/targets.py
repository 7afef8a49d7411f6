"""The target class of each tick: background, one of the classes, or unknown where nobody has labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vpd.detection.timeline import Timeline
from vpd.errors import InputError
from vpd.library.labels import REVIEWED
from vpd.strings import Sentence
from vpd.types import Array, Segment

ACTION = "action"
"""The one class of all segments where classes are ignored."""
BACKGROUND, UNKNOWN = 0, -1


def split_reviewed(labels: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Separate labels into segments and reviewed spans."""
    segments = [s for s in labels if s.label != REVIEWED]
    return segments, [s for s in labels if s.label == REVIEWED]


def class_names(segments: Sequence[Segment], class_agnostic: bool) -> list[str]:
    """The classes, sorted. Raises InputError where there is no segment."""
    if not segments:
        raise InputError(Sentence("error_nothing_labelled"))
    return [ACTION] if class_agnostic else sorted({e.label or ACTION for e in segments})


def ticks_in(timeline: Timeline, span: Segment) -> Array:
    """(T,) bool, the ticks within a span; of one between two ticks, as a moment may be, the nearest."""
    times = timeline.times_s
    inside: Array = (times >= span.start_s) & (times < span.end_s)
    step_s = times[1] - times[0] if len(times) > 1 else 0.0
    if span.duration_s < step_s and not inside.any():
        away = np.abs(times - (span.start_s + span.end_s) / 2)
        inside = (away < step_s) & (np.arange(len(times)) == away.argmin())
    return inside


def assign_athletes(timelines: Sequence[Timeline], segments: Sequence[Segment]) -> list[Segment]:
    """Give segments without an athlete the one with most valid ticks in their span.

    A segment in which no athlete is visible stays unchanged.
    """
    assigned = []
    for segment in segments:
        if segment.athlete is None:
            of_video = [t for t in timelines if t.video == segment.video]
            seen = [int((t.valid & ticks_in(t, segment)).sum()) for t in of_video]
            if any(seen):
                segment = replace(segment, athlete=of_video[int(np.argmax(seen))].athlete)
        assigned.append(segment)
    return assigned


def targets(
    timeline: Timeline,
    segments: Sequence[Segment],
    reviewed: Sequence[Segment],
    classes: Sequence[str],
) -> Array:
    """(T,) int64: 0 background, 1 + index into ``classes`` in a segment, -1 where nobody reviewed.

    A video with reviewed spans is reviewed in these and in its segments. A video with segments alone is
    reviewed as a whole. Where a segment names no athlete, or another one, this athlete's ticks in it are
    unknown: several athletes may act together, and only one be labelled.
    """
    spans = [r for r in reviewed if r.video == timeline.video and r.athlete in (None, timeline.athlete)]
    own = [e for e in segments if e.video == timeline.video]
    looked_at = bool(own) and not any(r.video == timeline.video for r in reviewed)
    out = np.full(len(timeline), BACKGROUND if looked_at else UNKNOWN, np.int64)
    for span in spans:
        out[ticks_in(timeline, span)] = BACKGROUND
    for segment in own:
        if segment.athlete != timeline.athlete:
            out[ticks_in(timeline, segment)] = UNKNOWN
    single = len(classes) == 1
    for segment in own:
        if segment.athlete == timeline.athlete:
            name = classes[0] if single else segment.label or ACTION
            out[ticks_in(timeline, segment)] = 1 + list(classes).index(name)
    return out


def seconds_to_edges(timeline: Timeline, classes: Array, segments: Sequence[Segment]) -> Array:
    """(T, 2) float32, seconds since the tick's segment began and until it ends; 0 outside segments.

    ``classes`` are the ``targets`` of the timeline.
    """
    out = np.zeros((len(timeline), 2), np.float32)
    for segment in segments:
        if segment.video == timeline.video and segment.athlete == timeline.athlete:
            inside = ticks_in(timeline, segment) & (classes > BACKGROUND)
            times = timeline.times_s[inside]
            out[inside] = np.stack([times - segment.start_s, segment.end_s - times], axis=1).clip(0)
    return out
