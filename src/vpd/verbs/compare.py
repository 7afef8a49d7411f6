"""Compare two executions of an action: align them by dynamic time warping, and find their differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from vpd.library.layout import Layout
from vpd.pose.skeleton import BODY13
from vpd.sequences import FeatureStore
from vpd.sequences.spans import drop_invalid
from vpd.strings import Sentence
from vpd.types import MIRRORED, REGULAR, Array, Segment
from vpd.verbs.aligned_poses import TORSO, in_step, joint_name, phase, plain_poses, poses_of
from vpd.verbs.features import choose_features
from vpd.verbs.labelled import partly_seen_notes
from vpd.verbs.progress import Progress
from vpd.verbs.rows import segment_row

SMOOTH_S = 0.1
"""Seconds over which differences of joints are averaged, because a single pose may be wrong."""
CLEAR = 0.35
"""Least difference of a joint's position that is reported, in torso lengths."""
TEMPO_S = 0.15
"""Seconds of the query on either side over which the tempo is measured."""
LATE_S = 0.08
"""Least lag in seconds that is reported."""
MOST = 3
"""Largest number of differences reported."""


@dataclass(frozen=True)
class CompareRequest:
    """The segments to compare. ``mirror``: with the second as it is, mirrored, or whichever is nearer."""

    a: Segment
    b: Segment
    features: str | None = None
    mirror: Literal["auto", "no", "yes"] = "auto"


