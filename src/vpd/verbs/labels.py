"""Label: list, add, edit, remove, import and export labels, and undo the last change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from vpd.counting import counted
from vpd.errors import InputError, LabelError, unknown_name
from vpd.formats.table import FORMATS, Media, export_segments, guess_format, import_segments, written_format
from vpd.library.backup import Restored
from vpd.library.csv_file import Table, write_rows
from vpd.library.frames import read_times
from vpd.library.label_names import label_name, other_letters
from vpd.library.label_store import Changes, LabelStore, NewLabel
from vpd.library.labels import TABLE, Label, check_span, label_cells, parse_query, read_label_file
from vpd.library.layout import Layout
from vpd.library.own_folder import own_folder
from vpd.library.results import results_folder
from vpd.library.videos import OK, VideoRow, Videos
from vpd.strings import Sentence
from vpd.types import Segment

Report = Callable[[float, str], None]
"""A function that receives the progress in 0..1, and a text."""
CSV = "csv"
LEAST_FRAMES = 0.1
"""Least length of an imported segment, in frames of its video; a moment has one frame."""
MOST_SHOWN = 20
"""Number of wrong segments that one error lists."""


def label_json(label: Label) -> dict[str, Any]:
    """One label as plain values. An edit may require its ``version``."""
    s = label.segment
    return {
        "id": label.id,
        "version": label.version,
        "video": s.video,
        "athlete": s.athlete,
        "start_s": round(s.start_s, 6),
        "end_s": round(s.end_s, 6),
        "label": s.label,
        "source": label.source,
        "line": label.line,
    }


@dataclass(frozen=True)
class ListRequest:
    """The labels to list: those of these videos and classes. An empty sequence means all."""

    videos: Sequence[str] = ()
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class LabelsResult:
    """Labels as they are in labels.csv."""

    labels: list[Label]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"labels": [label_json(label) for label in self.labels]}


@dataclass(frozen=True)
class ListResult(LabelsResult):
    """The requested labels, and an error for each row of labels.csv that cannot be read."""

    wrong: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**super().to_json(), "wrong": list(self.wrong)}


def list_labels(library: Layout, request: ListRequest, progress: Report | None = None) -> ListResult:
    """The requested labels, in the order of the file.

    Raises LabelError where it cannot be read, InputError for a video or a class that is not there.
    """
    store = LabelStore(library)
    found = store.read()
    videos = {store.videos.id_of(name) for name in request.videos}
    classes = sorted({label.segment.label or "" for label in found.labels})
    wanted = [label_name(name) for name in request.labels]
    for name in wanted:
        if name not in classes:
            raise unknown_name("class", name, classes or ["none"])
    chosen = [
        label
        for label in found.labels
        if (not videos or label.segment.video in videos) and (not wanted or label.segment.label in wanted)
    ]
    return ListResult(chosen, tuple(error.without_path() for error in found.wrong))


@dataclass(frozen=True)
class AddRequest:
    """A label to add: a segment or a text VIDEO@START-END[#ATHLETE], the class, and the source."""

    span: str | Segment
    label: str
    source: str = "hand"


def add_label(library: Layout, request: AddRequest, progress: Report | None = None) -> LabelsResult:
    """Add one label. Raises InputError where it does not fit its video."""
    store = LabelStore(library)
    span = parse_query(request.span, store.videos) if isinstance(request.span, str) else request.span
    return LabelsResult(store.add([NewLabel(replace(span, label=request.label), request.source)]))


@dataclass(frozen=True)
class EditRequest:
    """A change of one label. ``version`` is that of the label when it was read, or None for any."""

    id: str
    changes: Changes
    version: str | None = None


def edit_label(library: Layout, request: EditRequest, progress: Report | None = None) -> LabelsResult:
    """Change one label. Raises InputError, and StaleError where it was changed after it was read."""
    store, changes = LabelStore(library), request.changes
    if changes == Changes():
        raise InputError("Nothing is to be changed. Give the label, start, end, video or athlete.")
    if changes.video is not None:
        changes = replace(changes, video=store.videos.id_of(changes.video))
    return LabelsResult([store.edit(request.id, changes, request.version)])


@dataclass(frozen=True)
class RemoveRequest:
    """The labels to remove, by their ids. ``version`` is as in `EditRequest`."""

    ids: Sequence[str]
    version: str | None = None


def remove_labels(library: Layout, request: RemoveRequest, progress: Report | None = None) -> LabelsResult:
    """Remove labels. The result holds their last state. Raises InputError and StaleError."""
    return LabelsResult(LabelStore(library).remove(request.ids, request.version))


@dataclass(frozen=True)
class UndoResult:
    """The restored state, its labels, and how many rows are wrong, as those of a removed video."""

    restored: Restored
    labels: int
    wrong: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        undone = self.restored.undone
        return {
            "labels": self.labels,
            "wrong": self.wrong,
            "left": self.restored.left,
            "undone": str(undone) if undone else None,
        }


def undo_labels(library: Layout, request: None = None, progress: Report | None = None) -> UndoResult:
    """Restore labels.csv to the state before the last change. Raises InputError where none is kept."""
    store = LabelStore(library)
    restored = store.undo()
    found = store.read()
    return UndoResult(restored, len(found.labels), len(found.wrong))


@dataclass(frozen=True)
class ImportRequest:
    """The files to import labels from.

    Attributes
    ----------
    files : read in turn; all or none are taken.
    format : of all files; None to tell it from each.
    tiers : of ELAN, or annotators of Label Studio, or behaviours' subjects; all where empty.
    video : that all labels belong to, whatever the files name.
    offset_s : added to every time.
    encoding : of CSV files, where it does not show.
    replace : whether the labels come instead of those that are there.
    """

    files: Sequence[Path]
    format: str | None = None
    tiers: Sequence[str] = ()
    video: str | None = None
    offset_s: float = 0.0
    encoding: str | None = None
    replace: bool = False


@dataclass(frozen=True)
class ImportResult:
    """The added labels, the numbers of known ones and of all, and notes for the user."""

    added: list[Label]
    known: int
    total: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "added": [label_json(label) for label in self.added],
            "known": self.known,
            "total": self.total,
            "notes": list(self.notes),
        }


