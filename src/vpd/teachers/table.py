"""The teachers by name. One entry holds all that settings, student, report and pipeline need.

An entry imports its modules when it is called. So commands that only list teachers do not load torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from vpd.errors import MismatchError, unknown_name
from vpd.settings.old_names import FEATURES, now_called
from vpd.teachers import joints2d
from vpd.types import Array, FeatureSequence, PoseSequence

if TYPE_CHECKING:
    from torch import nn


class Teacher(Protocol):
    """Features of one athlete's poses, both orientations; ``times_s`` holds the time of every video frame."""

    def __call__(self, poses: PoseSequence, times_s: Array, video: str = "") -> FeatureSequence: ...


@dataclass(frozen=True)
class TeacherEntry:
    """One teacher.

    Attributes
    ----------
    about : what its features are, for the user.
    make : loads what it needs and gives the teacher, for poses as they are or also upside down.
    d : size of its features for poses as they are.
    rank : place among the teachers where features are chosen and none is named; 1 is the first.
    joints : joints that features (T, d) stand for: (T, 13, 2) in units of the pose, y down, or (T, 13, 3) in
        metres, z up.
    drawing : which of the two.
    model : name of its weights in `vpd.models`, part of what its features are made from; "" for none.
    estimators : pose estimators for whose poses it is made; none for those of any.
    inverts : whether features of the pose upside down can be appended, which doubles the size.
    on_tensors : (size of its features, seconds of the context) -> the teacher as a network, from which a
        student that reads poses starts: joints (N, K, 17, 2) and scores (N, K, 17) of K frames to (N, K, d),
        or to (N, 1, d) where all frames make one feature. None, or a call that gives None, where there is no
        such network: that part of the student then starts from nothing.
    """

    about: str
    make: Callable[[bool], Teacher]
    d: int
    rank: int
    joints: Callable[[Array], Array]
    drawing: Literal["2d", "3d"]
    model: str = ""
    estimators: tuple[str, ...] = ()
    inverts: bool = False
    on_tensors: Callable[[int, tuple[float, ...]], nn.Module | None] | None = None

    def size(self, invert: bool) -> int:
        """Size of its features; with ``invert``, of those that include the pose upside down."""
        return self.d * 2 if invert and self.inverts else self.d

    def require(self, estimator: str) -> None:
        """Raise MismatchError where the teacher cannot use poses of this estimator."""
        if self.estimators and estimator not in self.estimators:
            raise MismatchError(
                f"this teacher was trained for poses of {', '.join(self.estimators)}, not of {estimator!r}."
                " Estimate the poses with that, or set other teachers in [teach] and [[distill.heads]]:"
                f" {', '.join(n for n, e in TEACHERS.items() if not e.estimators)} takes any poses."
            )


def _vipe(invert: bool) -> Teacher:
    from vpd.teachers.vipe.features import VipeTeacher

    return VipeTeacher(invert)


def _vipe_joints(values: Array) -> Array:
    from vpd.teachers.vipe.model import SHIPPED_D, shipped

    return shipped().decode_3d(values[:, :SHIPPED_D])


def _vipe_on_tensors(d: int, context_s: tuple[float, ...]) -> nn.Module | None:
    from vpd.teachers.on_tensors import vipe_on_tensors

    return vipe_on_tensors(d)


def _vipe_window(invert: bool) -> Teacher:
    from vpd.teachers.vipe_window.features import VipeWindowTeacher

    return VipeWindowTeacher()


def _vipe_window_joints(values: Array) -> Array:
    from vpd.teachers import vipe_window

    return vipe_window.shipped().decode_3d(values)


def _vipe_window_on_tensors(d: int, context_s: tuple[float, ...]) -> nn.Module:
    from vpd.teachers.on_tensors import VipeWindowOnTensors

    return VipeWindowOnTensors(context_s)


def _joints2d_on_tensors(d: int, context_s: tuple[float, ...]) -> nn.Module:
    from vpd.teachers.on_tensors import Joints2dOnTensors

    return Joints2dOnTensors()


TEACHERS: dict[str, TeacherEntry] = {
    "joints2d": TeacherEntry(
        about="normalised 2D joints (teacher of 2D-VPD)",
        make=lambda _: joints2d.features,  # of poses upside down it would say the same
        d=joints2d.D,
        rank=3,
        joints=lambda values: values.reshape(-1, joints2d.D // 2, 2),
        drawing="2d",
        on_tensors=_joints2d_on_tensors,
    ),
    "vipe": TeacherEntry(
        about="view-invariant embedding of the pose (teacher of VI-VPD)",
        make=_vipe,
        d=64,
        rank=2,
        joints=_vipe_joints,
        drawing="3d",
        model="vipe",
        estimators=("movenet_thunder",),
        inverts=True,
        on_tensors=_vipe_on_tensors,
    ),
    "vipe-window": TeacherEntry(
        about="view-invariant embedding of the poses of half a second",
        make=_vipe_window,
        d=64,
        rank=1,
        joints=_vipe_window_joints,
        drawing="3d",
        model="vipe-window",
        estimators=("movenet_thunder",),
        on_tensors=_vipe_window_on_tensors,
    ),
}


def ranked() -> list[str]:
    """Names of the teachers in the order of rank."""
    return sorted(TEACHERS, key=lambda name: TEACHERS[name].rank)


def entry(name: str) -> TeacherEntry:
    """The entry of the teacher called ``name``. Raises InputError for an unknown one."""
    if name not in TEACHERS:
        renamed = now_called(name, FEATURES)
        raise unknown_name("teacher", name, TEACHERS, renamed)
    return TEACHERS[name]


def teacher(name: str, invert: bool = False) -> Teacher:
    """The teacher called ``name``, which makes weak pose features from poses (paper, section 3.1).

    Parameters
    ----------
    name : str
        joints2d, vipe or vipe-window.
    invert : bool
        Append the feature of the pose upside down, of teachers that can (`vipe`).

    Returns
    -------
    Teacher
        A function (poses: `PoseSequence`, times_s (frames of the video,), video: str) to `FeatureSequence`.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> import numpy as np
    >>> from vpd.types import PoseSequence
    >>> poses = PoseSequence(0, [0, 1], np.random.default_rng(0).random((2, 17, 3)))
    >>> teacher("joints2d")(poses, np.array([0.0, 0.04])).values.shape
    (2, 2, 26)
    """
    return entry(name).make(invert)


def on_tensors(name: str, d: int, context_s: tuple[float, ...]) -> nn.Module | None:
    """The teacher as a network (`TeacherEntry.on_tensors`); None where there is none.

    Raises InputError for an unknown teacher, and where the network needs another context.
    """
    make = entry(name).on_tensors
    return make(d, context_s) if make is not None else None
