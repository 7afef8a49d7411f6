"""Several executions of one action over each other: their mean, and how far they spread about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.pose.skeleton import BODY13, COCO17
from vpd.sequences import FeatureStore
from vpd.sequences.spans import drop_invalid
from vpd.strings import Sentence
from vpd.types import MIRRORED, Array, FeatureSequence, Segment
from vpd.verbs.aligned_poses import TORSO, in_step, joint_name, phase, plain_poses, poses_of
from vpd.verbs.features import choose_features
from vpd.verbs.labelled import partly_seen_notes
from vpd.verbs.progress import Progress
from vpd.verbs.rows import segment_row

LEAST = 2
"""Executions at a moment of which a spread is told."""
NAMED = 3
"""Joints that are named."""


@dataclass(frozen=True)
class OverlayRequest:
    """Two executions or more; all are brought in step with the first. ``mirror`` as of a comparison."""

    segments: Sequence[Segment]
    features: str | None = None
    mirror: Literal["auto", "no", "yes"] = "auto"


@dataclass(frozen=True, eq=False)
class Overlay:
    """N executions in step with the first, which has T moments.

    Attributes
    ----------
    distances : (N,) normalised cost of each path to the first; 0 of the first itself.
    mirrored : of each, whether it is seen mirrored.
    times_s : (T,) seconds of the first.
    own_s : (N, T) seconds of each at that moment.
    poses : (N, T, 13, 2) normalised joints, nan where one is not known.
    mean : (T, 13, 2) of the executions.
    spread : (T, 13) root mean square distance of the executions from the mean, in torso lengths as the camera
        sees them; nan where fewer than two are known.
    sentences : the joints that spread most, in words.
    notes : sentences on executions in which the athlete is seen for a part of the time only.
    """

    segments: list[Segment]
    features: str
    distances: list[float]
    mirrored: list[bool]
    times_s: Array
    own_s: Array
    poses: Array
    mean: Array
    spread: Array
    sentences: list[Sentence]
    notes: tuple[Sentence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values; joints in the order of the 17 of COCO, None for what is not known."""
        whole = _mean(self.spread, 1)
        return {
            "segments": [segment_row(s) for s in self.segments],
            "features": self.features,
            "distances": self.distances,
            "mirrored": self.mirrored,
            "times_s": self.times_s.round(4).tolist(),
            "own_s": self.own_s.round(4).tolist(),
            "poses": [plain_poses(one) for one in self.poses],
            "mean": plain_poses(self.mean),
            "spread": [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in self.spread],
            "spread_of_all": [None if np.isnan(v) else round(float(v), 4) for v in whole],
            "joints": [COCO17[joint] for joint in BODY13],
            "sentences": [s.to_json() for s in self.sentences],
            "texts": [str(s) for s in self.sentences],
            "notes": [note.to_json() for note in self.notes],
        }


def overlay(layout: Layout, request: OverlayRequest, progress: Progress | None = None) -> Overlay:
    """Bring executions in step with the first, and average their poses.

    Raises InputError where there are fewer than two, where one shows no athlete, or where the library has no
    poses of one.
    """
    if len(request.segments) < LEAST:
        raise InputError(Sentence("error_overlay_two"))
    store = FeatureStore(layout, choose_features(layout, request.features).name)
    whole = [store.segment(s) for s in request.segments]
    found = [drop_invalid(sequence) for sequence in whole]
    first = found[0]
    rows = np.arange(len(first.times_s))
    distances, mirrored, own_s, poses = [0.0], [False], [first.times_s], [_poses(layout, first, rows)]
    for number, other in enumerate(found[1:], start=1):
        if progress is not None:
            progress(number / len(found), request.segments[number].video)
        path, orientation = in_step(first, other, request.mirror)
        distances.append(float(path.distance))
        mirrored.append(orientation == MIRRORED)
        own_s.append(_binned(other.times_s[path.reference], path.query, len(rows)))
        points = _poses(layout, other, path.reference, mirrored[-1])
        poses.append(_binned(points, path.query, len(rows)))
    stacked = np.stack(poses)
    mean = _mean(stacked, 0)
    known = np.isfinite(stacked).all(axis=3)
    squares = np.where(known, np.square(stacked - mean).sum(axis=3), np.nan)
    spread = np.where(known.sum(axis=0) >= LEAST, np.sqrt(_mean(squares, 0)) / TORSO, np.nan)
    pairs = zip(request.segments, found, strict=True)
    return Overlay(
        [Segment(s.video, s.start_s, s.end_s, f.athlete, s.label) for s, f in pairs],
        store.name,
        distances,
        mirrored,
        first.times_s,
        np.stack(own_s),
        stacked,
        mean,
        spread,
        _sentences(spread, first.times_s),
        partly_seen_notes(request.segments, whole),
    )


def _poses(layout: Layout, sequence: FeatureSequence, rows: Array, mirrored: bool = False) -> Array:
    points = poses_of(layout, sequence, rows, mirrored)
    if points is None:
        raise InputError(Sentence("error_no_poses", {"video": sequence.video}))
    return points


def _binned(values: Array, places: Array, count: int) -> Array:
    """Means (count, ...) of the values (L, ...) at each place (L,), past what is not known."""
    sums, counts = np.zeros((count, *values.shape[1:])), np.zeros((count, *values.shape[1:]))
    known = np.isfinite(values)
    np.add.at(sums, places, np.where(known, values, 0))
    np.add.at(counts, places, known)
    means: Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def _mean(values: Array, axis: int) -> Array:
    """Means past nan; nan where all are."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    means: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return means


def _sentences(spread: Array, times_s: Array) -> list[Sentence]:
    """The joints that spread most: where, and by how much."""
    if np.isnan(spread).all():
        return []
    most = np.nan_to_num(spread).max(axis=0)
    found = []
    for place in np.argsort(-most)[:NAMED]:
        peak = int(np.nan_to_num(spread[:, place]).argmax())
        words: dict[str, str | int | Sentence] = {
            "joint": joint_name(BODY13[place]),
            "phase": phase(times_s, slice(peak, peak + 1)),
            "size": f"{most[place]:.1f}",
            "time": f"{times_s[peak]:.2f}",
        }
        found.append(Sentence("joint_spreads", words))
    return found
