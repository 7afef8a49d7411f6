"""What each tick should be called: background, one of the classes, or not known because nobody looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vpd.detection.timeline import Timeline
from vpd.errors import InputError
from vpd.types import Array, Segment

REVIEWED = "reviewed"
"""The label of a span that was looked at: what is not labelled in it is background."""
ACTION = "action"
"""The class of events where classes are not told apart."""
BACKGROUND, UNKNOWN = 0, -1


def split_reviewed(labels: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Labels apart into events and reviewed spans."""
    events = [s for s in labels if s.label != REVIEWED]
    return events, [s for s in labels if s.label == REVIEWED]


def class_names(events: Sequence[Segment], class_agnostic: bool) -> list[str]:
    """The classes, sorted. Raises InputError where there is no event."""
    if not events:
        raise InputError("there is no labelled event to learn from. Label at least one action.")
    return [ACTION] if class_agnostic else sorted({e.label or ACTION for e in events})


def _ticks(timeline: Timeline, span: Segment) -> Array:
    inside: Array = (timeline.times_s >= span.start_s) & (timeline.times_s < span.end_s)
    return inside


def assign_athletes(timelines: Sequence[Timeline], events: Sequence[Segment]) -> list[Segment]:
    """Events that name no athlete get the one with most valid ticks in their span.

    An event in which no athlete is seen stays as it is.
    """
    assigned = []
    for event in events:
        if event.athlete is None:
            of_video = [t for t in timelines if t.video == event.video]
            seen = [int((t.valid & _ticks(t, event)).sum()) for t in of_video]
            if any(seen):
                event = replace(event, athlete=of_video[int(np.argmax(seen))].athlete)
        assigned.append(event)
    return assigned


def targets(
    timeline: Timeline,
    events: Sequence[Segment],
    reviewed: Sequence[Segment],
    classes: Sequence[str],
) -> Array:
    """(T,) int64: 0 background, 1 + index into ``classes`` in an event, -1 where nobody looked.

    A video with reviewed spans was looked at in these and in its events; one with events alone, everywhere.
    Where an event names no athlete, or another one, this athlete's ticks in it are unknown: others may do the
    same unlabelled.
    """
    spans = [r for r in reviewed if r.video == timeline.video and r.athlete in (None, timeline.athlete)]
    own = [e for e in events if e.video == timeline.video]
    looked_at = bool(own) and not any(r.video == timeline.video for r in reviewed)
    out = np.full(len(timeline), BACKGROUND if looked_at else UNKNOWN, np.int64)
    for span in spans:
        out[_ticks(timeline, span)] = BACKGROUND
    for event in own:
        if event.athlete != timeline.athlete:
            out[_ticks(timeline, event)] = UNKNOWN
    single = len(classes) == 1
    for event in own:
        if event.athlete == timeline.athlete:
            name = classes[0] if single else event.label or ACTION
            out[_ticks(timeline, event)] = 1 + list(classes).index(name)
    return out


def seconds_to_edges(timeline: Timeline, classes: Array, events: Sequence[Segment]) -> Array:
    """(T, 2) float32, how long before each tick its event began and how long after it ends; 0 outside.

    ``classes`` are the ``targets`` of the timeline.
    """
    out = np.zeros((len(timeline), 2), np.float32)
    for event in events:
        if event.video == timeline.video and event.athlete == timeline.athlete:
            inside = _ticks(timeline, event) & (classes > BACKGROUND)
            times = timeline.times_s[inside]
            out[inside] = np.stack([times - event.start_s, event.end_s - times], axis=1)
    return out
