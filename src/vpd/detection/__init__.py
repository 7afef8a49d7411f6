"""Find labelled actions in uncut video."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vpd.detection.frame_scores import FrameScores
from vpd.detection.targets import split_reviewed
from vpd.library.labels import REVIEWED

if TYPE_CHECKING:
    from vpd.detection.by_search import SearchDetector
    from vpd.detection.combined import CombinedDetector
    from vpd.detection.trained import PAPER, TrainedDetector

_LATER = {
    "CombinedDetector": "combined",
    "PAPER": "trained",
    "SearchDetector": "by_search",
    "TrainedDetector": "trained",
}
"""Names whose modules import torch, which takes seconds and 400 MB, and which label checks do not need."""

__all__ = [
    "PAPER",
    "REVIEWED",
    "CombinedDetector",
    "FrameScores",
    "SearchDetector",
    "TrainedDetector",
    "split_reviewed",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"vpd.detection.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
