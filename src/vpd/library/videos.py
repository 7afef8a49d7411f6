"""The table of videos: one row a file. Ids are permanent, and files are recognised by content when moved."""

from __future__ import annotations

import os
import shlex
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from vpd.errors import InputError, VideoError
from vpd.files import modified_ns
from vpd.library import remote
from vpd.library.artefact import Recipe, damaged, read_table, write_parquet
from vpd.library.frames import Recording
from vpd.library.ids import check_ids, new_id
from vpd.library.layout import Layout
from vpd.library.names import VideoNames, unknown_video
from vpd.library.rows_by_id import RowsById, columns_of
from vpd.library.sample import content_sample
from vpd.strings import Said, Sentence
from vpd.types import VideoInfo

NEW, OK, SET_ASIDE = "new", "ok", "set aside"
"""The status of a video: not yet scanned, usable, or set aside with a reason."""

VERSION = 1
TABLE_STEP = "videos"
"""The step in the table's recipe."""
OWN = frozenset({"video", "path", "relative"})
"""Columns of which nearly every row has a value of its own."""
_ARROW = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}


@dataclass(frozen=True, slots=True)
class VideoRow:
    """One video of the library.

    ``path`` is absolute, ``relative`` the same from the library's folder, so that the library may move with
    its videos or without. ``bytes`` and ``mtime_ns`` show quickly whether a file has changed since ``key``,
    its content key, was made. The other fields are those of `VideoInfo`, empty until scanned. ``end_s`` is
    the end of the last frame by the video's clock. ``without_rate`` means that the file neither carries times
    nor states its rate, so that `[scan] fps` applies. ``chapters`` are the names of further files of the same
    recording, separated by ``/``. They lie in the folder of the first, and ``bytes`` and ``mtime_ns`` are of
    all. ``sample`` is the quick sign of the content by which a copy with another time is known
    (`vpd.library.sample`).
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
    chapters: str = ""
    sample: str = ""

    @property
    def further(self) -> list[str]:
        """Names of the files after the first."""
        return self.chapters.split("/") if self.chapters else []

    @property
    def is_remote(self) -> bool:
        """Whether ``path`` is a URL. ``mtime_ns`` then is a number made of the version that was seen."""
        return remote.is_url(self.path)

    @property
    def fps(self) -> Fraction:
        """Average frame rate; 0 before the scan."""
        return Fraction(self.fps_numerator, self.fps_denominator)

    def scanned(self, info: VideoInfo) -> VideoRow:
        """The row with the results of the scan."""
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
        """The row of a video that cannot be used, with a sentence that says why."""
        return replace(self, status=SET_ASIDE, error=reason)


ADDED = ("chapters", "sample")
"""Columns that the first tables did not have, in order."""
SCHEMA = pa.schema([(field.name, _ARROW[str(field.type)]) for field in fields(VideoRow)])


@dataclass(frozen=True)
class Registration:
    """The result of a registration: ids, or (file, id) pairs, and the files that were not registered.

    Attributes
    ----------
    left_out : files that are no recordings, each with the reason.
    problems : files and folders that could not be taken, each with the reason.
    chapters : files that are parts of one recording, each a video of its own.
    joined : files that are one video.
    """

    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    moved: list[tuple[Path, str]] = field(default_factory=list)
    duplicates: list[tuple[Path, str]] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    problems: list[tuple[Path | str, Said]] = field(default_factory=list)
    chapters: list[list[Path]] = field(default_factory=list)
    joined: list[list[Path]] = field(default_factory=list)


def _stamp(files: Sequence[Path]) -> dict[str, Any]:
    found = [file.stat() for file in files]
    return {"bytes": sum(f.st_size for f in found), "mtime_ns": max(map(modified_ns, found))}


def _is_there(path: Path) -> bool:
    """Whether the file exists. Where rights to look are missing, it counts as missing."""
    try:
        return path.is_file()
    except OSError:
        return False


def _lies_as_seen(root: str, relative: str, chapters: str, size: int, mtime_ns: int) -> bool:
    """Whether the file at the place relative to the library has the size and time of change of the table. It
    takes one look at the disk, and holds for nearly every video.
    """
    if chapters or not relative:
        return False
    try:
        # Only a path with ".." can mean another place where folders are links.
        place = os.path.normpath(root + relative) if ".." in relative else root + relative
        found = os.stat(place)  # noqa: PTH116  one in a loop
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and (found.st_size, modified_ns(found)) == (size, mtime_ns)


def _why_gone(path: Path) -> Sentence:
    try:
        mode = path.stat().st_mode
    except PermissionError:
        return Sentence("file_denied")
    except OSError:
        return Sentence("file_gone")
    return Sentence("file_folder" if stat.S_ISDIR(mode) else "file_other")


def _read(path: Path) -> pa.Table:
    """The table in a file, whose ids are fit for file names. Raises ArtefactError."""
    table = read_table(path)
    for name in ADDED:
        if name not in table.column_names:  # of a library that was made before there were any
            table = table.append_column(SCHEMA.field(name), pa.array([""] * len(table)))
    if not table.schema.equals(SCHEMA):
        raise damaged(path, "its columns have other types")
    check_ids(table["video"].to_pylist(), path)
    return table


def check_table(path: Path) -> int:
    """The number of rows of a table of videos. Raises ArtefactError where it is damaged or not there."""
    return len(_read(path))


class Videos:
    """The rows of a library's videos by id, in the order they were registered. Iteration yields the ids."""

    def __init__(self, layout: Layout, rows: Iterable[VideoRow] = ()) -> None:
        self.layout, self._root = layout, f"{layout.root}{os.sep}"
        self.rows: MutableMapping[str, VideoRow] = {row.video: row for row in rows}
        self._names: VideoNames | None = None
        self.other_times: set[str] = set()
        """Videos that `trouble` knew by their samples: their files have other times than when scanned."""

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
        videos = cls(layout)
        videos.rows = RowsById(_read(path), VideoRow, OWN)
        return videos

    def write(self) -> None:
        """Write the table and its copy, each whole or not at all."""
        rows = [asdict(row) for row in self.rows.values()]
        table = pa.Table.from_pylist(rows, SCHEMA)
        for path in (self.layout.videos_copy, self.layout.videos):
            write_parquet(table, path, Recipe(TABLE_STEP, VERSION))

    def __getitem__(self, video: str) -> VideoRow:
        return self.rows[self.id_of(video)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, row: VideoRow) -> None:
        """Add or replace the row of one video."""
        known = self.rows.get(row.video)
        if known is None or known.path != row.path:
            self._names = None
        self.rows[row.video] = row

    def merge(self, rows: Iterable[VideoRow]) -> None:
        """Write what a run found about its videos into a table that others may have changed since.

        A video that was removed stays removed. A video that was moved keeps its present path.
        """
        for row in rows:
            now = self.rows.get(row.video)
            if now is None or now.chapters != row.chapters:
                continue
            if now.path != row.path:
                row = replace(
                    row, path=now.path, relative=now.relative, bytes=now.bytes, mtime_ns=now.mtime_ns
                )
            self.put(row)

    def usable(self) -> list[str]:
        """Ids of the videos that are scanned and not set aside."""
        return [row.video for row in self.rows.values() if row.status == OK]

    def files(self, video: str) -> list[Path]:
        """The present path of the file, or of each chapter; of a URL, a copy on this computer.

        Raises InputError where one is missing, or a copy cannot be made.
        """
        row = self.rows.get(video)
        if row is None:
            raise unknown_video(video)
        if row.is_remote:
            return [remote.local_copy(row.path, remote.Seen(row.bytes, row.mtime_ns))]
        beside = Path(os.path.normpath(self.layout.root / row.relative))
        copies = [beside, *(beside.with_name(name) for name in row.further)]
        lie_beside = bool(row.relative) and all(map(_is_there, copies))
        # The copy that moved with the library goes before the original, if it can be that file at all.
        if lie_beside and _stamp(copies)["bytes"] == row.bytes:
            return copies
        first = Path(row.path)
        named = [first, *(first.with_name(name) for name in row.further)]
        gone = [path for path in named if not _is_there(path)]
        if not gone:
            return named
        if lie_beside:  # another file has taken its place
            return copies
        values: dict[str, str | int | Sentence] = {
            "path": str(gone[0]),
            "why": _why_gone(gone[0]),
            "again": " with --join" if row.further else "",
            "video": shlex.quote(video),
        }
        raise InputError(Sentence("error_file_gone", values))

    def _is_as_seen(self, video: str) -> bool:
        row = self.rows[video]
        return _lies_as_seen(self._root, row.relative, row.chapters, row.bytes, row.mtime_ns)

    def missing(self, video: str) -> str:
        """Say why the file of a video is missing; "" where it is there, and of URLs, which are not asked."""
        if self.rows[video].is_remote or self._is_as_seen(video):
            return ""
        try:
            self.files(video)
        except InputError as error:
            return str(error)
        return ""

    def trouble(self, video: str) -> Sentence | None:
        """Why nothing that was made of a video may answer, as a clause; None where it may.

        It is missing, its file is another than when it was scanned, or it is set aside.
        """
        row = self.rows.get(video)
        if row is None:
            return Sentence("trouble_unknown")
        try:
            if self.changed(video):
                if not self.looks_the_same(video):
                    return Sentence("trouble_changed")
                self.other_times.add(video)
        except InputError as error:
            return Sentence("trouble_missing", {"error": error.said})
        except OSError as error:
            return Sentence("trouble_unreadable", {"error": str(error.strerror)})
        return Sentence("trouble_set_aside", {"error": row.error}) if row.status == SET_ASIDE else None

    def troubles(self) -> dict[str, Sentence]:
        """The videos of which `trouble` says something, with what it says."""
        found = {}
        for video, status, path, *seen in columns_of(
            self.rows, "status", "path", "relative", "chapters", "bytes", "mtime_ns"
        ):
            if status != SET_ASIDE and (_lies_as_seen(self._root, *seen) or remote.is_url(path)):
                continue  # nearly all of many
            if why := self.trouble(video):
                found[video] = why
        return found

    def content_keys(self) -> dict[str, str]:
        """The content key of each video."""
        return dict(columns_of(self.rows, "key"))

    def file(self, video: str) -> Path:
        """The present path of the file, or of the first chapter. Raises InputError where it is missing."""
        return self.files(video)[0]

    def recording(self, video: str) -> Recording:
        """The files with the index of their frames, for reading pictures. Raises InputError where one is
        missing.
        """
        first, *more = self.files(video)
        return Recording(first, self.layout.frames(video), tuple(more))

    def changed(self, video: str) -> bool:
        """Whether size or modification time of the file differ from those last seen. URLs are not asked."""
        row = self.rows[video]
        if row.is_remote or self._is_as_seen(video):
            return False
        found = _stamp(self.files(video))
        return (row.bytes, row.mtime_ns) != (found["bytes"], found["mtime_ns"])

    def looks_the_same(self, video: str) -> bool:
        """Whether the file has the size and the sample that it had when it was scanned, as a copy has.

        Raises InputError, OSError.
        """
        row, files = self.rows[video], self.files(video)
        same_size = _stamp(files)["bytes"] == row.bytes
        return bool(row.sample) and same_size and content_sample(files) == row.sample

    def stamped(self, video: str) -> VideoRow:
        """The row with the file's present size and modification time; of a URL those that were seen."""
        if self.rows[video].is_remote:
            return self.rows[video]
        return replace(self.rows[video], **_stamp(self.files(video)))

    @property
    def names(self) -> VideoNames:
        """All names of the videos."""
        if self._names is None:
            self._names = VideoNames(columns_of(self.rows, "path"))
        return self._names

    def id_of(self, name: str) -> str:
        """The id of the video that ``name`` means: an id, a file name, or the end of a path.

        Raises InputError where there is none, or more than one.
        """
        if not isinstance(name, str):
            raise unknown_video(name)
        return name if name in self.rows else self.names.find(name)

    def readable(self, name: str) -> VideoRow:
        """The row of the video that ``name`` means. Raises InputError for none, or one that is set aside."""
        row = self[name]
        if row.status == SET_ASIDE:
            raise InputError(Sentence("error_set_aside", {"video": row.video, "why": row.error}))
        return row

    def matches(self, name: str) -> list[str]:
        """Ids of all videos that ``name`` may mean. An exact id means only itself."""
        return self.names.matches(name)

    def register(
        self,
        files: Iterable[Path],
        key_of: Callable[[Sequence[Path]], str],
        joined: Iterable[Sequence[Path]] = (),
    ) -> Registration:
        """Add rows for new files. ``key_of`` makes the content key of a video's files.

        Contents are compared where sizes are equal. A known file that is no longer at its old path has moved.
        One that is still there is a duplicate and is not added. Each group of ``joined`` is one video, also
        where its first files are known as one already.
        """
        result = Registration()
        groups = {chapters[0]: list(chapters) for chapters in joined}
        later = {path for chapters in groups.values() for path in chapters[1:]}
        known = _Known(self.rows.values())
        keys: dict[tuple[Path, ...], str] = {}

        def key_once(paths: Sequence[Path]) -> str:
            """The content key of the files, computed once for all videos of their size."""
            place = tuple(paths)
            if place not in keys:
                keys[place] = key_of(paths)
            return keys[place]

        for file in files:
            if file in later:
                continue
            # Not resolve(), which would follow links, and names matter.
            paths = [Path(os.path.abspath(path)) for path in groups.get(file, [file])]  # noqa: PTH100
            try:
                str(paths[0]).encode()
                if not self._is_known(paths, known, result):
                    self._register(paths, key_once, known, result)
            except UnicodeEncodeError:
                result.problems.append((paths[0], "has a name that is not valid UTF-8: rename it"))
            except (OSError, VideoError) as error:
                result.problems.append((paths[0], f"cannot be read ({getattr(error, 'strerror', error)})"))
        return result

    def register_urls(
        self, urls: Iterable[str], look: Callable[[str], remote.Seen] = remote.look
    ) -> Registration:
        """Add rows for new URLs, and take up what changed at known ones.

        Contents are not compared, as that would read all of them: a URL is a video.
        """
        result, known = Registration(), _Known(self.rows.values())
        by_url = {row.path: row for row in self.rows.values() if row.is_remote}
        for url in urls:
            try:
                seen = look(url)
            except InputError as error:
                result.problems.append((url, str(error).removeprefix(f"{url} ").rstrip(".")))
                continue
            row = by_url.get(url)
            if row is None:
                video = new_id(remote.name_of(url), known.ids)
                row = VideoRow(video, url, "", seen.bytes, seen.version)
                by_url[url] = row
                known.add(row)
                self.put(row)
                result.added.append(video)
                continue
            result.known.append(row.video)
            if (row.bytes, row.mtime_ns) != (seen.bytes, seen.version):
                self.put(replace(row, bytes=seen.bytes, mtime_ns=seen.version, key="", status=NEW, error=""))
        return result

    def _is_known(self, paths: list[Path], known: _Known, result: Registration) -> bool:
        """Whether the files are known by their paths, or cannot be one video; ``result`` records it."""
        of = [known.by_path.get(path.as_posix()) for path in paths]
        if len(paths) == 1 and of[0] is not None:
            result.known.append(of[0])
            return True
        others = {video for video in of if video is not None}
        if not others:
            return False
        row = self.rows[of[0]] if of[0] is not None else None
        names = [path.name for path in paths[1:]]
        if row is None or len(others) > 1 or row.further != names[: len(row.further)]:
            shown = ", ".join(sorted(others))
            why = f"is a chapter of a recording of which {shown} is known already, and cannot be joined to it"
            result.problems.append((paths[0], why))
        elif row.further == names:
            result.known.append(row.video)
        else:  # chapters that were copied later; what is known of the first ones stays right
            self.put(replace(row, chapters="/".join(names), key="", status=NEW, **_stamp(paths)))
            result.joined.append(paths)
            known.add(self.rows[row.video])
        return True

    def _register(
        self, paths: list[Path], key_of: Callable[[Sequence[Path]], str], known: _Known, result: Registration
    ) -> None:
        stamp = _stamp(paths)
        twin = self._twin(paths, known.by_size[stamp["bytes"]], key_of) if stamp["bytes"] else None
        more: dict[str, Any] = {"chapters": "/".join(path.name for path in paths[1:])}
        if twin is not None:
            gone = not self._lies_there(twin)
            (result.moved if gone else result.duplicates).append((paths[0], twin))
            if gone:
                row = replace(self.rows[twin], **self._place(paths[0]), **stamp, **more)
                # That it was gone is no reason any more to set it aside.
                self.put(replace(row, status=NEW, error="") if row.status == SET_ASIDE else row)
            return
        video = new_id(paths[0], known.ids)
        row = VideoRow(video=video, **self._place(paths[0]), **stamp, **more)
        self.put(row)
        known.add(row)
        result.added.append(video)
        if len(paths) > 1:
            result.joined.append(paths)

    def _place(self, path: Path) -> dict[str, Any]:
        relative = Path(os.path.relpath(path, Path(os.path.abspath(self.layout.root)))).as_posix()  # noqa: PTH100
        return {"path": path.as_posix(), "relative": relative}

    def _lies_there(self, video: str) -> bool:
        if self.rows[video].is_remote:
            return True
        try:
            return bool(_stamp(self.files(video))["bytes"] == self.rows[video].bytes)
        except (InputError, OSError):
            return False

    def _twin(
        self, paths: Sequence[Path], candidates: list[str], key_of: Callable[[Sequence[Path]], str]
    ) -> str | None:
        """The video with the same content as ``paths``."""
        for video in candidates:
            row = self.rows[video]
            if not row.key and not row.is_remote and self._lies_there(video):
                row = replace(row, key=key_of(self.files(video)))
                self.put(row)
            if row.key == key_of(paths):
                return video
        return None


class _Known:
    """The registered paths, sizes and ids (casefolded)."""

    def __init__(self, rows: Iterable[VideoRow]) -> None:
        self.by_path: dict[str, str] = {}
        self.by_size: dict[int, list[str]] = defaultdict(list)
        self.ids: set[str] = set()
        for row in rows:
            self.add(row)

    def add(self, row: VideoRow) -> None:
        first = Path(row.path)
        for path in (first, *(first.with_name(name) for name in row.further)):
            self.by_path[path.as_posix()] = row.video
        self.by_size[row.bytes].append(row.video)
        self.ids.add(row.video.casefold())
