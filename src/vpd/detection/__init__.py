"""Find labelled actions in uncut video."""

from vpd.detection.by_search import SearchDetector
from vpd.detection.combined import CombinedDetector
from vpd.detection.frame_scores import FrameScores
from vpd.detection.targets import REVIEWED, split_reviewed
from vpd.detection.trained import PAPER, TrainedDetector

__all__ = [
    "PAPER",
    "REVIEWED",
    "CombinedDetector",
    "FrameScores",
    "SearchDetector",
    "TrainedDetector",
    "split_reviewed",
]
