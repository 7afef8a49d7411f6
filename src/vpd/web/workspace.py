"""The library in the view of the page: its tables, read again when their files change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from vpd.crops import CropFile
from vpd.errors import ArtefactError, InputError
from vpd.library.artefact import read_notes
from vpd.library.frames import Recording, read_times
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.library.tracks import read_tracks
from vpd.library.videos import VideoRow, Videos
from vpd.settings import Settings
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.types import Array, PoseSequence, Track

KEPT = 128
"""Number of files whose contents are kept in memory."""

T = TypeVar("T")


class NotThereError(InputError):
    """The page requested an item that the library does not have."""


def _stamp(path: Path) -> tuple[int, int]:
    """Size and modification time of a file; (0, 0) where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


class Workspace:
    """One library, opened for reading. Several threads may call all methods."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, Path], tuple[tuple[int, int], Any]] = OrderedDict()

    def remember(self, kind: str, path: Path, read: Callable[[Path], T]) -> T:
        """The result of ``read`` for the file, kept until the file changes."""
        key, stamp = (kind, path), _stamp(path)
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[0] == stamp:
                self._kept.move_to_end(key)
                found: T = known[1]
                return found
        value = read(path)
        with self._lock:
            self._kept[key] = (stamp, value)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return value

    @property
    def settings(self) -> Settings:
        """The present settings."""
        return self.remember("settings", self.layout.settings, load_settings)

    @property
    def videos(self) -> Videos:
        """The present table of videos."""
        return self.remember("videos", self.layout.videos, lambda _: Videos.read(self.layout))

    def video(self, video: str) -> VideoRow:
        """The row of a video by its id. Raises NotThereError for an id that is not in the table."""
        row = self.videos.rows.get(video)
        if row is None:
            raise NotThereError(Sentence("error_no_such_video"))
        return row

    def file(self, video: str) -> Path:
        """The path of a video's file. Raises NotThereError, InputError."""
        return self.videos.file(self.video(video).video)

    def recording(self, video: str) -> Recording:
        """The file of a video with the index of its frames. Raises NotThereError, InputError."""
        row = self.video(video)
        made: Recording = self.remember(
            "recording", self.layout.frames(row.video), lambda _: self.videos.recording(row.video)
        )
        return made

    def times(self, video: str) -> Array:
        """(T,) seconds of the frames of a video. Raises NotThereError where it is not scanned."""
        path = self.layout.frames(self.video(video).video)
        return self._artefact("times", path, read_times)

    def tracks(self, video: str) -> list[Track]:
        """The athletes' tracks; empty where they are missing."""
        path = self.layout.tracks(self.video(video).video)
        return self._artefact("tracks", path, read_tracks) if path.is_file() else []

    def ranking(self, video: str) -> dict[str, Any]:
        """The reasons for the chosen athletes: notes of the step `track`; empty where there are none."""
        path = self.layout.tracks(self.video(video).video)
        if not path.is_file():
            return {}
        notes: dict[str, Any] = self._artefact("ranking", path, read_notes)
        return notes

    def poses(self, video: str) -> list[PoseSequence]:
        """The athletes' poses; empty where they are missing."""
        path = self.layout.poses(self.video(video).video)
        return self._artefact("poses", path, read_poses) if path.is_file() else []

    def crops(self, video: str) -> CropFile:
        """The crops of a video. Raises NotThereError where they are missing."""
        return self._artefact("crops", self.layout.crops(self.video(video).video), CropFile)

    def crop_rows(self, video: str, athlete: int, start_s: float, end_s: float, step: int = 1) -> Array:
        """Rows of the crops of an athlete with start_s <= time < end_s, every ``step``-th."""
        crops = self.crops(video)
        inside = (crops.times_s >= start_s) & (crops.times_s < end_s) & (crops.athletes == athlete)
        rows: Array = np.flatnonzero(inside)[:: max(1, step)]
        return rows

    def _artefact(self, kind: str, path: Path, read: Callable[[Path], T]) -> T:
        if not path.is_file():
            raise NotThereError(Sentence("error_not_made", {"what": Sentence(f"files_{path.parent.name}")}))
        try:
            return self.remember(kind, path, read)
        except ArtefactError as error:
            raise NotThereError(error.said) from error
