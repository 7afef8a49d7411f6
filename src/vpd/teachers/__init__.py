"""The teachers make weak pose features from poses."""

from vpd.teachers.table import TEACHERS, Teacher, TeacherEntry, entry, ranked, teacher

__all__ = ["TEACHERS", "Teacher", "TeacherEntry", "entry", "ranked", "teacher"]
