"""VIPE*: one embedding of a pose seen from any side, learned from 3D motion (paper 3.1; method: VIPE*)."""

from vpd.teachers.vipe.features import features
from vpd.teachers.vipe.model import Vipe, VipeCard, shipped

__all__ = ["Vipe", "VipeCard", "features", "shipped"]
