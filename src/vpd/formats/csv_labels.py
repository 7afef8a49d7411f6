"""Read labels from CSV files of any program, by the names of their columns."""

from __future__ import annotations

import re
from pathlib import Path

from vpd.counting import counted
from vpd.errors import InputError, LabelError, TableError
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media
from vpd.library.csv_file import Columns, Record, Table, read_table
from vpd.library.label_names import label_name
from vpd.library.labels import MOST_SHOWN, WINDOW
from vpd.types import Segment

_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
ENDS = ("end_s", "end_frame", "end_ms", "duration_s")
TABLE = Columns(
    required=("label",),
    choices=(("start_s", "start_frame", "start_ms"),),
    optional=("video", "athlete", *ENDS, *WINDOW, "source", "id"),
    numbers=("start_s", "end_s", "start_ms", "end_ms", "duration_s", *WINDOW),
    others={
        **dict.fromkeys(
            ("file", "filename", "file_name", "media", "video_id", "video_name", "path"), "video"
        ),
        **dict.fromkeys(("class", "action", "behavior", "behaviour", "event", "tag", "code"), "label"),
        **dict.fromkeys(("start_time", "start_seconds", "start_time_s", "begin_s", "onset_s"), "start_s"),
        **dict.fromkeys(("end_time", "end_seconds", "end_time_s", "stop_s", "offset_s"), "end_s"),
        **dict.fromkeys(("duration", "duration_seconds"), "duration_s"),
        **dict.fromkeys(("frame_start", "first_frame", "begin_frame"), "start_frame"),
        **dict.fromkeys(("frame_end", "stop_frame"), "end_frame"),
        **dict.fromkeys(("time", "time_s", "start", "onset", "begin"), "start_s"),
        **dict.fromkeys(("end", "stop"), "end_s"),
        **dict.fromkeys(("frame",), "start_frame"),
        **dict.fromkeys(("position_ms",), "start_ms"),
        **dict.fromkeys(("player", "athlete_id", "track", "track_id"), "athlete"),
    },
)
"""The columns. Times are in seconds where a column names no unit. ``end_frame`` is one past the last
frame.
"""


def read_csv(path: Path, ask: Ask) -> Imported:
    """Read a segment from every row. A row without an end is a moment of one frame.

    Without a column for the video, the name of the file is that of the video. Raises LabelError that lists
    every wrong row with line and column.
    """
    try:
        table = read_table(path, TABLE, ask.encoding)
    except TableError as error:
        raise LabelError(str(error)) from error
    places = set(table.places.values())
    own_columns = [(place, name) for place, name in enumerate(table.header) if place not in places and name]
    segments, own, wrong = [], [], []
    for record in table.unchecked():
        try:
            segments.append(_segment(record, table, ask))
        except TableError as error:
            wrong.append(error.without_path())
            continue
        cells = record.row.cells
        kept = {name: cells[place] for place, name in own_columns if place < len(cells) and cells[place]}
        own.append(kept | ({"source": record.text("source")} if record.text("source") else {}))
    if wrong:
        count = counted(len(wrong), "row is", "rows are")
        more = [f"and {len(wrong) - MOST_SHOWN} more"] if len(wrong) > MOST_SHOWN else []
        raise LabelError("\n  ".join([f"{path}: {count} wrong.", *wrong[:MOST_SHOWN], *more]))
    units = [
        f"The column {table.header[table.places[n]]!r} was taken for {n}." for n in _unnamed_units(table)
    ]
    return Imported(segments, tuple(units), own)


def _unnamed_units(table: Table) -> list[str]:
    """Columns of times whose names state no unit."""
    bare = {"start", "end", "time", "begin", "stop", "onset", "duration"}
    return [name for name, place in table.places.items() if table.header[place].strip().casefold() in bare]


def _segment(record: Record, table: Table, ask: Ask) -> Segment:
    record.check()
    media = _media(record, table, ask)
    there = [name for name in ("start_s", "start_frame", "start_ms") if name in table.places]
    column = next((name for name in there if record.text(name)), there[0])
    start_s = _at(record, column, media)
    end_s = _end(record, media, start_s)
    record.parsed("label", label_name)
    window = tuple(record.time(name) for name in WINDOW) if all(record.text(n) for n in WINDOW) else None
    try:
        return Segment(
            media.video,
            start_s,
            end_s,
            record.athlete(),
            record.text("label"),
            window_s=None if window is None else (window[0], window[1]),
        )
    except TableError:
        raise
    except InputError as error:
        raise record.fail(column, error) from error


def _media(record: Record, table: Table, ask: Ask) -> Media:
    if "video" in table.places:
        record.needed("video")
    written = record.raw("video") if "video" in table.places else table.path.stem
    try:
        return found_media(ask, [written, written.strip()], "")
    except LabelError as error:
        raise record.fail("video", str(error).removeprefix(": ")) from error


def _at(record: Record, column: str, media: Media) -> float:
    """A time on the video's own clock. Raises TableError."""
    if column.endswith("_ms"):
        _must_be_clear(record, column)
        return record.number(column) / 1000
    if column.endswith("_s"):
        return record.time(column)
    frame = record.whole(column)
    try:
        return media.time_of(frame)
    except InputError as error:
        raise record.fail(column, error) from error


def _must_be_clear(record: Record, column: str) -> None:
    """Raise TableError for milliseconds such as 2.000 where a comma may be the decimal mark: 2 or 2000."""
    text = record.text(column)
    if record.table.delimiter == ";" and _THOUSANDS.fullmatch(text):
        whole = text.replace(".", "")
        raise record.fail(column, f"{text!r} is {whole} or {float(text):g}: write it without a point")


def _end(record: Record, media: Media, start_s: float) -> float:
    there = [name for name in ENDS if name in record.table.places]
    for column in there:
        if record.text(column):
            return start_s + record.number(column) if column == "duration_s" else _at(record, column, media)
    if there:
        raise record.fail(there[0], f"{there[0]} is empty")
    return start_s + (1 / media.fps if media.fps else 0.04)