class MediaOf:
    """Find the video that a foreign file names, with the facts that programs need about it."""

    def __init__(self, videos: Videos, always: str | None = None) -> None:
        self._videos = videos
        self._always = None if always is None else videos.id_of(always)
        self.of = lru_cache(maxsize=None)(self._of)
        self.meant: dict[str, str] = {}

    def _of(self, video: str) -> Media:
        path = self._videos.layout.frames(video)
        return Media.of(self._videos.rows[video], read_times(path) if path.exists() else None)

    def __call__(self, name: str) -> Media:
        """The video that a name or path means, or the video of the request. Raises InputError."""
        video = self._always or self._videos.names.find_from_elsewhere(name)
        self.meant[name] = video
        return self.of(video)


def import_labels(library: Layout, request: ImportRequest, progress: Report | None = None) -> ImportResult:
    """Add the labels of files to labels.csv. Known labels are not added again.

    Raises LabelError where a file is not fully understood, or a segment lies outside its video. Then nothing
    is added.
    """
    store = LabelStore(library)
    new: list[NewLabel] = []
    notes: list[str] = []
    for file in request.files:
        taken, said = _read_foreign(file, request, store.videos)
        new += taken
        notes += [f"{file.name}: {text}" for text in said]
        if not taken:
            notes.append(f"{file.name}: there is no label in it.")
    added, known = store.import_(new, request.replace)
    found = store.read()
    if found.wrong:
        rows = counted(len(found.wrong), "row is", "rows are")
        notes.append(f"{rows} wrong in labels.csv and not counted. `vpd labels check` says which.")
    return ImportResult(added, known, len(found.labels), tuple(notes))


def _read_foreign(file: Path, request: ImportRequest, videos: Videos) -> tuple[list[NewLabel], list[str]]:
    name = request.format or guess_format(file)
    find = MediaOf(videos, request.video)
    read = import_segments(name, file, find, tuple(request.tiers), request.encoding)
    segments = [_moved(segment, request.offset_s, file) for segment in read.segments]
    wrong = []
    for segment in segments:
        try:
            check_span(segment, videos.rows[segment.video])
            _must_be_seconds(segment, videos.rows[segment.video])
        except InputError as error:
            wrong.append(f"{segment.label!r}: {error}")
    if wrong:
        more = [f"and {len(wrong) - MOST_SHOWN} more"] if len(wrong) > MOST_SHOWN else []
        raise LabelError(
            "\n  ".join([f"{file}: segments do not fit their video.", *wrong[:MOST_SHOWN], *more])
        )
    names = [
        f"{written} was taken for the video {video}."
        for written, video in find.meant.items()
        if len(videos.matches(written)) != 1
    ]
    spelt = [
        f"the label {label_name(label)!r} is written with {letters} there."
        for label in dict.fromkeys(segment.label or "" for segment in segments)
        if (letters := other_letters(label))
    ]
    own = read.own or [{}] * len(segments)
    new = [
        NewLabel(segment, cells.pop("source", "") or f"{name}:{file.name}", cells)
        for segment, cells in zip(segments, map(dict, own), strict=True)
    ]
    return new, [*names, *spelt, *read.notes]


