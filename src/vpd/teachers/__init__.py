"""The teachers: weak pose features from poses."""

from vpd.teachers.table import TEACHERS, Teacher, TeacherEntry, teacher

__all__ = ["TEACHERS", "Teacher", "TeacherEntry", "teacher"]
