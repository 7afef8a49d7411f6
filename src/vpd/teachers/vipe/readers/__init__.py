"""Readers of 3D motion: a table of file kinds, all converted to one 17-joint layout, metres, z up."""

from vpd.teachers.vipe.readers.table import READERS, read_folder, read_motions

__all__ = ["READERS", "read_folder", "read_motions"]
