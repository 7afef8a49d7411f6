"""What `vpd show` can put beside the picture: the student's pose by the teacher's, and the pose in 3D."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from vpd.library.features import read_features
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.report import pose3d
from vpd.report.overlay import draw_text
from vpd.report.pose2d import draw_pose2d
from vpd.student import Student
from vpd.teachers import joints2d, vipe_window
from vpd.teachers.vipe.model import SHIPPED_D, body13, shipped
from vpd.types import REGULAR, Array, PoseSequence

Panel = Callable[[Array, int, int | None], Array]
"""Picture (H, W, 3), frame and athlete (None where nobody is) to the picture with more at its right."""

Poses = dict[tuple[int, int], Array]
"""By athlete and frame."""


@dataclass(frozen=True)
class _Kind:
    """How a teacher's poses are made of keypoints and of its features, and drawn ``wide`` times as wide."""

    of_keypoints: Callable[[PoseSequence], Array]
    of_features: Callable[[Array], Array]
    draw: Callable[[Array, int], Array]
    wide: int


def _in_3d(poses: PoseSequence) -> Array:
    model = shipped()
    return model.decode_3d(model.embed(*body13(poses.keypoints, model.card.min_score)))


KINDS = {
    "joints2d": _Kind(
        lambda poses: joints2d.normalise(poses.keypoints),
        lambda values: values.reshape(-1, joints2d.D // 2, 2),
        draw_pose2d,
        1,
    ),
    "vipe-window": _Kind(
        _in_3d, lambda values: vipe_window.shipped().decode_3d(values), pose3d.draw_pose3d, 2
    ),
    "vipe": _Kind(_in_3d, lambda values: shipped().decode_3d(values[:, :SHIPPED_D]), pose3d.draw_pose3d, 2),
}
"""By teacher, the one first that is nearer to the picture."""


def _by_frame(athlete: int, frames: Array, values: Iterable[Array]) -> Poses:
    return {(athlete, int(frame)): value for frame, value in zip(frames, values, strict=True)}


def _of_poses(layout: Layout, video: str, kind: _Kind) -> Poses:
    found: Poses = {}
    for p in read_poses(layout.poses(video)):
        found |= _by_frame(p.athlete, p.frames, kind.of_keypoints(p))
    return found


def student_panel(layout: Layout, video: str, name: str, student: Student) -> Panel:
    """The pose that ``student`` sees below its teacher's: 2D where it was taught joints, else 3D.

    ``name`` is that of its features. The teacher's pose is missing where there is none. Raises ArtefactError
    where the features are missing.
    """
    teachers = [head.teacher for head in student.spec.heads]
    teacher = next(known for known in KINDS if known in teachers)
    kind = KINDS[teacher]
    seen: Poses = {}
    for s in read_features(layout.features(name, video)):
        with torch.inference_mode():
            decoded = student.poses(torch.from_numpy(s.values[:, REGULAR]), teachers.index(teacher))
        seen |= _by_frame(s.athlete, s.frames, kind.of_features(decoded.numpy()))
    taught = _of_poses(layout, video, kind) if layout.poses(video).exists() else {}

    def panel(picture: Array, frame: int, athlete: int | None) -> Array:
        side = picture.shape[0] // 2
        column = np.full((picture.shape[0], side * kind.wide, 3), pose3d.BACKGROUND, np.uint8)
        for row, poses in enumerate((taught, seen)):
            part = column[row * side : (row + 1) * side]
            if athlete is not None and (athlete, frame) in poses:
                part[:] = kind.draw(poses[athlete, frame], side)
        wider: Array = np.concatenate([picture, column], axis=1)
        for row, title in enumerate(("teacher", "student")):
            draw_text(wider, title, (picture.shape[1] + 4, row * side))
        return wider

    return panel


def pose3d_panel(layout: Layout, video: str) -> Panel:
    """The pose in 3D from two sides, by the shipped embedding. Raises ArtefactError without poses."""
    found = _of_poses(layout, video, KINDS["vipe"])

    def panel(picture: Array, frame: int, athlete: int | None) -> Array:
        return pose3d.beside(picture, None if athlete is None else found.get((athlete, frame)))

    return panel
