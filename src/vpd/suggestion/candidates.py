"""Spans of uncut video that may be actions, found without labels: bursts of motion between two rests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.signal import find_peaks

from vpd.sequences.spans import cut
from vpd.types import REGULAR, Array, FeatureSequence, Segment

SMOOTH_S = 0.2
"""The energy is averaged over this time in seconds."""
SHORTEST_S, LONGEST_S = 0.3, 6.0
APART_S = 0.4
"""Least time in seconds between two bursts of motion."""
REST = 0.5
"""A burst ends at the first minimum after its energy fell to this share of its peak,"""
STILL = 0.1
"""or as soon as it fell to this share."""
WHOLE_S = 6.0
"""A video no longer than this, in seconds, is one candidate."""
GAP_S = 0.5
"""Frames farther apart than this, in seconds, belong to different shots."""


def energy(sequence: FeatureSequence) -> Array:
    """(T,) speed of change of the features at each frame, in feature units a second, smoothed."""
    if len(sequence) < 2:
        return np.zeros(len(sequence))
    step_s = np.diff(sequence.times_s)
    change = np.linalg.norm(np.diff(sequence.values[:, REGULAR], axis=0), axis=1)
    usable = sequence.valid[1:] & sequence.valid[:-1] & (step_s < GAP_S)
    speed = np.zeros(len(sequence))
    speed[1:] = np.where(usable, change / np.maximum(step_s, 1e-6), 0)
    width = max(1, round(SMOOTH_S / float(np.median(step_s))))
    smooth: Array = np.convolve(speed, np.ones(width) / width, mode="same")
    return smooth


def _pieces(sequence: FeatureSequence) -> list[FeatureSequence]:
    """Split the sequence at its gaps: each piece is a shot, or a time in which the athlete is visible."""
    jumps = np.flatnonzero(np.diff(sequence.times_s) > GAP_S) + 1
    edges = [0, *jumps.tolist(), len(sequence)]
    times = sequence.times_s
    return [cut(sequence, float(times[a]), float(times[b - 1]) + 1e-6) for a, b in pairwise(edges) if b > a]


def find_candidates(sequence: FeatureSequence) -> list[Segment]:
    """Spans of one athlete's time that may be actions, in order; they may overlap.

    A span reaches from the rest before a burst of motion to the rest after it, and is
    `SHORTEST_S` to `LONGEST_S` long. A sequence no longer than `WHOLE_S` is one candidate.
    """
    if not len(sequence) or not sequence.valid.any():
        return []
    pieces = _pieces(sequence)
    step = float(np.median(np.diff(sequence.times_s))) if len(sequence) > 1 else 0.04
    length_s = float(sequence.times_s[-1] - sequence.times_s[0]) + step
    if len(pieces) == 1 and length_s <= WHOLE_S:
        start_s = float(sequence.times_s[0])
        return [Segment(sequence.video, start_s, start_s + length_s, sequence.athlete)]
    found = [span for piece in pieces for span in _bursts(piece, step)]
    return [Segment(sequence.video, a, b, sequence.athlete) for a, b in dict.fromkeys(found)]


def _bursts(piece: FeatureSequence, step_s: float) -> list[tuple[float, float]]:
    power, times = energy(piece), piece.times_s
    if len(power) < 3 or power.max() <= 0:
        return []
    peaks, _ = find_peaks(power, distance=max(1, round(APART_S / step_s)), prominence=power.std() / 4)
    spans = []
    for peak in peaks:
        low = high = int(peak)
        rest, still = REST * power[peak], STILL * power[peak]
        while low > 0 and power[low] > still and (power[low] > rest or power[low - 1] < power[low]):
            low -= 1
        last = len(power) - 1
        while high < last and power[high] > still and (power[high] > rest or power[high + 1] < power[high]):
            high += 1
        start_s = max(float(times[low]), float(times[peak]) - LONGEST_S / 2)
        end_s = min(float(times[high]) + step_s, float(times[peak]) + LONGEST_S / 2)
        if end_s - start_s >= SHORTEST_S:
            spans.append((start_s, end_s))
    return spans


def overlapping(moments: Sequence[Segment], share: float = 0.5) -> dict[int, frozenset[int]]:
    """By index, the moments of the same athlete that share ``share`` of the shorter one's time with it.

    Moments without one are left out.
    """
    found: dict[int, set[int]] = {}
    places: dict[tuple[str, int | None], list[int]] = {}
    for i, moment in enumerate(moments):
        places.setdefault((moment.video, moment.athlete), []).append(i)
    for own in places.values():
        own.sort(key=lambda i: moments[i].start_s)
        for place, i in enumerate(own):
            a = moments[i]
            for j in own[place + 1 :]:
                b = moments[j]
                if b.start_s >= a.end_s:
                    break
                if min(a.end_s, b.end_s) - b.start_s >= share * min(a.duration_s, b.duration_s):
                    found.setdefault(i, set()).add(j)
                    found.setdefault(j, set()).add(i)
    return {i: frozenset(others) for i, others in found.items()}


def without(
    candidates: Sequence[Segment], labels: Sequence[Segment], seen: Sequence[Segment] = (), share: float = 0.5
) -> list[Segment]:
    """The candidates of which less than ``share`` was labelled or seen, and in which no label lies by that
    share of its own length. Labels and seen spans count for their athlete, or for all where they name none.
    """
    by_video: dict[str, list[tuple[Segment, bool]]] = {}
    for spans, is_label in ((labels, True), (seen, False)):
        for span in spans:
            by_video.setdefault(span.video, []).append((span, is_label))
    kept = []
    for c in candidates:
        own = [(k, label) for k, label in by_video.get(c.video, ()) if k.athlete in (None, c.athlete)]
        common = [(max(0.0, min(c.end_s, k.end_s) - max(c.start_s, k.start_s)), k, label) for k, label in own]
        holds_label = any(label and s >= share * k.duration_s for s, k, label in common)
        if not holds_label and sum(s for s, _, _ in common) < share * c.duration_s:
            kept.append(c)
    return kept
