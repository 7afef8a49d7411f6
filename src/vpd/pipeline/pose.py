"""The step `pose`: 17 keypoints of every athlete in every frame of its track, estimated or as given."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vpd.errors import InputError
from vpd.formats.pose_joints import own_joints
from vpd.formats.poses import GivenPoses, read_given
from vpd.library.artefact import Recipe
from vpd.library.poses import write_poses
from vpd.library.tracks import read_tracks
from vpd.models import MODELS
from vpd.pipeline import track
from vpd.pipeline.passes import Watcher
from vpd.pipeline.sources import Output, Sources, Work, file_key, once_a_video
from vpd.settings import PoseSettings
from vpd.types import PoseSequence, Track

if TYPE_CHECKING:
    from vpd.pose.estimator import PoseEstimator
    from vpd.video import Frame

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
    watcher = watch(work, wanted)
    if watcher is not None:
        work.show({"pose": watcher})
        return
    out, tracks = wanted[0], read_tracks(work.layout.tracks(work.video))
    given = work.sources.given.poses.get(work.video)
    if given is None:
        write_poses(out.path, [], out.recipe)
        return
    found = read_given(given, own_joints(work.sources.given.joints))
    notes: dict[str, Any] = {"given": given.name, "program": found.program}
    notes |= {"missing": list(found.missing)} if found.missing else {}
    write_poses(out.path, _taken(given, found, tracks), replace(out.recipe, notes=notes))


def watch(work: Work, wanted: list[Output]) -> Watcher | None:
    """What estimates the poses frame by frame; None where no frame is needed."""
    if work.sources.given.poses.get(work.video) is not None:
        return None
    tracks = read_tracks(work.layout.tracks(work.video))
    return _Poses(work, tracks, wanted[0]) if tracks else None


class _Poses:
    """Poses of one video, written at the end."""

    def __init__(self, work: Work, tracks: list[Track], out: Output) -> None:
        from vpd.pose.estimation import Estimation

        settings = work.settings.pose
        self._estimation = Estimation(tracks, _estimator(settings, work.threads), settings)
        self._out = out

    def __enter__(self) -> Self:
        return self

    def add(self, frame: Frame) -> None:
        self._estimation.add(frame)

    def finish(self) -> None:
        write_poses(self._out.path, self._estimation.finish(), self._out.recipe)

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""


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
