"""The teacher of VI-VPD: features of estimated poses from the view-invariant embedding (paper 3.1)."""

from __future__ import annotations

import numpy as np

from vpd.teachers.vipe.keypoints import MIN_JOINTS
from vpd.teachers.vipe.model import Vipe, body13, flipped_2d, mirrored_2d, shipped
from vpd.types import Array, FeatureSequence, PoseSequence


def features(
    poses: PoseSequence,
    times_s: Array,
    model: Vipe,
    video: str = "",
    *,
    invert: bool = False,
) -> FeatureSequence:
    """Embeddings of both orientations, one row a pose, of the model's size d, or twice that with ``invert``.

    ``times_s`` holds the time of every frame of the video. ``invert`` appends the embedding of the vertically
    flipped pose, for sports with people upside down (paper: diving). The mirrored orientation embeds the
    mirrored 2D pose: the embedding is chiral.
    """
    xy, visibility = body13(poses.keypoints, model.card.min_score)
    valid = (visibility > 0).sum(axis=1) >= MIN_JOINTS
    orientations = []
    for points, seen in ((xy, visibility), mirrored_2d(xy, visibility)):
        parts = [model.embed(points, seen)]
        if invert:
            parts.append(model.embed(*flipped_2d(points, seen)))
        orientations.append(np.concatenate(parts, axis=1))
    times = np.asarray(times_s, np.float64)[poses.frames]
    return as_sequence(poses, times, np.stack(orientations, axis=1), valid, visibility, video)


def as_sequence(
    poses: PoseSequence, times_s: Array, values: Array, valid: Array, visibility: Array, video: str
) -> FeatureSequence:
    """The sequence of embeddings (T, 2, d) with 0 where not ``valid`` (T,). Its scores are the means of
    ``visibility`` (T, 13). ``times_s`` (T,) are those of the poses.
    """
    return FeatureSequence(
        video=video,
        athlete=poses.athlete,
        frames=poses.frames,
        times_s=times_s,
        values=np.where(valid[:, None, None], values, 0),
        valid=valid,
        scores=np.where(valid, visibility.mean(axis=1), 0),
    )


class VipeTeacher:
    """`features` with the shipped embedding; with ``invert``, also of the pose upside down."""

    def __init__(self, invert: bool = False) -> None:
        self.model, self.invert = shipped(), invert

    def __call__(self, poses: PoseSequence, times_s: Array, video: str = "") -> FeatureSequence:
        return features(poses, times_s, self.model, video, invert=self.invert)
