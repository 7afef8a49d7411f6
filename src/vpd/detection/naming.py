"""Name the classes of found intervals: a recogniser learns the labelled segments, and names all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from vpd.detection.frame_scores import Interval, Named, most_scored
from vpd.detection.timeline import Timeline
from vpd.recognition.recognisers import SMOOTH_S, quick_together
from vpd.sequences.sides import ClassSides
from vpd.sequences.spans import drop_invalid, take_rows
from vpd.sequences.transforms import Smooth
from vpd.types import Array, FeatureSequence


def as_sequence(timeline: Timeline) -> FeatureSequence:
    """The ticks of a timeline as the frames of a sequence."""
    return FeatureSequence(
        timeline.video,
        timeline.athlete,
        timeline.frames,
        timeline.times_s,
        timeline.values,
        timeline.valid,
        np.ones(len(timeline), np.float32),
    )


def smoothed(sequences: Sequence[FeatureSequence]) -> list[FeatureSequence]:
    """The sequences averaged over `vpd.recognition.recognisers.SMOOTH_S`."""
    cleaned: list[FeatureSequence] = Smooth(SMOOTH_S).transform(sequences)
    return cleaned


def segment_spans(classes: Array) -> tuple[Array, Array]:
    """First tick and one past the last (N, 2) of every run of one class, and the index of the class (N,)."""
    inside = np.r_[0, np.maximum(classes, 0), 0]
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts = edges[inside[edges + 1] > 0]
    stops = edges[np.searchsorted(edges, starts, side="right")] if len(starts) else starts
    return np.stack([starts, stops], axis=1), classes[starts] - 1


def cut_spans(timeline: Timeline, spans: Array) -> list[FeatureSequence | None]:
    """The smoothed valid ticks of each of spans (N, 2); None where there is none."""
    (sequence,) = smoothed([as_sequence(timeline)])
    return [
        drop_invalid(take_rows(sequence, slice(int(start), int(stop))))
        if sequence.valid[start:stop].any()
        else None
        for start, stop in spans
    ]


def labelled_sequences(
    parts: Sequence[Timeline], targets: Sequence[Array]
) -> tuple[list[FeatureSequence], list[int]]:
    """The smoothed features of every labelled segment with valid features, and the index of its class."""
    found: list[FeatureSequence] = []
    classes: list[int] = []
    for part, own in zip(parts, targets, strict=True):
        spans, of_span = segment_spans(own)
        for sequence, k in zip(cut_spans(part, spans), of_span, strict=True):
            if sequence is not None:
                found.append(sequence)
                classes.append(int(k))
    return found, classes


class Naming:
    """Name intervals as `together` does, and say how probable each name is.

    All intervals of one call help one another. One without features has the most scored class.

    ``sides`` : of each class, see `vpd.sequences.sides`.
    """

    def __init__(self, sides: Mapping[str, ClassSides]) -> None:
        self.sides = sides

    def fit(self, parts: Sequence[Timeline], targets: Sequence[Array]) -> Self:
        """Learn the labelled segments of the parts. Nothing is learned where they show fewer than two
        classes.
        """
        names = list(self.sides)
        examples, of_class = labelled_sequences(parts, targets)
        present = {names[k]: self.sides[names[k]] for k in sorted(set(of_class))}
        self.recogniser_: Any = None
        if len(present) > 1:
            self.recogniser_ = quick_together(present).fit(examples, [names[k] for k in of_class])
        return self

    def __call__(self, intervals: Sequence[Interval]) -> list[Named]:
        """The names of the spans of each timeline with their probabilities."""
        named = most_scored(intervals)
        if self.recogniser_ is None:
            return named
        cut = [cut_spans(scores.timeline, spans) for scores, spans in intervals]
        places = [(i, n) for i, of_one in enumerate(cut) for n, s in enumerate(of_one) if s is not None]
        if places:
            probabilities = self.recogniser_.predict_proba([cut[i][n] for i, n in places])
            for (i, n), answer in zip(places, probabilities, strict=True):
                labels, likely = named[i]
                labels[n] = str(self.recogniser_.classes_[answer.argmax()])
                likely[n] = answer.max()
        return named


class HeldOutNaming:
    """Name intervals of the labelled timelines, each by the segments of the other folds.

    Where there is one fold alone, nothing can be held out, and its own segments name it.

    Parameters
    ----------
    parts, targets, fold : of the labelled timelines. Intervals are given in the same order.
    """

    def __init__(
        self,
        sides: Mapping[str, ClassSides],
        parts: Sequence[Timeline],
        targets: Sequence[Array],
        fold: Sequence[int],
    ) -> None:
        self.fold = fold
        self.by_fold: dict[int, Naming] = {}
        for out in sorted(set(fold)):
            kept = [i for i, f in enumerate(fold) if f != out] or list(range(len(fold)))
            self.by_fold[out] = Naming(sides).fit([parts[i] for i in kept], [targets[i] for i in kept])

    def __call__(self, intervals: Sequence[Interval]) -> list[Named]:
        """The names of the spans of each timeline with their probabilities."""
        named: dict[int, Named] = {}
        for out, naming in self.by_fold.items():
            own = [i for i, f in enumerate(self.fold) if f == out]
            named |= zip(own, naming([intervals[i] for i in own]), strict=True)
        return [named[i] for i in range(len(intervals))]
