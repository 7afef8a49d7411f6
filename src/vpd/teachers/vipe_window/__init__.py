"""View-invariant embedding of a window of 2D poses."""

from vpd.teachers.vipe_window.model import VipeWindow, VipeWindowCard, shipped

__all__ = ["VipeWindow", "VipeWindowCard", "shipped"]
