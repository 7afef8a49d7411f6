"""An embedding of movements seen from any side: what a window of 2D poses tells of the movement in 3D."""

from vpd.teachers.vipe_window.model import VipeWindow, VipeWindowCard, shipped

__all__ = ["VipeWindow", "VipeWindowCard", "shipped"]
