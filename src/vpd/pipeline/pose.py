"""The step `pose`: 17 keypoints of every athlete in every frame of its track, estimated or as given."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpd.errors import InputError
from vpd.formats.pose_joints import own_joints
from vpd.formats.poses import GivenPoses, read_given
from vpd.library.artefact import Recipe
from vpd.library.poses import write_poses
from vpd.library.tracks import read_tracks
from vpd.models import MODELS
from vpd.pipeline import track
from vpd.pipeline.sources import Output, Sources, Work, file_key, once_a_video
from vpd.settings import PoseSettings
from vpd.types import PoseSequence, Track

if TYPE_CHECKING:
    from vpd.pose.estimator import PoseEstimator

VERSION = 1


@once_a_video
def outputs(sources: Sources, video: str) -> list[Output]:
    """The file of poses, with its recipe."""
    settings, given = sources.settings.pose, sources.given.poses.get(video)
    inputs = {"track": track.outputs(sources, video)[0].recipe.key}
    matter: dict[str, Any] = {}
    if given is not None:
        inputs["given"] = file_key(given)
        if sources.given.joints.is_file():
            inputs["joints"] = file_key(sources.given.joints)
    else:
        known = settings.estimator in MODELS
        inputs["estimator"] = MODELS[settings.estimator].sha256 if known else _network_key(settings.estimator)
        # Not the file's path, which may change; its content counts.
        matter = {k: v for k, v in settings.of_the_result().items() if k != "estimator"}
    return [Output(sources.layout.poses(video), Recipe("pose", VERSION, matter, inputs))]


@lru_cache(maxsize=4)
def _network_key(path: str) -> str:
    return file_key(Path(path).expanduser())


@lru_cache(maxsize=1)
def _estimator(settings: PoseSettings, threads: int) -> PoseEstimator:
    from vpd.pose.table import open_estimator

    return open_estimator(settings, threads)


def make(work: Work, wanted: list[Output]) -> None:
    """Estimate the poses of all tracks, or use the user's."""
    tracks = read_tracks(work.layout.tracks(work.video))
    given = work.sources.given.poses.get(work.video)
    out = wanted[0]
    if given is not None:
        found = read_given(given, own_joints(work.sources.given.joints))
        notes: dict[str, Any] = {"given": given.name, "program": found.program}
        notes |= {"missing": list(found.missing)} if found.missing else {}
        write_poses(out.path, _taken(given, found, tracks), replace(out.recipe, notes=notes))
        return
    from vpd.pose.estimation import estimate

    estimator = _estimator(work.settings.pose, work.threads)
    frames = work.frames() if tracks else iter(())
    write_poses(out.path, estimate(frames, tracks, estimator, work.settings.pose), out.recipe)


def _taken(given: Path, found: GivenPoses, tracks: list[Track]) -> list[PoseSequence]:
    """The user's poses by track. Raises InputError where none lies on a track."""
    from vpd.pose.outside import by_athlete

    poses = by_athlete(found, tracks)
    if tracks and found.poses and not any(len(p.frames) for p in poses):
        raise InputError(
            f"no pose of {given} lies on a tracked athlete: are they in pixels of the upright picture, "
            "and frames numbered from 0?"
        )
    return poses
