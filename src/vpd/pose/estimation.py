"""Estimate the poses of a video's athletes: crops of each track's boxes, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from vpd.athletes.boxes import iou
from vpd.crops.geometry import cut_window
from vpd.models.session import batch_size
from vpd.pose.estimator import PoseEstimator, crop_window, in_picture
from vpd.pose.skeleton import mean_score
from vpd.pose.turning import choose, turned_poses
from vpd.settings.pose import PoseSettings
from vpd.types import Array, PoseSequence, Track
from vpd.video import Frame

SURE = 0.2
"""Least score of a joint that counts for the box of a pose."""
ENOUGH = 6
"""Least number of such joints that make a meaningful box."""


def estimate(
    frames: Iterable[Frame], tracks: Sequence[Track], estimator: PoseEstimator, settings: PoseSettings
) -> list[PoseSequence]:
    """A pose for every box of every track.

    Frames are used once, and at most a batch of them is kept. A box whose frame is missing gets no pose.

    Parameters
    ----------
    frames : iterable of Frame
        In order.
    tracks : sequence of Track
        Whose poses to estimate; boxes are xywh in pixels of the upright picture.
    estimator : PoseEstimator
        Such as `vpd.pose.movenet.MoveNet`.
    settings : PoseSettings
        When to look a second time, and when to turn the picture.

    Returns
    -------
    list of PoseSequence
        In the tracks' order; keypoints (T, 17, 3): x, y in pixels of the picture, score in 0..1.

    Examples
    --------
    >>> from vpd.pose.movenet import MoveNet
    >>> from vpd.settings import PoseSettings
    >>> from vpd.types import Track
    >>> from vpd.video import read_frames
    >>> box = Track(0, [0], [0.0], [[136, 66, 47, 130]], [1.0], ["user"])
    >>> (poses,) = estimate(read_frames(clip, 0, 1), [box], MoveNet(), PoseSettings())
    >>> poses.keypoints.shape
    (1, 17, 3)
    """
    estimation = Estimation(tracks, estimator, settings)
    for frame in frames:
        estimation.add(frame)
    return estimation.finish()


class Estimation:
    """The same as `estimate`, for frames that come one by one."""

    def __init__(self, tracks: Sequence[Track], estimator: PoseEstimator, settings: PoseSettings) -> None:
        self._tracks, self._estimator, self._settings = tracks, estimator, settings
        self._wanted: dict[int, list[tuple[int, int]]] = {}
        for t, track in enumerate(tracks):
            for row, frame in enumerate(track.frames.tolist()):
                self._wanted.setdefault(frame, []).append((t, row))
        self._poses = [np.zeros((len(track.frames), 17, 3), np.float32) for track in tracks]
        self._turned: list[dict[int, Array]] = [{} for _ in tracks]
        self._done = [np.zeros(len(track.frames), bool) for track in tracks]
        self._waiting: list[tuple[int, int, Array]] = []
        self._batch = batch_size(settings.batch, estimator.device)

    def add(self, frame: Frame) -> None:
        """The next frame."""
        for t, row in self._wanted.get(frame.frame, ()):
            self._waiting.append((t, row, frame.rgb))
            if len(self._waiting) == self._batch:
                self._work()

    def finish(self) -> list[PoseSequence]:
        """The poses, in the tracks' order."""
        if self._waiting:
            self._work()
        columns = zip(self._tracks, self._poses, self._turned, self._done, strict=True)
        return [_sequence(track, seen, others, there) for track, seen, others, there in columns]

    def _work(self) -> None:
        waiting, tracks = self._waiting, self._tracks
        boxes = np.stack([tracks[t].boxes[row] for t, row, _ in waiting])
        pictures = [rgb for _, _, rgb in waiting]
        found = poses_of(pictures, boxes, self._estimator, self._settings.second_pass_below)
        for (t, row, _), pose in zip(waiting, found, strict=True):
            self._poses[t][row], self._done[t][row] = pose, True
        unsure = np.flatnonzero(mean_score(found) < self._settings.turn_below).tolist()
        if unsure:
            again = turned_poses([pictures[i] for i in unsure], boxes[unsure], self._estimator)
            for i, others in zip(unsure, again, strict=True):
                t, row, _ = waiting[i]
                self._turned[t][row] = others
        waiting.clear()


def _sequence(track: Track, poses: Array, turned: dict[int, Array], there: Array) -> PoseSequence:
    """The poses of a track where there are any. Of the turned ones the most likely are taken."""
    place = np.cumsum(there) - 1
    others = {int(place[row]): found for row, found in turned.items()}
    frames = track.frames[there]
    return PoseSequence(track.athlete, frames, choose(poses[there], others, frames, track.boxes[there]))


def poses_of(
    pictures: Sequence[Array], boxes: Array, estimator: PoseEstimator, second_pass_below: float
) -> Array:
    """Poses (N, 17, 3) in pixels of the ``boxes`` (N, 4), each in its picture (H, W, 3) uint8.

    Where the crop around the joints overlaps the first crop by less than ``second_pass_below`` (IoU), the
    pose is estimated again in it.
    """
    windows = _windows(boxes, estimator.size, estimator.padding)
    poses = _estimated(pictures, windows, estimator)
    if second_pass_below > 0:
        tighter, sure = joint_boxes(poses)
        again = _windows(tighter, estimator.size, estimator.joint_padding)
        overlap = np.array([iou(a, b)[0, 0] for a, b in zip(windows, again, strict=True)])
        rows = np.flatnonzero(sure & (overlap < second_pass_below)).tolist()
        if len(rows):
            poses[rows] = _estimated([pictures[i] for i in rows], again[rows], estimator)
    return poses


def joint_boxes(poses: Array) -> tuple[Array, Array]:
    """Boxes (N, 4) around the certain joints of poses (N, 17, 3), and whether there are enough joints
    (N,).
    """
    sure = poses[..., 2] >= SURE
    points = np.where(sure[..., None], poses[..., :2], np.nan)
    enough = sure.sum(axis=1) >= ENOUGH
    boxes = np.zeros((len(poses), 4), np.float32)
    low, high = np.nanmin(points[enough], axis=1), np.nanmax(points[enough], axis=1)
    boxes[enough] = np.concatenate([low, np.maximum(high - low, 1)], axis=1)
    return boxes, enough


def _windows(boxes: Array, size: tuple[int, int], padding: float) -> Array:
    return np.stack([crop_window(box, size, padding) for box in boxes])


def _estimated(pictures: Sequence[Array], windows: Array, estimator: PoseEstimator) -> Array:
    crops = [cut_window(rgb, window, estimator.size) for rgb, window in zip(pictures, windows, strict=True)]
    return in_picture(estimator.keypoints(np.stack(crops)), windows, estimator.size)