def _must_be_seconds(segment: Segment, row: VideoRow) -> None:
    """Raise InputError for a span that can hold no frame, as of times that a spreadsheet states in days."""
    if row.status == OK and row.fps and segment.duration_s < LEAST_FRAMES / row.fps:
        raise InputError(
            f"the span {segment.start_s:.3g} to {segment.end_s:.3g} s is shorter than a tenth of a frame. "
            "Are its times in seconds?"
        )


def _moved(segment: Segment, offset_s: float, file: Path) -> Segment:
    if not offset_s:
        return segment
    try:
        return replace(segment, start_s=segment.start_s + offset_s, end_s=segment.end_s + offset_s)
    except InputError as error:
        raise LabelError(f"{file}: moved by {offset_s:g} s, {error}") from error


@dataclass(frozen=True)
class ExportRequest:
    """The labels to export, the format and the folder. ``videos`` and ``labels`` are as in `ListRequest`.

    ``folder`` is new, empty or holds an earlier export. None means a new one in results/ of the library.
    """

    format: str
    folder: Path | None = None
    videos: Sequence[str] = ()
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class ExportResult:
    """The files and the number of segments written, and sentences on those that the format cannot hold."""

    files: list[Path]
    segments: int
    notes: tuple[Sentence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        notes = [note.to_json() for note in self.notes]
        return {"files": [str(file) for file in self.files], "segments": self.segments, "notes": notes}


def with_frames(
    name: str, segments: Sequence[Segment], media: Mapping[str, Media]
) -> tuple[list[Segment], dict[str, Media], list[Sentence]]:
    """The segments and the videos that the format called ``name`` can hold, and sentences on the others.

    Raises LabelError where there are others alone.
    """
    known = {video: one for video, one in media.items() if one.fps or not FORMATS[name].by_frame}
    counts = Counter(s.video for s in segments if s.video not in known)
    said = [
        Sentence("note_without_frames", {"video": video, "count": count, "format": name})
        for video, count in counts.items()
    ]
    if said and not known:
        raise LabelError(said[0])
    return [s for s in segments if s.video in known], known, said


def export_labels(library: Layout, request: ExportRequest, progress: Report | None = None) -> ExportResult:
    """Write labels for another program.

    Labels of videos without frames are left out, and named, where the format counts frames. Raises InputError
    for an unknown format or unusable labels, and where the folder holds foreign files.
    """
    videos = Videos.read(library)
    chosen = list_labels(library, ListRequest(request.videos, request.labels)).labels
    found = read_label_file(library.labels, videos)
    found.segments()
    if request.format != CSV:
        written_format(request.format, CSV)
    find = MediaOf(videos)
    segments = [label.segment for label in chosen]
    media = {video: find.of(video) for video in dict.fromkeys(s.video for s in segments)}
    notes: list[Sentence] = []
    if request.format != CSV:
        segments, media, notes = with_frames(request.format, segments, media)
    place = results_folder(library, "export") if request.folder is None else request.folder
    with own_folder(place, "export") as folder:
        folder.begin()
        if request.format == CSV:
            files = [_export_csv(chosen, found.table, place)]
        else:
            files = export_segments(request.format, segments, media, place)
    return ExportResult(files, len(segments), tuple(notes))


def _export_csv(labels: Sequence[Label], table: Table, folder: Path) -> Path:
    """Write the labels with ids, sources and the user's own columns, separated by commas."""
    own = [(i, name) for i, name in enumerate(table.header) if i not in table.places.values()]
    extra = [name for name in table.places if name in TABLE.known() and name.startswith("window_")]
    columns = ["video", "athlete", "start_s", "end_s", "label", *extra, "id", "source"]
    path = folder / "labels.csv"
    rows = []
    for label in labels:
        cells = label_cells(label.segment) | {"id": label.id, "source": label.source}
        raw = label.record.row.cells
        rows.append([*(cells.get(c, "") for c in columns), *(raw[i] if i < len(raw) else "" for i, _ in own)])
    write_rows(path, [*columns, *(name for _, name in own)], rows)
    return path
