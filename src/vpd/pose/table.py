"""The back ends of pose estimation, with requirements and abilities. A new one is a module and an entry
here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import SettingsError
from vpd.pose.estimator import PoseEstimator
from vpd.pose.movenet import MoveNet
from vpd.pose.onnx_estimator import OnnxEstimator
from vpd.settings.pose import PoseSettings


@dataclass(frozen=True)
class Backend:
    """One back end: its name in the settings, its requirements, its constructor."""

    named: str
    needs: str
    licence: str
    open: Callable[[PoseSettings, int], PoseEstimator]


BACKENDS = {
    "movenet_thunder": Backend(
        named="movenet_thunder",
        needs="nothing: shipped",
        licence="Apache-2.0",
        open=lambda settings, threads: MoveNet(threads),
    ),
    "onnx": Backend(
        named="path of a file that ends in .onnx",
        needs="a top-down network with COCO-17 joints first: heatmap (HRNet, ViTPose) or SimCC (RTMPose)",
        licence="the file's own",
        open=lambda settings, threads: OnnxEstimator(
            Path(settings.estimator).expanduser(), settings.mean, settings.std, threads
        ),
    ),
}


def open_estimator(settings: PoseSettings, threads: int = 0) -> PoseEstimator:
    """The estimator that the settings name. Raises SettingsError where there is none of that name."""
    kind = "onnx" if settings.estimator.lower().endswith(".onnx") else settings.estimator
    if kind not in BACKENDS or kind == settings.estimator == "onnx":
        known = ", ".join(backend.named for backend in BACKENDS.values())
        raise SettingsError(f"pose.estimator = {settings.estimator!r} is not known. Known: {known}")
    return BACKENDS[kind].open(settings, threads)
