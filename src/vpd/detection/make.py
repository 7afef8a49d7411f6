"""Make the detector that the settings describe."""

from __future__ import annotations

from vpd.detection.base import FrameDetector
from vpd.detection.by_search import SearchDetector
from vpd.detection.combined import CombinedDetector
from vpd.detection.trained import PAPER, TrainedDetector
from vpd.settings import DetectSettings


def make_detector(settings: DetectSettings, joints: int = 0) -> FrameDetector:
    """An unfitted detector; with ``paper`` the paper's network, schedule and decoding.

    ``joints`` : see `vpd.detection.base.FrameDetector`.
    """
    shared = {
        "folds": settings.folds,
        "class_agnostic": settings.class_agnostic,
        "points_s": settings.points_s,
        "seed": settings.seed,
        "sides": settings.sides,
        "joints": joints,
    }
    trained = TrainedDetector(epochs=settings.epochs)
    trained.set_params(**shared)
    if settings.paper:
        return trained.set_params(**PAPER)  # type: ignore[no-any-return]  # scikit-learn has no types
    if settings.method == "search":
        return SearchDetector(**shared)  # type: ignore[arg-type]  # the names are those of its parameters
    return trained if settings.method == "trained" else CombinedDetector(trained)
