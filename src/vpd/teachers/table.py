"""The teachers by name: what makes weak features of poses, and their size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vpd.errors import InputError
from vpd.settings.old_names import FEATURES, now_called
from vpd.teachers import joints2d
from vpd.teachers.vipe.features import ShippedTeacher
from vpd.teachers.vipe.model import SHIPPED_D
from vpd.teachers.vipe_window.features import VipeWindowTeacher
from vpd.types import Array, FeatureSequence, PoseSequence


class Teacher(Protocol):
    """Features of one athlete's poses, both orientations; ``times_s`` holds the time of every video frame."""

    def __call__(self, poses: PoseSequence, times_s: Array, video: str = "") -> FeatureSequence: ...


@dataclass(frozen=True)
class TeacherEntry:
    """One teacher.

    Attributes
    ----------
    make : loads what it needs and gives the teacher, for poses as they are or also upside down.
    d : size of its features for poses as they are.
    needs : what must be present, for the user to read; "" for nothing.
    inverts : whether its features of poses upside down tell more, and double its size.
    """

    make: Callable[[bool], Teacher]
    d: int
    needs: str = ""
    inverts: bool = False

    def size(self, invert: bool) -> int:
        """Size of its features where poses are also turned upside down, or not."""
        return self.d * 2 if invert and self.inverts else self.d


TEACHERS: dict[str, TeacherEntry] = {
    # Joints turned upside down are the same joints: there is nothing to append.
    "joints2d": TeacherEntry(lambda _: joints2d.features, joints2d.D),
    "vipe-window": TeacherEntry(lambda _: VipeWindowTeacher(), SHIPPED_D, "poses of movenet_thunder"),
    "vipe": TeacherEntry(ShippedTeacher, SHIPPED_D, "poses of movenet_thunder", inverts=True),
}


def teacher(name: str, invert: bool = False) -> Teacher:
    """The teacher called ``name``; ``invert`` is the setting of `teach`. Raises InputError for an unknown
    one."""
    if name not in TEACHERS:
        renamed = now_called(name, FEATURES)
        raise InputError(f"there is no teacher {name!r}; there are {', '.join(TEACHERS)}.{renamed}")
    return TEACHERS[name].make(invert)
