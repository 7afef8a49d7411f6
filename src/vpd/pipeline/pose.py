"""The step `pose`: 17 keypoints of every athlete in every frame of its track."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vpd.library.artefact import Recipe
from vpd.library.poses import write_poses
from vpd.library.tracks import read_tracks
from vpd.models import MODELS
from vpd.pipeline import track
from vpd.pipeline.sources import Output, Sources, Work, file_key
from vpd.settings import PoseSettings

if TYPE_CHECKING:
    from vpd.pose.estimator import PoseEstimator

VERSION = 1


def outputs(sources: Sources, video: str) -> list[Output]:
    """The poses."""
    settings = sources.settings.pose
    if settings.estimator in MODELS:
        network = MODELS[settings.estimator].sha256
    else:
        network = _network_key(settings.estimator)
    inputs = {"track": track.outputs(sources, video)[0].recipe.key, "estimator": network}
    # Not the file's path, which may change; its content counts.
    matter = {k: v for k, v in sources.that_matter(settings, "pose").items() if k != "estimator"}
    return [Output(sources.layout.poses(video), Recipe("pose", VERSION, matter, inputs))]


@lru_cache(maxsize=4)
def _network_key(path: str) -> str:
    return file_key(Path(path).expanduser())


@lru_cache(maxsize=1)
def _estimator(settings: PoseSettings, threads: int) -> PoseEstimator:
    from vpd.pose.table import open_estimator

    return open_estimator(settings, threads)


def make(work: Work, wanted: list[Output]) -> None:
    """Estimate the poses of all tracks."""
    from vpd.pose.estimation import estimate

    tracks = read_tracks(work.layout.tracks(work.video))
    estimator = _estimator(work.settings.pose, work.threads)
    frames = work.frames() if tracks else iter(())
    write_poses(wanted[0].path, estimate(frames, tracks, estimator, work.settings.pose), wanted[0].recipe)
