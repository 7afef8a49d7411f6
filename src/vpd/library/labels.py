"""labels.csv and queries: spans of videos as people write them, checked against the videos of the library."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from vpd.errors import InputError, LabelError
from vpd.library.artefact import write_text
from vpd.library.videos import OK, SET_ASIDE, VideoRow, Videos
from vpd.types import Segment

COLUMNS = ("video", "athlete", "start_s", "end_s", "label")
WINDOW = ("window_start_s", "window_end_s")
"""Columns that may be there: what recognition sees of an action, where that is another span."""
REQUIRED = ("video", "start_s", "end_s", "label")

_QUERY = re.compile(r"(?P<video>.+)@(?P<start>[^@-]+)-(?P<end>[^@-]+?)(#(?P<athlete>\d+))?")


def parse_time(text: str) -> float:
    """Seconds from ``12.5``, ``1:02.5`` or ``1:00:02.5``. Raises InputError for anything else."""
    parts = text.strip().split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if not 1 <= len(values) <= 3 or not all(map(math.isfinite, values)):
        raise InputError(f"{text.strip()!r} is not a time: write seconds (12.5) or minutes:seconds (1:02.5)")
    if len(values) > 1 and not all(0 <= v < 60 for v in values[1:]):
        raise InputError(f"{text.strip()!r} is not a time: minutes and seconds lie below 60")
    seconds = 0.0
    for value in values:
        seconds = 60 * seconds + value
    return seconds


def _athlete(text: str) -> int | None:
    if not text:
        return None
    if not text.isdigit():
        raise InputError(f"athlete {text!r} is not a number (leave it empty where any is meant)")
    return int(text)


def check_span(segment: Segment, row: VideoRow) -> None:
    """Raise InputError where the segment goes more than a frame beyond the end of its video."""
    if row.status == OK:
        frame_s = float(1 / row.fps) if row.fps else 0.0
        if segment.end_s > row.end_s + frame_s:
            raise InputError(
                f"the span ends at {segment.end_s:g} s, the video {row.video} at {row.end_s:.3f} s"
            )


def parse_query(text: str, videos: Videos) -> Segment:
    """The segment that ``VIDEO@START-END`` or ``VIDEO@START-END#ATHLETE`` means.

    The video is an id, a file name or the end of a path; times are seconds or minutes:seconds. Raises
    InputError.
    """
    found = _QUERY.fullmatch(text.strip())
    if not found:
        raise InputError(
            f"{text!r} is not a query. Write VIDEO@START-END in seconds or minutes:seconds, "
            "for example match_1@62.5-64 or match_1@1:02.5-1:04#2 for athlete 2."
        )
    row = videos[found["video"]]
    segment = Segment(
        row.video, parse_time(found["start"]), parse_time(found["end"]), _athlete(found["athlete"] or "")
    )
    if row.status == SET_ASIDE:
        raise InputError(f"the video {row.video} is set aside: {row.error}")
    check_span(segment, row)
    return segment


def _segment(record: Mapping[str, str], videos: Videos) -> Segment:
    """One row of the file. Raises InputError."""
    empty = [name for name in REQUIRED if not record[name]]
    if empty:
        raise InputError(f"{', '.join(empty)} is empty")
    row = videos[record["video"]]
    segment = Segment(
        video=row.video,
        start_s=parse_time(record["start_s"]),
        end_s=parse_time(record["end_s"]),
        athlete=_athlete(record["athlete"]),
        label=record["label"],
        window_s=_window(record),
    )
    check_span(segment, row)
    return segment


def _window(record: Mapping[str, str]) -> tuple[float, float] | None:
    start, end = (record[name] for name in WINDOW)
    if not start and not end:
        return None
    if not (start and end):
        raise InputError(f"of {' and '.join(WINDOW)} one is empty")
    return parse_time(start), parse_time(end)


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows of a CSV file with the columns of labels; other columns are passed over."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabelError(f"{path} does not exist. Write it with the columns {','.join(COLUMNS)}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    header = text.partition("\n")[0]
    # Spreadsheets of many countries separate by semicolons.
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
    names = [(name or "").strip() for name in reader.fieldnames or []]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise LabelError(f"{path}: the column {', '.join(missing)} is missing; the first line is {header!r}.")
    reader.fieldnames = names
    try:
        for record in reader:
            values = {name: (record.get(name) or "").strip() for name in (*COLUMNS, *WINDOW)}
            if any(values.values()):
                yield reader.line_num, values
    except csv.Error as error:
        raise LabelError(f"{path}, line {reader.line_num}: {error}") from error


def read_labels(path: Path, videos: Videos) -> list[Segment]:
    """The labelled segments of a labels.csv, in its order.

    Columns video, start_s, end_s, label, and athlete and those of ``WINDOW``, which may be empty or absent;
    others are passed over.
    The video is an id, a file name or the end of a path. Raises LabelError that lists every wrong row by its
    line: unknown videos, negative or reversed spans, spans more than a frame beyond the end of the video.
    """
    segments: list[Segment] = []
    wrong: list[str] = []
    for line, record in _records(path):
        try:
            segments.append(_segment(record, videos))
        except InputError as error:
            wrong.append(f"line {line}: {str(error).rstrip('.')}")
    if wrong:
        count = "1 row is" if len(wrong) == 1 else f"{len(wrong)} rows are"
        raise LabelError("\n  ".join([f"{path}: {count} wrong.", *wrong]))
    return segments


def on_set_aside(segments: Iterable[Segment], videos: Videos) -> dict[str, int]:
    """How many of the segments lie in videos that are set aside, by video: nothing can be learned of them."""
    counts = Counter(s.video for s in segments)
    return {video: n for video, n in counts.items() if videos[video].status == SET_ASIDE}


def write_labels(path: Path, segments: Iterable[Segment]) -> None:
    """Write labelled segments as labels.csv, whole or not at all; times to the microsecond."""
    rows = list(segments)
    windows = any(s.window_s is not None for s in rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, *WINDOW) if windows else COLUMNS)
    for s in rows:
        athlete = "" if s.athlete is None else s.athlete
        window = [round(t, 6) for t in s.window_s or ()] if windows else []
        writer.writerow([s.video, athlete, round(s.start_s, 6), round(s.end_s, 6), s.label, *window])
    write_text(out.getvalue(), path)
