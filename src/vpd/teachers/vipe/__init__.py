"""View-invariant pose embedding after the paper's VIPE* (paper 3.1; differences: docs/vipe.md)."""

from vpd.teachers.vipe.features import features
from vpd.teachers.vipe.model import Vipe, VipeCard, shipped

__all__ = ["Vipe", "VipeCard", "features", "shipped"]
