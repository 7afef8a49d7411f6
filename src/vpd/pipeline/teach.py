"""The step `teach`: weak pose features of every teacher that the settings name."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from vpd.library.artefact import Recipe
from vpd.library.features import CONTENT, write_features
from vpd.library.frames import read_times
from vpd.library.poses import read_poses
from vpd.models import MODELS
from vpd.pipeline import pose
from vpd.pipeline.sources import Output, Sources, Work, once_a_video
from vpd.teachers.table import Teacher, entry

VERSION = 1


def names(sources: Sources) -> list[str]:
    """The wanted teachers: those of the settings, and those that the student learns from."""
    heads = [head.teacher for head in sources.settings.distill.heads]
    return list(dict.fromkeys([*sources.settings.teach.teachers, *heads]))


@once_a_video
def output(sources: Sources, video: str, name: str) -> Output:
    """The file of features of one teacher, with its recipe."""
    inputs = {"pose": pose.outputs(sources, video)[0].recipe.key}
    settings: dict[str, Any] = {"teacher": name}
    teacher = entry(name)
    if teacher.model:
        settings["model"] = MODELS[teacher.model].sha256
    if teacher.inverts:
        settings["invert"] = sources.settings.teach.invert
    recipe = Recipe("teach", VERSION, settings, inputs)
    return Output(sources.layout.features(name, video), recipe)


def outputs(sources: Sources, video: str) -> list[Output]:
    """The file of features of each teacher."""
    return [output(sources, video, name) for name in names(sources)]


@lru_cache(maxsize=4)
def _teacher(name: str, invert: bool) -> Teacher:
    return entry(name).make(invert)


def pose_origin(work: Work) -> str:
    """The estimator of the video's poses, or the name of the user's file with them."""
    given = work.sources.given.poses.get(work.video)
    return work.settings.pose.estimator if given is None else f"poses_given/{given.name}"


def make(work: Work, wanted: list[Output]) -> None:
    """Make the features from the poses. Raises MismatchError for poses that a teacher cannot use."""
    poses = read_poses(work.layout.poses(work.video))
    times_s = read_times(work.layout.frames(work.video))
    invert = work.settings.teach.invert
    for out in wanted:
        name = out.path.parent.name
        entry(name).require(pose_origin(work))
        made = _teacher(name, invert)
        sequences = [made(p, times_s, work.video) for p in poses]
        recipe = replace(out.recipe, notes={CONTENT: work.row.key})
        write_features(out.path, sequences, entry(name).size(invert), recipe)
    work.progress(work.row.frames)
