"""The table of videos: one row a file, known by an id that stays and by its content wherever it moves."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from vpd.errors import InputError, VideoError
from vpd.library.artefact import Recipe, damaged, read_table, write_parquet
from vpd.library.frames import Recording
from vpd.library.ids import check_id, new_id
from vpd.library.layout import Layout
from vpd.library.names import VideoNames
from vpd.types import VideoInfo

NEW, OK, SET_ASIDE = "new", "ok", "set aside"
"""What can be the status of a video: not yet scanned, usable, or not usable with a reason."""

VERSION = 1
_ARROW = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}


@dataclass(frozen=True)
class VideoRow:
    """One video of the library.

    ``path`` is absolute, ``relative`` the same from the library's folder, so that the library may move with
    its videos or without. ``bytes`` and ``mtime_ns`` tell cheaply that a file has not changed since ``key``,
    its content key, was made. The rest is `VideoInfo`'s, empty until scanned; ``end_s`` is the end of the
    last frame by the video's clock. ``without_rate`` tells that the file neither carries times nor states its
    rate, so that `[scan] fps` holds.
    """

    video: str
    path: str
    relative: str
    bytes: int
    mtime_ns: int
    key: str = ""
    width: int = 0
    height: int = 0
    rotation: int = 0
    fps_numerator: int = 0
    fps_denominator: int = 1
    frames: int = 0
    start_s: float = 0.0
    end_s: float = 0.0
    duration_s: float = 0.0
    status: str = NEW
    error: str = ""
    warning: str = ""
    about: str = ""
    without_rate: bool = False

    @property
    def fps(self) -> Fraction:
        """Average frame rate; 0 before the scan."""
        return Fraction(self.fps_numerator, self.fps_denominator)

    def scanned(self, info: VideoInfo) -> VideoRow:
        """The row with what the scan found."""
        return replace(
            self,
            key=info.key,
            width=info.width,
            height=info.height,
            rotation=info.rotation,
            fps_numerator=info.fps.numerator,
            fps_denominator=info.fps.denominator,
            frames=info.frames,
            start_s=float(info.times_s[0]),
            end_s=float(info.times_s[0]) + info.duration_s,
            duration_s=info.duration_s,
            status=OK,
            error="",
            warning=info.warning,
            about=info.about,
        )

    def set_aside(self, reason: str) -> VideoRow:
        """The row of a video that cannot be used, with the reason in a sentence."""
        return replace(self, status=SET_ASIDE, error=reason)


SCHEMA = pa.schema([(field.name, _ARROW[str(field.type)]) for field in fields(VideoRow)])


@dataclass(frozen=True)
class Registration:
    """What became of the files that were registered: ids, or (file, id) pairs; and what was not registered.

    Attributes
    ----------
    left_out : files that are no recordings, each with the reason.
    problems : files and folders that could not be taken, each with the reason.
    chapters : files that are parts of one recording.
    """

    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    moved: list[tuple[Path, str]] = field(default_factory=list)
    duplicates: list[tuple[Path, str]] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    problems: list[tuple[Path, str]] = field(default_factory=list)
    chapters: list[list[Path]] = field(default_factory=list)


def _stamp(file: Path) -> dict[str, Any]:
    found = file.stat()
    return {"bytes": found.st_size, "mtime_ns": found.st_mtime_ns}


class Videos:
    """The rows of a library's videos by id, in the order they were registered."""

    def __init__(self, layout: Layout, rows: Iterable[VideoRow] = ()) -> None:
        self.layout = layout
        self.rows = {row.video: row for row in rows}
        self._names: VideoNames | None = None

    @classmethod
    def read(cls, layout: Layout) -> Videos:
        """The table of the library; empty where there is none yet. Raises ArtefactError where damaged."""
        if not os.path.lexists(layout.videos) and not layout.videos_copy.is_file():
            return cls(layout)
        return cls.read_from(layout, layout.videos)

    @classmethod
    def read_from(cls, layout: Layout, path: Path) -> Videos:
        """The table in a file of the library. Raises ArtefactError where it is damaged or not there.

        Ids are checked: each is a file's name in every folder of the library.
        """
        table = read_table(path, SCHEMA.names)
        if not table.schema.equals(SCHEMA):
            raise damaged(path, "its columns have other types")
        rows = [VideoRow(**row) for row in table.to_pylist()]
        for row in rows:
            check_id(row.video, path)
        return cls(layout, rows)

    def write(self) -> None:
        """Write the table and its copy, each whole or not at all."""
        rows = [asdict(row) for row in self.rows.values()]
        table = pa.Table.from_pylist(rows, SCHEMA)
        for path in (self.layout.videos_copy, self.layout.videos):
            write_parquet(table, path, Recipe("videos", VERSION))

    def __getitem__(self, video: str) -> VideoRow:
        return self.rows[self.id_of(video)]

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, row: VideoRow) -> None:
        """Add or replace the row of one video."""
        known = self.rows.get(row.video)
        if known is None or known.path != row.path:
            self._names = None
        self.rows[row.video] = row

    def merge(self, rows: Iterable[VideoRow]) -> None:
        """Take over what a run found out of its videos, into a table that others may have changed meanwhile.

        A video that was taken out stays out, and one that was moved stays where it is now.
        """
        for row in rows:
            now = self.rows.get(row.video)
            if now is None:
                continue
            if now.path != row.path:
                row = replace(
                    row, path=now.path, relative=now.relative, bytes=now.bytes, mtime_ns=now.mtime_ns
                )
            self.put(row)

    def usable(self) -> list[str]:
        """Ids of the videos that are scanned and not set aside."""
        return [row.video for row in self.rows.values() if row.status == OK]

    def file(self, video: str) -> Path:
        """Where the file lies now. Raises InputError where it is gone."""
        row = self.rows[video]
        beside = Path(os.path.normpath(self.layout.root / row.relative))
        # The copy that moved with the library goes before the original, if it can be that file at all.
        if row.relative and beside.is_file() and beside.stat().st_size == row.bytes:
            return beside
        if Path(row.path).is_file():
            return Path(row.path)
        raise InputError(
            f"{row.path} is gone. If it was moved, name its new place: `vpd scan FILE_OR_FOLDER`."
        )

    def recording(self, video: str) -> Recording:
        """The file with the index of its frames, to read pictures from. InputError where it is gone."""
        return Recording(self.file(video), self.layout.frames(video))

    def changed(self, video: str) -> bool:
        """Whether the file is another than when it was last seen, by size and time of change."""
        row, found = self.rows[video], _stamp(self.file(video))
        return (row.bytes, row.mtime_ns) != (found["bytes"], found["mtime_ns"])

    def stamped(self, video: str) -> VideoRow:
        """The row with the file's present size and time of change."""
        return replace(self.rows[video], **_stamp(self.file(video)))

    @property
    def names(self) -> VideoNames:
        """All that may name the videos."""
        if self._names is None:
            self._names = VideoNames((row.video, row.path) for row in self.rows.values())
        return self._names

    def id_of(self, name: str) -> str:
        """The id of the video that ``name`` means: an id, a file name, or the end of a path.

        Raises InputError where there is none, or more than one.
        """
        return self.names.find(name)

    def matches(self, name: str) -> list[str]:
        """Ids of all videos that ``name`` may mean; an id alone means itself."""
        return self.names.matches(name)

    def register(self, files: Iterable[Path], key_of: Callable[[Path], str]) -> Registration:
        """Add rows for the files that are new; ``key_of`` makes a content key.

        Content is compared where sizes agree: a file that is known from a place where it no longer lies has
        moved, one that still lies there is a duplicate and is not added.
        """
        result = Registration()
        by_path = {row.path: row.video for row in self.rows.values()}
        by_size: dict[int, list[str]] = defaultdict(list)
        for row in self.rows.values():
            by_size[row.bytes].append(row.video)
        taken = {video.casefold() for video in self.rows}
        for file in files:
            path = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() would follow links, and names matter
            if path.as_posix() in by_path:
                result.known.append(by_path[path.as_posix()])
                continue
            try:
                str(path).encode()
                stamp = _stamp(path)
                twin = self._twin(path, by_size[stamp["bytes"]], key_of) if stamp["bytes"] else None
            except UnicodeEncodeError:
                result.problems.append((path, "has a name that is not valid UTF-8: rename it"))
                continue
            except (OSError, VideoError) as error:
                result.problems.append((path, f"cannot be read ({getattr(error, 'strerror', error)})"))
                continue
            if twin is not None:
                gone = not self._lies_there(twin)
                (result.moved if gone else result.duplicates).append((path, twin))
                if gone:
                    self.put(replace(self.rows[twin], **self._place(path), **stamp))
                continue
            video = new_id(path, taken)
            taken.add(video.casefold())
            self.put(VideoRow(video=video, **self._place(path), **stamp))
            by_path[path.as_posix()] = video
            by_size[stamp["bytes"]].append(video)
            result.added.append(video)
        return result

    def _place(self, path: Path) -> dict[str, Any]:
        relative = Path(os.path.relpath(path, Path(os.path.abspath(self.layout.root)))).as_posix()  # noqa: PTH100
        return {"path": path.as_posix(), "relative": relative}

    def _lies_there(self, video: str) -> bool:
        try:
            self.file(video)
        except InputError:
            return False
        return True

    def _twin(self, path: Path, candidates: list[str], key_of: Callable[[Path], str]) -> str | None:
        """Which of the videos has the content of ``path``."""
        for video in candidates:
            row = self.rows[video]
            if not row.key and self._lies_there(video):
                row = replace(row, key=key_of(self.file(video)))
                self.put(row)
            if row.key == key_of(path):
                return video
        return None
