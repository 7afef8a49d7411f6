"""The result of every reader of other programs' poses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vpd.errors import LabelError
from vpd.formats.pose_joints import JointMap
from vpd.types import Array

MOST_FRAMES = 10_000_000
"""A frame's number beyond it is none that can be meant: four days at 25 frames/s."""

MOST_SCORE = 10.0
"""The largest score of a joint that is taken, as 1. Some estimators give sure joints up to 2, and COCO's
annotation has 2 for a visible joint. Beyond, scores are in per cent, or no probabilities.
"""


@dataclass(frozen=True, eq=False)
class GivenPose:
    """One person in one frame: the athlete's number where the file identifies people, a score for choosing
    the best person of a frame, and (17, 3) float32 x, y in pixels and score of each joint.
    """

    frame: int
    athlete: int | None
    score: float
    keypoints: Array


@dataclass(frozen=True)
class GivenPoses:
    """The poses of a file.

    Attributes
    ----------
    program : whose file it is.
    missing : joints of COCO that the program does not find. ``left_out``: points that COCO lacks.
    first_is_best : whether the first person of a frame is the athlete, whatever the scores.
    """

    program: str
    poses: list[GivenPose] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    first_is_best: bool = False


ReadPoses = Callable[[Path, Mapping[str, str]], GivenPoses]
"""A reader that takes the user's table of points. It raises LabelError for a file that it does not fully
understand.
"""


def frame_number(value: Any, where: object) -> int:
    """A frame's number from 0 on. Raises LabelError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < MOST_FRAMES or number != int(number):
        raise LabelError(f"{where}: {value!r} is not the number of a frame")
    return int(number)


def number_in(name: str, where: object) -> int:
    """The last number in a file's name. Raises LabelError."""
    found = re.findall(r"\d+", name)
    if not found:
        raise LabelError(f"{where}: the name {name!r} holds no number of a frame")
    return frame_number(found[-1], where)


def numbers(values: Iterable[Any], where: object) -> Array:
    """(N,) float64 of numbers. None and empty text become NaN. Raises LabelError."""
    found = []
    for value in values:
        if value is None or value == "":
            found.append(np.nan)
            continue
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ValueError
            found.append(float(value))
        except ValueError:
            raise LabelError(f"{where}: {value!r} is not a number") from None
    return np.array(found, np.float64)


def triples(values: Sequence[Any], where: object) -> Array:
    """(P, 3) of x, y, score in sequence. Raises LabelError."""
    found = numbers(values, where)
    if not len(found) or len(found) % 3:
        raise LabelError(f"{where}: {len(found)} numbers are not x, y and score of each point")
    return found.reshape(-1, 3)


def person(
    frame: int, athlete: int | None, points: Array, joints: JointMap, score: float | None = None
) -> GivenPose | None:
    """The pose of (P, 3) points; None where no joint was found. Without a score, it gets the mean of its
    joints.
    """
    keypoints = joints.poses(points[None])[0]
    if not keypoints[:, 2].any():
        return None
    mean = float(np.minimum(keypoints[:, 2], 1).mean())
    return GivenPose(frame, athlete, mean if score is None else score, keypoints)


def in_pixels(poses: Sequence[GivenPose], where: object) -> None:
    """Raise LabelError where all joints lie within the first pixels: they are fractions of the picture, or
    metres.
    """
    if poses and max(float(np.abs(p.keypoints[:, :2]).max()) for p in poses) <= 8:
        raise LabelError(f"{where}: its points are not in pixels (shares of the picture, or metres).")


def check_scores(poses: Sequence[GivenPose], where: object) -> None:
    """Raise LabelError where the score of a joint is above `MOST_SCORE`; take scores above 1 as 1."""
    for pose in poses:
        check_score(float(pose.keypoints[:, 2].max()), pose.frame, where)
        np.minimum(pose.keypoints[:, 2], 1, out=pose.keypoints[:, 2])


def check_score(score: float, frame: int, where: object) -> None:
    """Raise LabelError for a score above `MOST_SCORE`."""
    if score > MOST_SCORE:
        raise LabelError(
            f"{where}: frame {frame} has a joint with the score {score:g}. Scores are expected between 0 and "
            "1: divide those in per cent by 100, and put logits through a sigmoid."
        )
