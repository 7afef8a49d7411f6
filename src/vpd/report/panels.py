"""Panels of `vpd show` beside the picture: the student's and the teacher's pose, and the pose in 3D."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch

from vpd.library.features import read_features
from vpd.library.frames import read_times
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.report import pose3d
from vpd.report.overlay import draw_text
from vpd.report.pose2d import draw_pose2d
from vpd.student import BaseStudent
from vpd.teachers import entry
from vpd.types import REGULAR, Array

Panel = Callable[[Array, int, int | None], Array]
"""A function from a picture (H, W, 3), frame and athlete (None where there is nobody) to the picture with a
panel to its right.
"""

Poses = dict[tuple[int, int], Array]
"""Poses by athlete and frame."""


DRAWINGS: dict[str, tuple[Callable[[Array, int], Array], int]] = {
    "2d": (draw_pose2d, 1),
    "3d": (pose3d.draw_pose3d, 2),
}
"""Functions that draw joints and the aspect of their panel, by `TeacherEntry.drawing`."""


def _by_frame(athlete: int, frames: Array, values: Iterable[Array]) -> Poses:
    return {(athlete, int(frame)): value for frame, value in zip(frames, values, strict=True)}


def _of_poses(layout: Layout, video: str, teacher: str) -> Poses:
    """The joints that correspond to a teacher's features of the estimated poses."""
    known, found = entry(teacher), dict[tuple[int, int], Array]()
    make, times_s = known.make(False), read_times(layout.frames(video))
    for poses in read_poses(layout.poses(video)):
        features = make(poses, times_s, video)
        found |= _by_frame(poses.athlete, poses.frames, known.joints(features.values[:, REGULAR]))
    return found


def student_panel(layout: Layout, video: str, name: str, student: BaseStudent) -> Panel:
    """The student's pose below its teacher's: 2D where it was taught joints, else 3D.

    ``name`` is that of its features. The teacher's pose is missing where there is none. Raises ArtefactError
    where the features are missing.
    """
    teachers = [head.teacher for head in student.spec.heads]
    teacher = min(teachers, key=lambda name: (entry(name).drawing, entry(name).rank))
    draw, wide = DRAWINGS[entry(teacher).drawing]
    predicted: Poses = {}
    for s in read_features(layout.features(name, video)):
        with torch.inference_mode():
            decoded = student.poses(torch.from_numpy(s.values[:, REGULAR]), teachers.index(teacher))
        predicted |= _by_frame(s.athlete, s.frames, entry(teacher).joints(decoded.numpy()))
    taught = _of_poses(layout, video, teacher) if layout.poses(video).exists() else {}

    def panel(picture: Array, frame: int, athlete: int | None) -> Array:
        side = picture.shape[0] // 2
        column = np.full((picture.shape[0], side * wide, 3), pose3d.BACKGROUND, np.uint8)
        for row, poses in enumerate((taught, predicted)):
            part = column[row * side : (row + 1) * side]
            if athlete is not None and (athlete, frame) in poses:
                part[:] = draw(poses[athlete, frame], side)
        wider: Array = np.concatenate([picture, column], axis=1)
        for row, title in enumerate(("teacher", "student")):
            draw_text(wider, title, (picture.shape[1] + 4, row * side))
        return wider

    return panel


def pose3d_panel(layout: Layout, video: str) -> Panel:
    """The pose in 3D from two sides, by the shipped embedding. Raises ArtefactError where there are no
    poses.
    """
    found = _of_poses(layout, video, "vipe")

    def panel(picture: Array, frame: int, athlete: int | None) -> Array:
        return pose3d.beside(picture, None if athlete is None else found.get((athlete, frame)))

    return panel
