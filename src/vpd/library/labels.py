"""Read labels.csv and queries: segments that people write, checked against the videos of the library."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vpd.errors import InputError, LabelError, TableError
from vpd.library.cells import parse_athlete, parse_time, write_number
from vpd.library.csv_file import Columns, Record, Table, read_table, write_rows
from vpd.library.frames import read_times
from vpd.library.label_names import label_name
from vpd.library.videos import OK, SET_ASIDE, VideoRow, Videos
from vpd.strings import Sentence
from vpd.types import Array, Segment

COLUMNS = ("video", "athlete", "start_s", "end_s", "label")
"""The columns of a new labels.csv. ``id`` and ``source`` are added when vpd writes labels."""
ID, SOURCE = "id", "source"
WINDOW = ("window_start_s", "window_end_s")
"""Optional columns: the span that recognition uses, where it is not the labelled one."""
TABLE = Columns(
    required=("video", "label"),
    choices=(("start_s", "start_frame"), ("end_s", "end_frame")),
    optional=("athlete", *WINDOW, ID, SOURCE),
    numbers=("start_s", "end_s", *WINDOW),
)
_CONTENT = (*COLUMNS, "start_frame", "end_frame")
REVIEWED = "reviewed"
"""The label of a reviewed span: what is not labelled in it is no action. It is no class."""
LEAST_S = 1e-6
"""Least length of a span in seconds. Times are kept to the microsecond."""
MOST_SHOWN = 100
"""Number of wrong rows in one error; `vpd labels check --json` lists all."""

_QUERY = re.compile(r"(?P<video>.+)@(?P<start>[^@-]+)-(?P<end>[^@-]+?)(#(?P<athlete>\d+))?", re.ASCII)


@dataclass(frozen=True)
class Label:
    """A labelled segment as it stands in labels.csv.

    Attributes
    ----------
    id : names the label as long as it is there.
    segment : what is labelled. ``source``: where the label comes from, "" where that is not known.
    record : the row of the table.
    """

    id: str
    segment: Segment
    source: str
    record: Record

    @property
    def line(self) -> int:
        """The line on which the row begins."""
        return self.record.line

    @cached_property
    def version(self) -> str:
        """Eight hexadecimal digits that change with any cell of the row except its id."""
        return row_version(self.record)


@dataclass(frozen=True)
class LabelFile:
    """The content of a file of labels.

    Attributes
    ----------
    table : the rows as they are written. ``labels``: those that can be used, in their order.
    wrong : an error for each row that cannot. ``copied``: rows whose id another row has already.
    unnamed : rows without an id in the file, right and wrong, and the ids that they go by.
    ids : that are taken.
    """

    table: Table
    labels: list[Label]
    wrong: list[TableError]
    copied: list[Record]
    unnamed: list[tuple[str, Record]]
    ids: set[str]

    def rows_of(self, source: str) -> list[Record]:
        """The rows of a source, those among them that cannot be used."""
        return [record for record in self.table.unchecked() if record.text(SOURCE) == source]

    def segments(self) -> list[Segment]:
        """The labelled segments. Raises LabelError that lists every wrong row with line and column."""
        if self.wrong:
            said = [error.without_path() for error in self.wrong[:MOST_SHOWN]]
            more = len(self.wrong) - len(said)
            said += [f"and {more} more"] if more else []
            rows = "".join(f"\n  {row}" for row in said)
            path, count = str(self.table.path), len(self.wrong)
            raise LabelError(Sentence("error_label_rows", {"path": path, "count": count, "rows": rows}))
        return [label.segment for label in self.labels]


class FrameTimes:
    """Times of the frames of videos, for labels given in frames. Each video is read once."""

    def __init__(self, videos: Videos) -> None:
        self._videos = videos
        self._times: dict[str, Array] = {}

    def of(self, video: str) -> Array:
        """(T,) seconds. Raises InputError where the video is not scanned."""
        if video not in self._times:
            path = self._videos.layout.frames(video)
            if not path.exists():
                raise InputError(f"the frames of {video} have no times yet; scan it first (`vpd scan`)")
            self._times[video] = read_times(path)
        return self._times[video]

    def at(self, video: str, frame: int) -> float:
        """The time of a frame in seconds; the video's end for the number one past the last. Raises
        InputError.
        """
        times, row = self.of(video), self._videos.rows[video]
        if frame < len(times):
            return float(times[frame])
        if frame == len(times):
            return row.end_s
        raise InputError(f"{video} has no frame {frame}; it has {len(times)}, counted from 0")


def check_span(segment: Segment, row: VideoRow) -> None:
    """Raise InputError where the segment is empty, or outside its video by more than a frame."""
    if segment.duration_s < LEAST_S:
        raise InputError(
            Sentence("error_span_short", {"start": repr(segment.start_s), "end": repr(segment.end_s)})
        )
    span = {"start": f"{segment.start_s:g}", "end": f"{segment.end_s:g}", "video": row.video}
    known = row.status == OK
    frame_s = float(1 / row.fps) if known and row.fps else 0.0
    begins_s = min(0.0, row.start_s) if known else 0.0
    if segment.start_s < begins_s - frame_s or (segment.start_s < 0 and not begins_s):
        raise InputError(Sentence("error_span_before", {**span, "begin": f"{begins_s:g}"}))
    if known:
        if segment.end_s > row.end_s + frame_s:
            raise InputError(Sentence("error_span_after", {**span, "video_end": f"{row.end_s:.3f}"}))
        if segment.end_s <= row.start_s:
            raise InputError(Sentence("error_span_ends_before", {**span, "begin": f"{row.start_s:.3f}"}))


def parse_query(text: str, videos: Videos) -> Segment:
    """The segment that ``VIDEO@START-END`` or ``VIDEO@START-END#ATHLETE`` means.

    The video is an id, a file name or the end of a path; times are seconds or minutes:seconds. Raises
    InputError.
    """
    found = isinstance(text, str) and (_QUERY.fullmatch(text) or _QUERY.fullmatch(text.strip()))
    if not found:
        raise InputError(Sentence("error_query", {"text": repr(text)}))
    row = videos.readable(found["video"])
    athlete = parse_athlete(found["athlete"] or "")
    segment = Segment(row.video, parse_time(found["start"]), parse_time(found["end"]), athlete)
    check_span(segment, row)
    return segment


def _time(record: Record, end: str, video: str, frames: FrameTimes) -> float:
    """The time of one end of a span: ``end`` is "start" or "end". Raises TableError."""
    if record.text(f"{end}_s") or not record.text(f"{end}_frame"):
        return record.time(f"{end}_s")
    frame = record.whole(f"{end}_frame")
    try:
        return frames.at(video, frame)
    except InputError as error:
        raise record.fail(f"{end}_frame", error) from error


def _window(record: Record) -> tuple[float, float] | None:
    start, end = (record.text(name) for name in WINDOW)
    if not start and not end:
        return None
    if not (start and end):
        raise record.fail(WINDOW[1] if start else WINDOW[0], f"of {' and '.join(WINDOW)} one is empty")
    return record.time(WINDOW[0]), record.time(WINDOW[1])


def segment_of(record: Record, videos: Videos, frames: FrameTimes) -> Segment:
    """The labelled segment of one row. Raises TableError with line and column."""
    record.check()
    record.needed("video")
    try:
        row = videos[record.raw("video")]
    except InputError as error:
        raise record.fail("video", error) from error
    start_s, end_s = _time(record, "start", row.video, frames), _time(record, "end", row.video, frames)
    name = record.parsed("label", label_name)
    try:
        segment = Segment(row.video, start_s, end_s, record.athlete(), name, window_s=_window(record))
        check_span(segment, row)
    except TableError:
        raise
    except InputError as error:
        raise record.fail("end_s" if "end_s" in record.table.places else "end_frame", error) from error
    return segment


def _digest(text: str) -> str:
    return (
        base64.b32encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())[:8].decode().lower()
    )


def row_version(record: Record) -> str:
    """Eight hexadecimal digits that change with any cell of a row except its id. Empty cells do not count."""
    own = record.table.places.get(ID)
    cells = zip(record.table.header, record.row.cells, strict=False)
    return _digest("\x1f".join(f"{n}\x1e{c}" for i, (n, c) in enumerate(cells) if c and i != own))


class _Ids:
    """Ids of rows: from the column, else made from the row's content."""

    def __init__(self, table: Table) -> None:
        self.taken: set[str] = {record.text(ID) for record in table.unchecked()} - {""}
        self._seen: set[str] = set()
        self.copied: list[Record] = []
        self.unnamed: list[tuple[str, Record]] = []

    def of(self, record: Record) -> str:
        written = record.text(ID)
        if written and written not in self._seen:
            self._seen.add(written)
            return written
        made = _made_id({name: record.text(name) for name in _CONTENT}, self.taken)
        if written:
            self.copied.append(record)
        else:
            self.unnamed.append((made, record))
        return made


