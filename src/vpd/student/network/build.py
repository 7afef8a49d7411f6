"""Build a student of either kind from its specification."""

from __future__ import annotations

from vpd.student.network.base import BaseStudent
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.student.network.spec import StudentSpec
from vpd.student.network.student import Student


def build_student(spec: StudentSpec, weights: str = "") -> BaseStudent:
    """An untrained student of this specification. ``weights`` are the first weights of a `Student`'s
    encoder.
    """
    return PoseReadingStudent(spec) if spec.reads_poses else Student(spec, weights)
