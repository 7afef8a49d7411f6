"""The teacher `vipe-window`: features of estimated poses, together with the poses around them in time."""

from __future__ import annotations

import numpy as np
import torch

from vpd.teachers.vipe.features import as_sequence
from vpd.teachers.vipe.keypoints import MIN_JOINTS
from vpd.teachers.vipe.model import body13, mirrored_2d
from vpd.teachers.vipe_window.model import VipeWindow, shipped
from vpd.teachers.vipe_window.window import window_rows
from vpd.types import Array, FeatureSequence, PoseSequence

BATCH = 4096
"""Number of windows embedded at a time."""


def features(poses: PoseSequence, times_s: Array, model: VipeWindow, video: str = "") -> FeatureSequence:
    """Embeddings of both orientations, one row a pose, from the poses up to a quarter of a second around it.

    ``times_s`` holds the time of every frame of the video. Where the track ends or has a gap, its last pose
    replaces those beyond.
    """
    xy, visibility = body13(poses.keypoints, 0.0)
    valid = (visibility > 0).sum(axis=1) >= MIN_JOINTS
    visibility = np.where(visibility > 0, np.maximum(visibility, model.card.min_score), 0)
    times = np.asarray(times_s, np.float64)[poses.frames]
    rows = window_rows(poses.frames, times, model.card.offsets_s)
    values = np.zeros((len(times), 2, model.card.d), np.float32)
    for orientation, (points, seen) in enumerate(((xy, visibility), mirrored_2d(xy, visibility))):
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            found = model.embed(
                torch.from_numpy(points[part]), torch.from_numpy(seen[part].astype(np.float32))
            )
            values[start : start + BATCH, orientation] = found.numpy()
    return as_sequence(poses, times, values, valid, visibility, video)


class VipeWindowTeacher:
    """`features` with the shipped embedding."""

    def __init__(self) -> None:
        self.model = shipped()

    def __call__(self, poses: PoseSequence, times_s: Array, video: str = "") -> FeatureSequence:
        return features(poses, times_s, self.model, video)
