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
from vpd.strings import Sentence

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
    if end_s <= start_s:
        raise InputError(Sentence("error_span_empty", {"start": f"{start_s:g}", "end": f"{end_s:g}"}))


@dataclass(frozen=True, eq=False)
class VideoInfo:
    """What is known of one video after decoding it once.

    Attributes
    ----------
    video : str
        Identifier, unique in its library and usable as a file name.
    path : Path
        Where the file lies.
    key : str
        Content key (hex), the same wherever the file is moved.
    width, height : int
        Size in pixels as displayed, after rotation.
    rotation : int
        Degrees (0, 90, 180, 270) that a stored picture is turned clockwise for display.
    fps : Fraction
        Average frame rate, for information only: frames never stand for time.
    times_s : array (T,) float64
        Presentation time of every frame that decodes, seconds.
    warning : str
        What was wrong with a file that could still be read, else "".
    about : str
        In a line, what the file is and what was done with its pictures.
    rate_given : bool
        Whether the rate is the user's, since the file neither carries times nor states it.

    Examples
    --------
    >>> info = VideoInfo("a", Path("a.mp4"), "", 640, 360, 0, Fraction(25), [0.0, 0.04, 0.08])
    >>> info.frames, round(info.duration_s, 2)
    (3, 0.12)
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
    athlete : int
        Number of the athlete within the video, from 0.
    frames : array (T,) int64
        Numbers of the frames, strictly increasing.
    times_s : array (T,) float64
        Seconds of the video's clock.
    boxes : array (T, 4) float32
        x, y, w, h in pixels of the displayed picture.
    scores : array (T,) float32
        The detector's confidence, in 0..1.
    sources : array (T,) str
        How each box came to be: "detected", "interpolated", "user", ...

    Raises
    ------
    InputError
        Where shapes differ or frames do not increase.

    Examples
    --------
    >>> Track(0, [3, 4], [0.12, 0.16], [[10, 20, 30, 60]] * 2, [0.9, 0.8], ["detected"] * 2).boxes.shape
    (2, 4)
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
    athlete : int
        Number of the athlete within the video, from 0.
    frames : array (T,) int64
        Numbers of the frames, strictly increasing.
    keypoints : array (T, 17, 3) float32
        x, y in pixels of the displayed picture and score in 0..1, in COCO's order.

    Raises
    ------
    InputError
        Where shapes differ.

    Examples
    --------
    >>> poses = PoseSequence(0, [0, 1], np.ones((2, 17, 3)))
    >>> poses.scores.tolist()
    [1.0, 1.0]
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
    video : str
        Id of the video.
    athlete : int
        Number of the athlete within the video, from 0.
    frames : array (T,) int64
        Numbers of the frames, strictly increasing.
    times_s : array (T,) float64
        Seconds of the video's clock.
    values : array (T, 2, d) float32
        The frame as it is (``REGULAR``) and mirrored (``MIRRORED``).
    valid : array (T,) bool
        False where there is no feature (its values are then arbitrary but finite).
    scores : array (T,) float32
        The confidence of each frame in 0..1; 1 where nothing is known.

    Raises
    ------
    InputError
        Where shapes differ.

    Examples
    --------
    >>> sequence = FeatureSequence("a", 0, [0, 1], [0.0, 0.04], np.zeros((2, 2, 26)), [True, True], [1, 1])
    >>> len(sequence), sequence.d
    (2, 26)
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

    Attributes
    ----------
    video : str
        Id of the video.
    start_s, end_s : float
        Seconds of the video's clock, start < end; the end is not included.
    athlete : int or None
        Number of the athlete; None where any is meant.
    label : str or None
        The action.
    window_s : tuple of float or None
        Start and end, in seconds, of what recognition, search and retrieval look at where that is not the
        action itself, such as the approach to a jump.

    Raises
    ------
    InputError
        For an empty or reversed span or window.

    Examples
    --------
    >>> Segment("match_1", 62.5, 64.0, label="serve").duration_s
    1.5
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
    """A segment that was found: ``label`` is what it was taken for.

    Attributes
    ----------
    score : float
        How sure it is, in 0..1.

    Raises
    ------
    InputError
        For a score outside of 0..1, and as `Segment`.

    Examples
    --------
    >>> Detection("match_1", 62.5, 64.0, label="serve", score=0.8).score
    0.8
    """

    score: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.score <= 1:
            raise InputError(f"the score {self.score} of a detection is not within 0..1")
