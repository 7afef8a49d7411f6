"""The step `distill`: one student for the whole library, trained again only when it must be.

It is out of date when its settings or its training data changed. New videos alone do not retrain it: the
existing student embeds them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.artefact import Recipe, read_recipe
from vpd.library.dataset import recognised
from vpd.library.features import read_features
from vpd.library.labels import read_labels
from vpd.library.poses import read_poses
from vpd.library.sealed_files import read_json
from vpd.pipeline import crop, pose, teach
from vpd.pipeline.sources import Sources, file_key

if TYPE_CHECKING:  # torch takes seconds to import, and most commands do not need it.
    from vpd.student import Progress, VideoSource
    from vpd.student.corpus.corpus import Span

VERSION = 2
WEIGHTS, CONFIG, CHECKPOINT = "student.safetensors", "config.json", "checkpoint.safetensors"
"""The files of a student, as named by `vpd.student.inference.store`. This module does not import torch."""


@dataclass(frozen=True)
class StudentState:
    """The state of the student.

    Attributes
    ----------
    trained_on : the videos that it learned from; none where there is no student.
    due : why it must be trained, "" where it need not be.
    ended_early : where its training reached ``time_limit_minutes``, how far it came; else "".
    """

    name: str
    trained_on: tuple[str, ...]
    due: str
    ended_early: str = ""

    @property
    def exists(self) -> bool:
        """Whether there is a student, of these settings or others."""
        return bool(self.trained_on)


def folder(sources: Sources) -> Path:
    """The folder of the student that the settings name."""
    return sources.layout.student(sources.settings.distill.name)


def learned_from(sources: Sources, videos: Iterable[str]) -> list[str]:
    """Those of the videos that the settings' `learn_from` lets the student see.

    Raises LabelError where splits.csv is wrong.
    """
    layout = sources.layout
    if sources.settings.distill.learn_from == "all" or not layout.splits.is_file():
        return list(videos)
    from vpd.recognition.split import TEST, read_split

    places = read_split(layout.splits, sources.videos.names)
    tested = {name.rpartition("@")[0] or name for name, place in places.items() if place.split == TEST}
    return [video for video in videos if video not in tested]


def removed(sources: Sources, student: StudentState) -> list[str]:
    """The videos that the student learned from and that are no longer in the library."""
    return [video for video in student.trained_on if video not in sources.videos.rows]


def _spans(sources: Sources) -> dict[str, list[Span]] | None:
    """By video the spans that the student may see; None for all of each video."""
    layout = sources.layout
    if sources.settings.distill.learn_from != "actions":
        return None
    if ("spans",) not in sources.made:
        if not layout.labels.is_file():
            raise InputError('learn_from = "actions" in [distill] needs labels; there is no labels.csv')
        found: dict[str, list[Span]] = {}
        for segment in recognised(layout, read_labels(layout.labels, sources.videos)):
            start_s, end_s = segment.window_s or (segment.start_s, segment.end_s)
            found.setdefault(segment.video, []).append((start_s, end_s, segment.athlete))
        sources.made["spans",] = found
    spans: dict[str, list[Span]] = sources.made["spans",]
    return spans


def video_key(sources: Sources, video: str) -> str:
    """The key of everything that a student learns from one video."""
    heads = sources.settings.distill.heads
    keys = [
        crop.outputs(sources, video)[0].recipe.key,
        pose.outputs(sources, video)[0].recipe.key,
        *(teach.output(sources, video, head.teacher).recipe.key for head in heads),
    ]
    if (masks := sources.layout.given_masks(video)).is_file():
        keys.append(read_recipe(masks)["key"])
    if (spans := _spans(sources)) is not None:
        keys.append(json.dumps(spans.get(video, [])))
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:32]


def recipe(sources: Sources, videos: Sequence[str]) -> Recipe:
    """The recipe of a student trained now on ``videos``."""
    settings = sources.settings.distill.of_the_result()
    inputs = {video: video_key(sources, video) for video in sorted(videos)}
    return Recipe("distill", VERSION, settings, inputs)


def weights_key(sources: Sources) -> str | None:
    """Hash of the student's weights; None where there are none."""
    path = folder(sources) / WEIGHTS
    try:
        found = path.stat()
    except OSError:
        return None
    return _hashed(path, (found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=1)
def _hashed(path: Path, stamp: tuple[int, int]) -> str:
    return file_key(path)


def state(sources: Sources) -> StudentState:
    """Compare the trained student with the current settings and inputs."""
    name = sources.settings.distill.name
    try:
        config = read_json(folder(sources) / CONFIG)
        made_from: dict[str, Any] = config["recipe"]
    except FileNotFoundError:
        return StudentState(name, (), "there is no student yet")
    except (OSError, ValueError, KeyError):
        return StudentState(name, (), f"the student's {CONFIG} is damaged")
    weights = weights_key(sources)
    if weights is None:
        return StudentState(name, (), "the student's weights are gone")
    if weights != config.get("weights", weights):
        return StudentState(name, (), "the student's weights are damaged")
    trained = tuple(made_from["inputs"])
    settings = sources.settings.distill.of_the_result()
    before = made_from["settings"]
    if made_from["version"] != VERSION or before != settings:
        other = sorted(key for key in settings.keys() | before.keys() if settings.get(key) != before.get(key))
        return StudentState(name, trained, f"its settings changed: {', '.join(other) or 'version'}")
    changed = [
        video
        for video, key in made_from["inputs"].items()
        if video in sources.videos.rows and video_key(sources, video) != key
    ]
    due = f"{len(changed)} of {counted(len(trained), 'video')} it learned from changed" if changed else ""
    if not due and (others := len(trained) - len(learned_from(sources, trained))):
        due = f"it learned from {counted(others, 'video')} that splits.csv tests"
    early: dict[str, Any] | None = config.get("ended_early")
    if early is None:
        return StudentState(name, trained, due)
    limit = sources.settings.distill.time_limit_minutes
    if not due and (limit is None or limit > early["minutes"]):
        due = f"its training ended early, after {early['minutes']:g} minutes, and may now continue"
    return StudentState(name, trained, due, ended_early(early))


def ended_early(early: dict[str, Any]) -> str:
    """The progress of a training that reached its time limit, from config.json."""
    read = f"{early['read']:,} of {early['of_read']:,} crops read, " if "read" in early else ""
    return (
        f"the training reached time_limit_minutes = {early['minutes']:g}: "
        f"{read}{early['images']:,} of {early['of_images']:,} crops seen"
    )


def _video_sources(sources: Sources, videos: Sequence[str]) -> Iterator[VideoSource]:
    from vpd.student import VideoSource

    layout = sources.layout
    for video in videos:
        masks, spans = layout.given_masks(video), _spans(sources)
        yield VideoSource(
            video=video,
            crops=layout.crops(video),
            features={
                head.teacher: read_features(layout.features(head.teacher, video))
                for head in sources.settings.distill.heads
            },
            poses=read_poses(layout.poses(video)),
            masks=masks if masks.is_file() else None,
            spans=None if spans is None else spans.get(video, []),
        )


def remove_checkpoint(sources: Sources, student: StudentState) -> None:
    """Remove the checkpoint of a training that has ended: a kill after its end may have left it."""
    if not student.due and not student.ended_early:
        (folder(sources) / CHECKPOINT).unlink(missing_ok=True)


def make(sources: Sources, videos: Sequence[str], progress: Callable[[Progress], None]) -> None:
    """Train the student on ``videos``, or continue a training that was stopped."""
    from vpd.student import distill

    if not videos:
        raise InputError("there is no video to learn from.")
    distill(
        _video_sources(sources, sorted(videos)),
        sources.settings.distill,
        folder(sources),
        recipe(sources, videos),
        progress=progress,
        readings=sources.layout.readings,
    )
