"""Read queries.csv: the labelled actions that are queries when retrieval is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError, LabelError, TableError
from vpd.library.csv_file import Columns, Record, read_table
from vpd.library.names import VideoNames
from vpd.recognition.actions import ActionFinder
from vpd.types import Segment

TABLE = Columns(required=("video",))
SPAN = ("start_s", "end_s", "start_frame", "end_frame")
"""Columns of labels that a file of queries does not have."""


@dataclass(frozen=True)
class QueryFile:
    """The content of a file of queries: indices of segments, rows without a segment, and wrong rows."""

    indices: list[int]
    unknown: list[Record]
    wrong: list[TableError]


def query_file(path: Path, segments: Sequence[Segment], names: VideoNames | None = None) -> QueryFile:
    """All rows of a file with the column video, which holds VIDEO, or VIDEO@START-END."""
    find = ActionFinder(segments, names)
    found: set[int] = set()
    unknown: list[Record] = []
    wrong: list[TableError] = []
    try:
        table = read_table(path, TABLE)
        if spans := [name for name in table.header if name.strip().casefold() in SPAN]:
            raise TableError(path, f"{spans[0]} is not read: write a query into video, as VIDEO@START-END")
    except TableError as error:
        return QueryFile([], [], [error])
    for record in table.unchecked():
        try:
            record.check()
            record.needed("video")
            meant = find(record.raw("video"))
        except TableError as error:
            wrong.append(error)
        except InputError as error:
            wrong.append(record.fail("video", error))
        else:
            found.update(meant)
            unknown += [] if meant else [record]
    if not found and not wrong:
        wrong.append(TableError(path, "it names no labelled action of the library"))
    return QueryFile(sorted(found), unknown, wrong)


def read_queries(path: Path, segments: Sequence[Segment], names: VideoNames | None = None) -> list[int]:
    """Indices of the segments that are queries. Raises LabelError for a wrong row, or where there is no
    query.

    Rows of videos that the library lacks are skipped, because a library may hold a part of a data set.
    """
    return usable_queries(path, segments, names).indices


def usable_queries(path: Path, segments: Sequence[Segment], names: VideoNames | None = None) -> QueryFile:
    """As `read_queries`, with the rows that were skipped."""
    found = query_file(path, segments, names)
    if found.wrong:
        raise LabelError(str(found.wrong[0])) from found.wrong[0]
    return found