def _made_id(cells: Mapping[str, str], taken: set[str]) -> str:
    """An id made from a row's content, and from the number of equal rows before it."""
    content = "\x1f".join(cells.get(name, "") for name in _CONTENT)
    number = 0
    while (made := _digest(f"{number}\x1f{content}")) in taken:
        number += 1
    taken.add(made)
    return made


def new_id(found: LabelFile, cells: Mapping[str, str]) -> str:
    """A new id for a row, different from all others in the file."""
    return _made_id(cells, found.ids)


def _labels(table: Table, videos: Videos, wrong: list[TableError], ids: _Ids) -> Iterator[Label]:
    frames = FrameTimes(videos)
    for record in table.unchecked():
        name = ids.of(record)
        try:
            yield Label(name, segment_of(record, videos, frames), record.text(SOURCE), record)
        except TableError as error:
            wrong.append(error)


def label_at(table: Table, index: int, videos: Videos, frames: FrameTimes) -> Label:
    """The label of one row that has an id. Raises TableError with line and column."""
    record = Record(table, index, table.rows[index])
    return Label(record.text(ID), segment_of(record, videos, frames), record.text(SOURCE), record)


def read_label_file(path: Path, videos: Videos, encoding: str | None = None) -> LabelFile:
    """Read all rows of a file of labels, valid or not. Raises LabelError where it is no table."""
    try:
        table = read_table(path, TABLE, encoding)
    except TableError as error:
        raise LabelError(error.said) from error
    return label_file(table, videos)


