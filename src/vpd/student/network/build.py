"""A student of either kind from its description."""

from __future__ import annotations

from vpd.student.network.base import BaseStudent
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.student.network.spec import StudentSpec
from vpd.student.network.student import Student


def build_student(spec: StudentSpec, weights: str = "") -> BaseStudent:
    """The student of this description, not trained; ``weights`` are a `Student` encoder's first ones."""
    return PoseReadingStudent(spec) if spec.reads_poses else Student(spec, weights)
