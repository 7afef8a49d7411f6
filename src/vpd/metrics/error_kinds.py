"""Classify the error of each detection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from vpd.metrics.matching import Nearness, match, nearness, ranked
from vpd.types import Array, Detection, Segment

KINDS = ("found", "duplicate", "localisation", "confused", "background")
"""Kinds of detections. A segment that no detection finds is "missed"."""
BACKGROUND_TIOU = 0.1
"""A detection is "background" where its tIoU with every segment is below this (as in DETAD)."""


def _of_same_label(near: Nearness, truth: Sequence[Segment], order: Sequence[Detection]) -> list[Array]:
    labels = np.array([t.label or "" for t in truth], dtype=object)
    return [labels[segments] == (d.label or "") for segments, d in zip(near.segments, order, strict=True)]


def detection_kinds(
    truth: Sequence[Segment], detections: Sequence[Detection], tiou: float = 0.5
) -> list[tuple[Detection, str]]:
    """The kind of each detection, in order of falling score.

    "found": the first to reach ``tiou`` with a segment of its label. "duplicate": reaches it with a segment
    that a surer one found. "localisation": overlaps a segment of its label, but less than ``tiou``.
    "confused": overlaps segments of other labels only. "background": overlaps none by ``BACKGROUND_TIOU``.
    """
    order = ranked(detections)
    near = nearness(truth, order)
    same = _of_same_label(near, truth, order)
    own = Nearness(
        [segments[keep] for segments, keep in zip(near.segments, same, strict=True)],
        [values[keep] for values, keep in zip(near.nearness, same, strict=True)],
    )
    found = match(own, len(truth), tiou)
    kinds = []
    for i, detection in enumerate(order):
        best_own = own.nearness[i].max(initial=0)
        if found[i] >= 0:
            kind = "found"
        elif best_own >= tiou:
            kind = "duplicate"
        elif best_own >= BACKGROUND_TIOU:
            kind = "localisation"
        elif near.nearness[i].max(initial=0) >= BACKGROUND_TIOU:
            kind = "confused"
        else:
            kind = "background"
        kinds.append((detection, kind))
    return kinds


def count_errors(
    truth: Sequence[Segment], detections: Sequence[Detection], tiou: float = 0.5, keep: int | None = None
) -> dict[str, int]:
    """Count the detections of each kind, and the missed segments.

    Only the ``keep`` detections of highest score are counted, by default as many as there are segments: a
    ranked list can be of any length.
    """
    kept = ranked(detections)[: len(truth) if keep is None else keep]
    counts = Counter(kind for _, kind in detection_kinds(truth, kept, tiou))
    return {kind: counts[kind] for kind in KINDS} | {"missed": len(truth) - counts["found"]}