def label_file(table: Table, videos: Videos) -> LabelFile:
    """The labels of a table."""
    wrong: list[TableError] = []
    ids = _Ids(table)
    labels = list(_labels(table, videos, wrong, ids))
    return LabelFile(table, labels, wrong, ids.copied, ids.unnamed, ids.taken)


def read_labels(path: Path, videos: Videos) -> list[Segment]:
    """The labelled segments of a labels.csv, in its order.

    Columns video, start_s, end_s, label, and athlete and those of ``WINDOW``, which may be empty or absent;
    frames may stand for seconds in columns start_frame and end_frame (one past the last). The video is an id,
    a file name or the end of a path. Raises LabelError that lists every wrong row by line and column: unknown
    videos, negative or reversed spans, spans more than a frame beyond the end of the video, cells that belong
    to no column.
    """
    return read_label_file(path, videos).segments()


def on_set_aside(segments: Iterable[Segment], videos: Videos) -> dict[str, int]:
    """The number of segments in each video that is set aside. Nothing can be learned from them."""
    counts = Counter(s.video for s in segments)
    return {video: n for video, n in counts.items() if videos[video].status == SET_ASIDE}


def label_cells(segment: Segment, table: Table | None = None) -> dict[str, str]:
    """The cells of a segment by column. Times are written to the microsecond, with the decimal mark of
    ``table``.
    """
    number = write_number if table is None else table.number
    cells = {
        "video": segment.video,
        "athlete": "" if segment.athlete is None else str(segment.athlete),
        "start_s": number(segment.start_s),
        "end_s": number(segment.end_s),
        "label": segment.label or "",
    }
    if segment.window_s is not None:
        cells |= {name: number(time_s) for name, time_s in zip(WINDOW, segment.window_s, strict=True)}
    return cells


def write_labels(path: Path, segments: Iterable[Segment]) -> None:
    """Write a new labels.csv, completely or not at all. Times are written to the microsecond."""
    rows = [label_cells(segment) for segment in segments]
    columns = (*COLUMNS, *WINDOW) if any(WINDOW[0] in row for row in rows) else COLUMNS
    write_rows(path, columns, ([row.get(name, "") for name in columns] for row in rows))