@dataclass(frozen=True)
class Difference:
    """A clear difference: a span of the first segment (s), a sentence, and its size in torso lengths (seconds
    for a lag).
    """

    start_s: float
    end_s: float
    sentence: Sentence
    size: float

    def to_json(self) -> dict[str, Any]:
        """Plain values; ``text`` is the sentence in English."""
        return {**vars(self), "sentence": self.sentence.to_json(), "text": str(self.sentence)}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two aligned segments.

    Attributes
    ----------
    distance : normalised cost of the path.
    query_s, result_s : (L,) seconds of both videos that correspond.
    local : (L,) distance of the features at each step of the path.
    tempo : (L,) how many times as fast the second is there.
    poses : normalised joints (L, 17, 2) of both, None of a joint or a frame that is not known; None where the
        library has no poses of them.
    notes : sentences on segments in which the athlete is seen for a part of the time only.
    """

    a: Segment
    b: Segment
    features: str
    distance: float
    mirrored: bool
    query_s: Array
    result_s: Array
    local: Array
    tempo: Array
    differences: list[Difference] = field(default_factory=list)
    poses: tuple[list[Any], list[Any]] | None = None
    notes: tuple[Sentence, ...] = ()

    @property
    def mean_tempo(self) -> float:
        """The mean tempo of the second relative to the first; 2 is twice as fast. 1 where one is a moment."""
        spans = [float(s[-1] - s[0]) for s in (self.query_s, self.result_s)]
        return spans[0] / spans[1] if min(spans) > 0 else 1.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "a": segment_row(self.a),
            "b": segment_row(self.b),
            "features": self.features,
            "distance": self.distance,
            "mirrored": self.mirrored,
            "tempo": self.mean_tempo,
            "query_s": self.query_s.round(4).tolist(),
            "result_s": self.result_s.round(4).tolist(),
            "local": self.local.round(5).tolist(),
            "tempo_curve": self.tempo.round(4).tolist(),
            "differences": [d.to_json() for d in self.differences],
            "poses": None if self.poses is None else {"a": self.poses[0], "b": self.poses[1]},
            "notes": [note.to_json() for note in self.notes],
        }


def compare(layout: Layout, request: CompareRequest, progress: Progress | None = None) -> Comparison:
    """Align the second segment to the first. Raises InputError where one shows no athlete."""
    store = FeatureStore(layout, choose_features(layout, request.features).name)
    found = [store.segment(s) for s in (request.a, request.b)]
    first, second = map(drop_invalid, found)
    path, orientation = in_step(first, second, request.mirror)
    query_s, result_s = first.times_s[path.query], second.times_s[path.reference]
    local = np.linalg.norm(
        first.values[path.query, REGULAR] - second.values[path.reference, orientation], axis=1
    )
    mirrored = orientation == MIRRORED
    poses = poses_of(layout, first, path.query), poses_of(layout, second, path.reference, mirrored)
    known = poses[0] is not None and poses[1] is not None
    differences = _differences(poses[0], poses[1], query_s) if known else []
    differences += _lags(query_s, result_s)
    differences = sorted(differences, key=lambda d: -d.size)[:MOST]
    if progress is not None:
        progress(1.0)
    a, b = (
        Segment(s.video, s.start_s, s.end_s, f.athlete, s.label)
        for s, f in ((request.a, first), (request.b, second))
    )
    return Comparison(
        a=a,
        b=b,
        features=store.name,
        distance=float(path.distance),
        mirrored=mirrored,
        query_s=query_s,
        result_s=result_s,
        local=local,
        tempo=_tempo(query_s, result_s),
        differences=sorted(differences, key=lambda d: d.start_s),
        poses=(plain_poses(poses[0]), plain_poses(poses[1])) if known else None,
        notes=partly_seen_notes([request.a, request.b], found),
    )


def _tempo(query_s: Array, result_s: Array) -> Array:
    """(L,) tempo of the second relative to the first at each step of the path."""
    low = np.searchsorted(query_s, query_s - TEMPO_S, side="left")
    high = np.searchsorted(query_s, query_s + TEMPO_S, side="right") - 1
    passed, own = query_s[high] - query_s[low], result_s[high] - result_s[low]
    tempo: Array = np.divide(passed, own, out=np.ones_like(passed), where=own > 0)
    return tempo.clip(0.1, 10.0)


def _smoothed(values: Array, times_s: Array) -> Array:
    """Means over `SMOOTH_S` along the first axis. Unknown values are skipped."""
    low = np.searchsorted(times_s, times_s - SMOOTH_S / 2, side="left")
    high = np.searchsorted(times_s, times_s + SMOOTH_S / 2, side="right")
    known = np.isfinite(values)
    sums = np.cumsum(np.concatenate([np.zeros_like(values[:1]), np.where(known, values, 0)]), axis=0)
    counts = np.cumsum(np.concatenate([np.zeros_like(values[:1]), known]), axis=0)
    number = counts[high] - counts[low]
    means: Array = np.divide(
        sums[high] - sums[low], number, out=np.full(values.shape, np.nan), where=number > 0
    )
    return means


def _spans(over: Array) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], over, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _differences(a: Array | None, b: Array | None, query_s: Array) -> list[Difference]:
    """Differences of joint positions that are clear, one for each joint, in torso lengths in the picture
    plane.
    """
    if a is None or b is None:
        return []
    offsets = _smoothed((b - a) / TORSO, query_s)
    sizes = np.nan_to_num(np.linalg.norm(offsets, axis=2))
    found = []
    for place, joint in enumerate(BODY13):
        spans = _spans(sizes[:, place] > CLEAR)
        if not spans:
            continue
        span = max(spans, key=lambda s: float(sizes[s, place].max()))
        peak = span.start + int(sizes[span, place].argmax())
        size = float(sizes[peak, place])
        words: dict[str, str | int | Sentence] = {
            "joint": joint_name(joint),
            "direction": _direction(offsets[peak, place]),
            "phase": phase(query_s, span),
            "size": f"{size:.1f}",
        }
        sentence = Sentence("joint_differs", words)
        found.append(Difference(float(query_s[span][0]), float(query_s[span][-1]), sentence, size))
    return found


def _direction(offset: Array) -> Sentence:
    """Name a direction, x to the right and y down."""
    x, y = float(offset[0]), float(offset[1])
    words = []
    if abs(y) > abs(x) / 2:
        words.append(Sentence("lower" if y > 0 else "higher"))
    if abs(x) > abs(y) / 2:
        words.append(Sentence("further_right" if x > 0 else "further_left"))
    return words[0] if len(words) == 1 else Sentence("both", {"one": words[0], "other": words[1]})


def _lags(query_s: Array, result_s: Array) -> list[Difference]:
    """Spans in which the second is clearly behind or ahead of an even tempo."""
    length = max(float(query_s[-1] - query_s[0]), 1e-9)
    even = result_s[0] + (query_s - query_s[0]) / length * (result_s[-1] - result_s[0])
    lag = result_s - even
    found = []
    for sign, key in ((1, "comes_later"), (-1, "comes_earlier")):
        spans = _spans(sign * lag > LATE_S)
        if spans:
            span = max(spans, key=lambda s: float((sign * lag[s]).max()))
            size = float((sign * lag[span]).max())
            sentence = Sentence(key, {"lag": f"{size:.2f}", "phase": phase(query_s, span)})
            found.append(Difference(float(query_s[span][0]), float(query_s[span][-1]), sentence, size))
    return found
