"""The training frames of a corpus: their selection, their targets, and the held-out part.

Pictures stay in their files. A training frame takes in memory 16 bytes for each component of its targets
(values and weights of both orientations) and 68 bytes of joints: about 0.9 kB with joints2d and motion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from vpd.counting import counted
from vpd.crops import CropFile, to_crop
from vpd.errors import InputError
from vpd.settings.distill import DistillSettings
from vpd.student.corpus.targets import find, head_targets
from vpd.types import Array, FeatureSequence, PoseSequence

FEW_VIDEOS = 5
"""With fewer videos than this, spans are held out instead of videos."""
SPANS = 10
"""Least number of spans that such videos are cut into, all together."""
MARGIN_S = 2.0
"""Training frames within this many seconds of a held-out span of the same video are left out, because they
are nearly copies.
"""


Span = tuple[float, float, int | None]


@dataclass(frozen=True, eq=False)
class VideoSource:
    """One video as a source of training frames.

    Attributes
    ----------
    crops : its file of crops.
    features : for each teacher the features of its athletes.
    poses : the poses of its athletes, which say where the person is in the crop.
    masks : a file of masks (`vpd.crops.masks`), which say it better; None where none were given.
    spans : start and end in seconds, and athlete or None for all, of what may be learned from; None for all.
    """

    video: str
    crops: Path
    features: Mapping[str, Sequence[FeatureSequence]]
    poses: Sequence[PoseSequence]
    masks: Path | None = None
    spans: Sequence[Span] | None = None

    def serves(self, times_s: Array, athlete: int) -> Array:
        """(T,) bool, which of an athlete's frames may be learned from."""
        if self.spans is None:
            return np.ones(len(times_s), np.bool_)
        inside = np.zeros(len(times_s), np.bool_)
        for start_s, end_s, whose in self.spans:
            if whose is None or whose == athlete:
                inside |= (times_s >= start_s) & (times_s < end_s)
        return inside


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets of one head: values and weights (N, 2, D) of both orientations. Weight 0 means no target."""

    values: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class Corpus:
    """The N training frames.

    Attributes
    ----------
    videos, paths, masks : of each video its name, its file of crops, and that of its masks if there is one.
    video, row, frame : (N,) index of the video, row of its file, number of the frame.
    times_s : (N,) seconds.
    joints : (N, 17, 2) float16, the pose in fractions of the crop; NaN where there is none.
    heads : one `Targets` a head.
    """

    videos: list[str]
    paths: list[Path]
    masks: list[Path | None]
    video: Array
    row: Array
    frame: Array
    times_s: Array
    joints: Array
    heads: list[Targets]

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Split:
    """Training and validation frames (indices), and the held-out spans as (video, first frame, frame
    after).
    """

    training: Array
    validation: Array
    held_out: list[tuple[str, int, int]]

    def to_json(self) -> list[dict[str, Any]]:
        """Plain values, for split.json."""
        return [{"video": v, "start_frame": a, "stop_frame": b} for v, a, b in self.held_out]


def _of(athlete: int, sequences: Sequence[Any]) -> Any:
    return next((s for s in sequences if s.athlete == athlete), None)


def _person(poses: PoseSequence | None, frames: Array, squares: Array) -> Array:
    joints = np.full((len(frames), 17, 2), np.nan, np.float16)
    if poses is not None:
        row, found = find(poses.frames, frames)
        joints[found] = np.clip(to_crop(poses.keypoints[row[found]][..., :2], squares[found]), -9, 9)
    return joints


def build_corpus(sources: Iterable[VideoSource], settings: DistillSettings) -> Corpus:
    """Select the frames for training: those with sufficient scores, and with a motion where a head needs one
    (paper 3.3).

    A frame is used where at least one head has a target. Where another head has none, its weight is 0.
    ``sources`` is iterated once. Raises InputError where no frame is left, or a teacher's features are
    missing.
    """
    videos: list[str] = []
    paths: list[Path] = []
    masks: list[Path | None] = []
    columns: dict[str, list[Array]] = {name: [] for name in ("video", "row", "frame", "times_s", "joints")}
    values: list[list[Array]] = [[] for _ in settings.heads]
    weights: list[list[Array]] = [[] for _ in settings.heads]
    for source in sources:
        for head in settings.heads:
            if head.teacher not in source.features:
                raise InputError(
                    f"{source.video} has no features of {head.teacher!r}, which [distill] asks for"
                )
        file = CropFile(source.crops)
        videos.append(source.video)
        paths.append(source.crops)
        masks.append(source.masks)
        for athlete in np.unique(file.athletes):
            rows = np.flatnonzero(file.athletes == athlete)
            sequences = [_of(athlete, source.features[head.teacher]) for head in settings.heads]
            if any(sequence is None for sequence in sequences):
                continue
            poses = _of(athlete, source.poses)
            made = [
                head_targets(head, settings.min_score, sequence, file.frames[rows])
                for head, sequence in zip(settings.heads, sequences, strict=True)
            ]
            keep = np.any([w.any(axis=(1, 2)) for _, w in made], axis=0)
            keep &= source.serves(file.times_s[rows], int(athlete))
            rows = rows[keep]
            for i, (value, weight) in enumerate(made):
                values[i].append(value[keep])
                weights[i].append(weight[keep])
            columns["video"].append(np.full(len(rows), len(videos) - 1, np.int32))
            columns["row"].append(rows)
            columns["frame"].append(file.frames[rows])
            columns["times_s"].append(file.times_s[rows])
            columns["joints"].append(_person(poses, file.frames[rows], file.squares[rows]))
    if not sum(map(len, columns["row"])):
        raise InputError(
            f"no frame of {counted(len(videos), 'video')} has a pose of score {settings.min_score:g} or more"
            " and one in the frame before. Lower min_score in [distill]; `vpd show` shows the poses."
        )
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    heads = [Targets(np.concatenate(v), np.concatenate(w)) for v, w in zip(values, weights, strict=True)]
    return Corpus(videos, paths, masks, **joined, heads=heads)


def split_corpus(
    corpus: Corpus, share: float, rng: np.random.Generator, held_out: Sequence[str] | None = None
) -> Split:
    """Hold out a ``share`` of the videos, drawn by ``rng``, or the videos named.

    With fewer than five videos, spans are held out instead, and two seconds around them are left out of
    training. Raises InputError where one part would be empty.
    """
    present = np.unique(corpus.video)
    if held_out is not None:
        units = [(corpus.videos.index(v), 0, np.iinfo(np.int32).max) for v in held_out if v in corpus.videos]
        chosen = units
    else:
        units = []
        pieces = 1 if len(present) >= FEW_VIDEOS else -(-SPANS // len(present))
        for video in present:
            frames = corpus.frame[corpus.video == video]
            edges = np.linspace(frames.min(), frames.max() + 1, pieces + 1).round().astype(int)
            edges[[0, -1]] = (0, np.iinfo(np.int32).max) if pieces == 1 else edges[[0, -1]]
            units += [(int(video), int(a), int(b)) for a, b in pairwise(edges) if a < b]
        count = min(max(1, round(share * len(units))), max(1, len(units) - 1))
        chosen = [units[i] for i in sorted(rng.permutation(len(units))[:count])]
    validation, near = np.zeros(len(corpus), np.bool_), np.zeros(len(corpus), np.bool_)
    for video, start, stop in chosen:
        inside = (corpus.video == video) & (corpus.frame >= start) & (corpus.frame < stop)
        validation |= inside
        if inside.any():
            times = corpus.times_s[inside]
            low, high = times.min() - MARGIN_S, times.max() + MARGIN_S
            near |= (corpus.video == video) & (corpus.times_s > low) & (corpus.times_s < high)
    training = np.flatnonzero(~(validation | near))
    if not validation.any() or not len(training):
        raise InputError(
            "too few frames with a confident pose to hold some out for validation: "
            f"{len(corpus)} frames of {len(present)} videos. Add videos."
        )
    spans = [(corpus.videos[v], a, b) for v, a, b in chosen]
    return Split(training, np.flatnonzero(validation), spans)


def target_scale(targets: Targets, rows: Array) -> tuple[Array, Array]:
    """Weighted mean and standard deviation (D,) float32 of the targets of the rows, over both
    orientations.
    """
    weights = targets.weights[rows].astype(np.float64)
    total = np.maximum(weights.sum((0, 1)), 1e-9)
    mean = (weights * targets.values[rows]).sum((0, 1)) / total
    variance = (weights * (targets.values[rows] - mean) ** 2).sum((0, 1)) / total
    return mean.astype(np.float32), np.maximum(np.sqrt(variance), 1e-3).astype(np.float32)
