"""The containers that pass between the parts. Each checks shape and type when made; missing is a mask.

Axes: T frames, J = 17 COCO joints, d feature size. Boxes are xywh in pixels, times are seconds of the
video's own clock, frames are numbered from 0 in decode order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpd.errors import InputError

Array = NDArray[Any]
COCO17 = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee",
    "left_ankle", "right_ankle",
)  # fmt: skip
"""Joint names in COCO order; left is the person's own left."""
LAST_STEPS = 16
"""Frames at the end of a video whose median length is taken for that of the last."""
REGULAR, MIRRORED = 0, 1
"""Index of each orientation in the second axis of a feature array."""


def _checked(name: str, values: Any, dtype: Any, shape: tuple[int | None, ...]) -> Array:
    array = np.asarray(values, dtype=dtype)
    fits = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = tuple("any" if want is None else want for want in shape)
        raise InputError(f"{name} has shape {array.shape}, expected {expected}")
    return array


def _check_span(start_s: float, end_s: float) -> None:
    if not (np.isfinite(start_s) and np.isfinite(end_s)):
        raise InputError(f"the span {start_s} to {end_s} s is not finite")
    if start_s < 0 or end_s <= start_s:
        raise InputError(f"the span {start_s:g} to {end_s:g} s is empty, reversed or starts before 0")


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """What is known of one video after decoding it once.

    Attributes
    ----------
    video : identifier, unique in its library and usable as a file name.
    path : where the file lies.
    key : content key (hex), the same wherever the file is moved.
    width, height : size in pixels as displayed, after rotation.
    rotation : degrees (0, 90, 180, 270) that a stored picture is turned clockwise for display.
    fps : average frame rate, for information only: frames never stand for time.
    times_s : (T,) float64, presentation time of every frame that decodes.
    warning : what was wrong with a file that could still be read, else "".
    about : in a line, what the file is and what was done with its pictures.
    rate_given : whether the rate is the user's, since the file neither carries times nor states it.
    """

    video: str
    path: Path
    key: str
    width: int
    height: int
    rotation: int
    fps: Fraction
    times_s: Array
    warning: str = ""
    about: str = ""
    rate_given: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", _checked("times_s", self.times_s, np.float64, (None,)))

    @property
    def frames(self) -> int:
        """Number of frames that decode."""
        return len(self.times_s)

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last, which lasts as long as those just before did."""
        if not self.frames:
            return 0.0
        steps = np.diff(self.times_s[-LAST_STEPS:])
        last = float(np.median(steps)) if len(steps) else float(1 / self.fps) if self.fps else 0.0
        return float(self.times_s[-1] - self.times_s[0]) + last


@dataclass(frozen=True, eq=False)
class Track:
    """One athlete's boxes in one video.

    Attributes
    ----------
    frames : (T,) int64, strictly increasing.
    times_s : (T,) float64.
    boxes : (T, 4) float32, x, y, w, h in pixels of the displayed picture.
    scores : (T,) float32 in 0..1, the detector's confidence.
    sources : (T,) str, how each box came to be: "detected", "interpolated", "user", ...
    """

    athlete: int
    frames: Array
    times_s: Array
    boxes: Array
    scores: Array
    sources: Array

    def __post_init__(self) -> None:
        n = len(self.frames)
        for name, dtype, shape in (
            ("frames", np.int64, (n,)),
            ("times_s", np.float64, (n,)),
            ("boxes", np.float32, (n, 4)),
            ("scores", np.float32, (n,)),
            ("sources", np.str_, (n,)),
        ):
            object.__setattr__(self, name, _checked(name, getattr(self, name), dtype, shape))
        if n > 1 and not (np.diff(self.frames) > 0).all():
            raise InputError("the frames of a track must be strictly increasing")


@dataclass(frozen=True, eq=False)
class PoseSequence:
    """One athlete's poses in one video.

    Attributes
    ----------
    frames : (T,) int64, strictly increasing.
    keypoints : (T, 17, 3) float32, x, y in pixels of the displayed picture and score in 0..1, COCO order.
    """

    athlete: int
    frames: Array
    keypoints: Array

    def __post_init__(self) -> None:
        n = len(self.frames)
        object.__setattr__(self, "frames", _checked("frames", self.frames, np.int64, (n,)))
        object.__setattr__(self, "keypoints", _checked("keypoints", self.keypoints, np.float32, (n, 17, 3)))

    @property
    def scores(self) -> Array:
        """(T,) float32, mean keypoint score of each frame."""
        mean: Array = self.keypoints[:, :, 2].mean(axis=1)
        return mean


@dataclass(frozen=True, eq=False)
class FeatureSequence:
    """Features of one athlete over consecutive frames, or over one action.

    Attributes
    ----------
    frames : (T,) int64, strictly increasing.
    times_s : (T,) float64.
    values : (T, 2, d) float32, the frame as it is (``REGULAR``) and mirrored (``MIRRORED``).
    valid : (T,) bool, False where there is no feature (its values are then arbitrary but finite).
    scores : (T,) float32 in 0..1, the confidence of each frame; 1 where nothing is known.
    """

    video: str
    athlete: int
    frames: Array
    times_s: Array
    values: Array
    valid: Array
    scores: Array

    def __post_init__(self) -> None:
        n = len(self.frames)
        for name, dtype, shape in (
            ("frames", np.int64, (n,)),
            ("times_s", np.float64, (n,)),
            ("values", np.float32, (n, 2, None)),
            ("valid", np.bool_, (n,)),
            ("scores", np.float32, (n,)),
        ):
            object.__setattr__(self, name, _checked(name, getattr(self, name), dtype, shape))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def d(self) -> int:
        """Size of one feature."""
        return int(self.values.shape[2])


@dataclass(frozen=True)
class Segment:
    """A span of one athlete's time in one video; with a label it is an example.

    ``athlete`` is None where any athlete is meant. ``window_s`` (start, end) is what recognition, search and
    retrieval look at where that is not the action itself, such as the approach to a jump. Raises InputError
    for an empty or reversed span or window.
    """

    video: str
    start_s: float
    end_s: float
    athlete: int | None = None
    label: str | None = None
    window_s: tuple[float, float] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check_span(self.start_s, self.end_s)
        if self.window_s is not None:
            _check_span(*self.window_s)

    @property
    def duration_s(self) -> float:
        """Length of the span in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Detection(Segment):
    """A segment that was found: ``label`` is what it was taken for, ``score`` in 0..1 how surely."""

    score: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.score <= 1:
            raise InputError(f"the score {self.score} of a detection is not within 0..1")
