"""The teachers by name: what makes weak features of poses, and their size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vpd.errors import InputError
from vpd.teachers import joints2d
from vpd.teachers.vipe.features import ShippedTeacher
from vpd.teachers.vipe.model import SHIPPED_D
from vpd.types import Array, FeatureSequence, PoseSequence


class Teacher(Protocol):
    """Features of one athlete's poses, both orientations; ``times_s`` holds the time of every video frame."""

    def __call__(self, poses: PoseSequence, times_s: Array, video: str = "") -> FeatureSequence: ...


@dataclass(frozen=True)
class TeacherEntry:
    """One teacher.

    Attributes
    ----------
    make : loads what it needs and gives the teacher.
    d : size of its features.
    needs : what must be present, for the user to read; "" for nothing.
    """

    make: Callable[[], Teacher]
    d: int
    needs: str = ""


TEACHERS: dict[str, TeacherEntry] = {
    "joints2d": TeacherEntry(lambda: joints2d.features, joints2d.D),
    "vipe": TeacherEntry(ShippedTeacher, SHIPPED_D, "poses of movenet_thunder"),
}


def teacher(name: str) -> Teacher:
    """The teacher called ``name``. Raises InputError for an unknown one."""
    if name not in TEACHERS:
        raise InputError(f"there is no teacher {name!r}; there are {', '.join(TEACHERS)}")
    return TEACHERS[name].make()
