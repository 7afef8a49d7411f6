"""Recipes of the artefacts of one video: settings, inputs, and their keys.

Keys depend only on the video's content, the settings and the user's files, down the chain of steps. Nothing
else is read. So the state of artefacts is known without running anything.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vpd.errors import ArtefactError, InputError, unknown_name
from vpd.files import read_bytes
from vpd.library.artefact import Recipe, is_current
from vpd.library.layout import Layout
from vpd.library.opening import sync
from vpd.library.user_files import UserFiles
from vpd.library.videos import VideoRow, Videos
from vpd.pipeline.passes import Pictures, Watcher, watch
from vpd.settings import Settings, TeachSettings
from vpd.settings.old_names import FEATURES, now_called
from vpd.settings.presets import PRESETS
from vpd.teachers.table import TEACHERS
from vpd.video import Frame

if TYPE_CHECKING:
    from vpd.athletes.picks import Pick
    from vpd.pipeline.noted import Notes

_Made = TypeVar("_Made")

PROGRESS_FRAMES = 16
"""Number of frames between two reports of progress."""


@dataclass(frozen=True)
class Output:
    """One artefact: its path, and its present recipe."""

    path: Path
    recipe: Recipe

    @property
    def current(self) -> bool:
        """Whether it exists, is readable, and was made by this recipe."""
        return is_current(self.path, self.recipe)


def once_a_video(make: Callable[..., _Made]) -> Callable[..., _Made]:
    """Cache the recipes of one video made by ``make(sources, video, ...)`` until its row changes.

    The recipe of a step is part of the next one's. Without the cache a status of N videos would compute each
    recipe as often as there are later steps.
    """

    @wraps(make)
    def remembered(sources: Sources, video: str, *more: str) -> _Made:
        place = (make.__module__, make.__name__, video, sources.row(video).key, *more)
        if place not in sources.made:
            sources.made[place] = make(sources, video, *more)
        found: _Made = sources.made[place]
        return found

    return remembered


def file_key(path: Path) -> str:
    """Hash of a file that the user or another step wrote, or of all files in a folder.

    Raises ArtefactError where there is none.
    """
    try:
        if not path.is_dir():
            return hashlib.sha256(read_bytes(path, None)).hexdigest()[:32]
        whole = hashlib.sha256()
        for file in sorted(p for p in path.iterdir() if p.is_file()):
            whole.update(f"{file.name}\0{file_key(file)}\0".encode())
        return whole.hexdigest()[:32]
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read ({error.strerror}).") from error


def check_teachers(names: Iterable[str], where: str) -> None:
    """Raise InputError where one of the names, given at ``where``, is no teacher."""
    for name in names:
        if name not in TEACHERS:
            new = now_called(name, FEATURES)
            raise InputError(f"{where}: {unknown_name('teacher', name, TEACHERS, new)}")


class Sources:
    """The library in the view of the steps: paths, settings, videos, and the user's picks."""

    def __init__(self, layout: Layout, settings: Settings, videos: Videos) -> None:
        self.layout, self.settings, self.videos = layout, settings, videos
        check_teachers(settings.teach.teachers, "teachers in [teach] of vpd.toml")
        check_teachers((h.teacher for h in settings.distill.heads), "heads in [distill] of vpd.toml")
        self.made: dict[tuple[str, ...], Any] = {}
        self.notes: Notes | None = None

    def with_teachers(self, names: Sequence[str], invert: bool = False) -> Sources:
        """A copy with these teachers besides those of the settings, and with `invert` where either sets it.
        Raises InputError for unknown ones.
        """
        wanted = tuple(dict.fromkeys([*self.settings.teach.teachers, *names]))
        teach = TeachSettings(teachers=wanted, invert=invert or self.settings.teach.invert)
        check_teachers(teach.teachers, "--teacher")
        return Sources(self.layout, self.settings.model_copy(update={"teach": teach}), self.videos)

    def with_preset(self, preset: str) -> Sources:
        """A copy with the student of this preset. Raises InputError for an unknown one."""
        if preset not in PRESETS:
            raise unknown_name("preset", preset, PRESETS)
        distill = self.settings.distill.with_preset(preset)
        return Sources(self.layout, self.settings.model_copy(update={"distill": distill}), self.videos)

    def anew(self) -> Sources:
        """A copy with the same settings and the present table of videos, also where it lies in a store."""
        sync(self.layout)
        found = Sources(self.layout, self.settings, Videos.read(self.layout))
        found.notes = self.notes
        return found

    def row(self, video: str) -> VideoRow:
        """The video's row."""
        return self.videos.rows[video]

    def is_plain(self, video: str) -> bool:
        """Whether the recipes of a video follow from its content and the settings alone."""
        given = video in self.given.boxes or video in self.given.poses
        return not (given or self.row(video).without_rate or self.picks(video))

    def picks(self, video: str) -> list[Pick]:
        """The user's picks of athletes in the video."""
        return self._picks.get(video, [])

    @cached_property
    def given(self) -> UserFiles:
        """The boxes and poses that the user supplied."""
        return UserFiles(self.layout, self.videos.names)

    def unused(self) -> list[str]:
        """A sentence for each file or pick of the user that belongs to no video."""
        shown = sorted({pick.video for pick in self._all_picks if len(self.videos.matches(pick.video)) != 1})
        name = self.layout.picks.name
        return [*self.given.problems, *(f"picks in {name} are not used: {_why(self, v)}" for v in shown)]

    @cached_property
    def _all_picks(self) -> list[Pick]:
        if not self.layout.picks.is_file():
            return []
        from vpd.athletes.picks import read_picks

        return read_picks(self.layout.picks)

    @cached_property
    def _picks(self) -> dict[str, list[Pick]]:
        picks: dict[str, list[Pick]] = defaultdict(list)
        for pick in self._all_picks:
            meant = self.videos.matches(pick.video)
            if len(meant) == 1:
                picks[meant[0]].append(pick)
        return picks


def _why(sources: Sources, name: str) -> str:
    try:
        sources.videos.id_of(name)
    except InputError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Work:
    """The work of one step on one video: sources, number of threads, the receiver of progress, and the
    pictures where other steps look at them too.
    """

    sources: Sources
    video: str
    threads: int
    progress: Callable[[int], None]
    pictures: Pictures | None = None

    @property
    def layout(self) -> Layout:
        return self.sources.layout

    @property
    def settings(self) -> Settings:
        return self.sources.settings

    @property
    def row(self) -> VideoRow:
        return self.sources.row(self.video)

    def frames(self) -> Iterator[Frame]:
        """Yield all frames of the video, and report progress."""
        pictures = self.pictures or self.to_keep()
        for frame in pictures.frames():
            yield frame
            if frame.frame % PROGRESS_FRAMES == PROGRESS_FRAMES - 1:
                self.progress(PROGRESS_FRAMES)

    def to_keep(self, again: bool = False) -> Pictures:
        """The frames of the video, for one pass, or for several."""
        row = self.row
        size = row.frames * row.width * row.height * 3
        return Pictures(lambda: self.sources.videos.recording(self.video), size, again)

    def show(self, watchers: Mapping[str, Watcher]) -> dict[str, float]:
        """Show all frames to the steps that watch them; see `vpd.pipeline.passes.watch`."""
        return watch(watchers, self.frames())
