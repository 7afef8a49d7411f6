"""Read and write tables of a user: one reader for all of them, and a writer that keeps foreign content.

A table is read exactly, or refused with line and column. Its rows keep their text, so that changing one row
leaves the others alone: a user's own columns, their order, the quotes, the separator, the encoding and the
line ends stay.

Text is written unchanged, also where it begins with ``=``, ``+``, ``-`` or ``@``, which a spreadsheet takes
for a formula: a mark in front would change the user's text, and would be read back as part of it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from vpd.errors import InputError, TableError
from vpd.files import read_bytes
from vpd.library.artefact import replacing
from vpd.library.cells import COMMA, POINT, parse_athlete, parse_number, parse_time, parse_whole, write_number
from vpd.library.encodings import decode
from vpd.strings import Sentence

DELIMITERS = (",", ";", "\t", "|")
MOST_BYTES = 512 * 2**20
"""Largest size of a file in bytes. A million rows of labels have 50 MB."""

_SEP_LINE = re.compile(r'"?sep=(?P<delimiter>\\t|[^\r\n])"?[,;\t|]*', re.IGNORECASE)
_NOT_ONE_LINE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Columns:
    """The columns that a table may have: their names in lower case, and other names for them.

    Attributes
    ----------
    required : each must be there.
    optional : may be absent.
    choices : of each of these groups at least one must be there.
    numbers : those that hold numbers or times, by which the decimal mark is told.
    others : other spellings, by what they mean.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def known(self) -> set[str]:
        """All names."""
        return {*self.required, *self.optional, *(name for group in self.choices for name in group)}

    def places(self, header: Sequence[str]) -> dict[str, list[int]]:
        """The position of each known name in the header. Case does not count, and a blank equals an
        underscore.
        """
        known = self.known()
        found: dict[str, list[int]] = {}
        for place, written in enumerate(header):
            name = re.sub(r"[\s-]+", "_", written.strip("\ufeff \t\r\n").casefold())
            name = self.others.get(name, name)
            if name in known:
                found.setdefault(name, []).append(place)
        return found

    def missing(self, places: Mapping[str, Any]) -> list[str]:
        """The required columns that are missing."""
        groups = [" or ".join(group) for group in self.choices if not set(group) & set(places)]
        return [*(name for name in self.required if name not in places), *groups]


@dataclass(slots=True)
class Row:
    """One row: the line on which it begins, its cells, and its text with the line end."""

    line: int
    cells: list[str]
    raw: str


class Table:
    """The rows of one file, and what is needed to write it back.

    Attributes
    ----------
    path : of the file. ``encoding``, ``delimiter``, ``newline``: as it is written.
    start : what stands before the header, and ``header`` the names as they are written.
    rows : all rows, also empty ones.
    places : where the columns of the kind of table stand.
    """

    def __init__(
        self,
        path: Path,
        columns: Columns,
        header: Sequence[str],
        rows: Iterable[Row] = (),
        encoding: str = "utf-8",
        delimiter: str = ",",
        newline: str = "\n",
        start: str = "",
        raw_header: str | None = None,
    ) -> None:
        self.path, self.columns, self.header, self.rows = path, columns, list(header), list(rows)
        self.encoding, self.delimiter, self.newline, self.start = encoding, delimiter, newline, start
        self._raw_header = self._serialise(self.header) if raw_header is None else raw_header
        self.places = {name: places[0] for name, places in columns.places(header).items()}

    @cached_property
    def decimal(self) -> str:
        """The decimal mark: a comma where a number contains one and cells are not separated by commas."""
        if self.delimiter == COMMA:
            return POINT
        numbers = [self.places[name] for name in self.columns.numbers if name in self.places]
        with_comma = any(
            COMMA in row.cells[place] for row in self.rows for place in numbers if place < len(row.cells)
        )
        return COMMA if with_comma else POINT

    def records(self) -> Iterator[Record]:
        """The rows that are not empty. Raises TableError for one with surplus cells (`Record.check`)."""
        for record in self.unchecked():
            record.check()
            yield record

    def unchecked(self) -> Iterator[Record]:
        """The rows that are not empty, for a reader that continues after a wrong row."""
        for index, row in enumerate(self.rows):
            if any(cell.strip() for cell in row.cells):
                yield Record(self, index, row)

    def _serialise(self, cells: Sequence[str]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator=self.newline).writerow(cells)
        return out.getvalue()

    def _write_row(self, values: Mapping[str, str], cells: list[str]) -> list[str]:
        cells = [*cells[: len(self.header)], *[""] * (len(self.header) - len(cells))]
        for name, value in values.items():
            cells[self.places[name]] = value
        return cells

    def number(self, value: float) -> str:
        """The text of a number in the format of this table, to the millionth."""
        return write_number(value, self.decimal)

    def add_column(self, name: str) -> None:
        """Add a known column at the end; do nothing where the table has it.

        Raises TableError where a row has cells that belong to no column.
        """
        if name not in self.places:
            self._widen(name)
            self.places[name] = len(self.header) - 1

    def add_own_column(self, name: str) -> None:
        """Add a column of the user's at the end; do nothing where the table has one of this name."""
        if name not in self.header:
            self._widen(name)

    def _widen(self, name: str) -> None:
        old = len(self.header)
        for record in self.unchecked():
            record.check()  # a cell that belongs to no column would come to belong to the new one
        self.header.append(name)
        self._raw_header = self._serialise(self.header)
        for row in self.rows:
            if row.cells:
                row.cells = [*row.cells[:old], *[""] * (old + 1 - len(row.cells[:old]))]
                row.raw = self._serialise(row.cells)

    def set(self, index: int, values: Mapping[str, str]) -> None:
        """Change cells of one row."""
        row = self.rows[index]
        row.cells = self._write_row(values, row.cells)
        row.raw = self._serialise(row.cells)

    def append(self, values: Mapping[str, str], own: Mapping[str, str] | None = None) -> None:
        """Append a row. ``own`` are cells of the user's columns, by their names in the header."""
        if self.rows and not self.rows[-1].raw.endswith(("\n", "\r")):
            self.rows[-1].raw += self.newline
        if not self._raw_header.endswith(("\n", "\r")):
            self._raw_header += self.newline
        cells = self._write_row(values, [])
        for name, value in (own or {}).items():
            cells[self.header.index(name)] = value
        line = self.rows[-1].line + self.rows[-1].raw.count("\n") if self.rows else 2
        self.rows.append(Row(line, cells, self._serialise(cells)))

    def remove(self, indices: Iterable[int]) -> None:
        """Remove rows."""
        gone = set(indices)
        self.rows = [row for index, row in enumerate(self.rows) if index not in gone]

    def text(self) -> str:
        """The file's text."""
        return "".join([self.start, self._raw_header, *(row.raw for row in self.rows)])

    def write(self, path: Path | None = None) -> None:
        """Write the table completely or not at all; as UTF-8 where its encoding lacks a letter."""
        text = self.text()
        try:
            content = text.encode(self.encoding)
        except UnicodeEncodeError:
            content = text.encode("utf-8-sig")
        with replacing(path or self.path) as part:
            part.write_bytes(content)


class Record:
    """One row by the names of its columns. Its readers raise TableError with line and column."""

    __slots__ = ("_places", "index", "row", "table")

    def __init__(self, table: Table, index: int, row: Row) -> None:
        self.table, self.index, self.row, self._places = table, index, row, table.places

    @property
    def line(self) -> int:
        """The line on which the row begins."""
        return self.row.line

    def check(self) -> None:
        """Raise TableError where the row has a cell without a column, or an unclear quote."""
        header, cells = self.table.header, self.row.cells
        surplus = [cell for cell in cells[len(header) :] if cell.strip()]
        if surplus:
            raise TableError(
                self.table.path,
                f"the row has {len(cells)} cells, the header {len(header)} columns; {surplus[0]!r} belongs "
                "to none. Put text that contains the separator in quotation marks",
                self.line,
                f"{len(header) + 1}",
            )
        for place, cell in enumerate(cells):
            if cell[:1].isspace() and cell.lstrip().startswith('"'):
                name = header[place] if place < len(header) else str(place + 1)
                why = "there is a blank before a quotation mark. Take it away"
                raise TableError(self.table.path, why, self.line, name)

    def raw(self, name: str) -> str:
        """The cell as written, with blanks; "" where there is none."""
        place = self._places.get(name, -1)
        cells = self.row.cells
        return cells[place] if 0 <= place < len(cells) else ""

    def text(self, name: str) -> str:
        """The cell without the blanks around it."""
        return self.raw(name).strip()

    def fail(self, name: str, why: object) -> TableError:
        """The error that a cell is wrong, with line and column."""
        return TableError(self.table.path, str(why).rstrip("."), self.line, name)

    def parsed(self, name: str, parse: Callable[[str], Any]) -> Any:
        """The cell parsed by ``parse``. An InputError becomes a TableError with line and column."""
        try:
            return parse(self.text(name))
        except InputError as error:
            raise self.fail(name, error) from error

    def needed(self, name: str) -> str:
        """The text of a cell that must not be empty, and must not hold line breaks or control characters."""
        text = self.text(name)
        if not text:
            raise self.fail(name, f"{name} is empty")
        if _NOT_ONE_LINE.search(text):
            raise self.fail(name, f"{text!r} holds a line break or a control character")
        return text

    def number(self, name: str) -> float:
        """A finite number."""
        self.needed(name)
        return float(self.parsed(name, lambda text: parse_number(text, self.table.decimal)))

    def whole(self, name: str) -> int:
        """A whole number from 0 on."""
        self.needed(name)
        return int(self.parsed(name, parse_whole))

    def time(self, name: str) -> float:
        """Seconds."""
        self.needed(name)
        return float(self.parsed(name, lambda text: parse_time(text, self.table.decimal)))

    def athlete(self, name: str = "athlete") -> int | None:
        """A number from 0 on, or None where the cell is empty."""
        found: int | None = self.parsed(name, parse_athlete)
        return found


def read_table(path: Path, columns: Columns, encoding: str | None = None) -> Table:
    """The table at ``path``. Raises TableError for what cannot be read as one, with line and column.

    Cells are separated by commas, semicolons, tabs or bars. A first line ``sep=;`` decides; else the
    separator is taken that gives the header all required columns.
    """
    try:
        decoded = decode(read_bytes(path, MOST_BYTES), encoding)
    except FileNotFoundError:
        wanted = ",".join([*columns.required, *(group[0] for group in columns.choices)])
        raise TableError(path, Sentence("table_missing", {"columns": wanted})) from None
    except OSError as error:
        raise TableError(path, f"it cannot be read ({error.strerror or error})") from error
    except TableError:
        raise
    except InputError as error:
        raise TableError(path, f"it cannot be read: {error}") from error
    return parse_table(decoded.text, path, columns, decoded.encoding)


def parse_table(text: str, path: Path, columns: Columns, encoding: str = "utf-8") -> Table:
    """Parse ``text`` as `read_table` parses a file at ``path``."""
    start, delimiter = _start(text)
    body = text[len(start) :]
    first = re.split(r"[\r\n]", body, maxsplit=1)[0]
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda d: _fit(first, d, columns))
    rows = list(_rows(body, path, delimiter, _line_breaks(start) + 1, columns))
    header_row = rows[0] if rows else Row(1, [], "")
    places = columns.places(header_row.cells)
    missing = columns.missing(places)
    if missing:
        raise TableError(
            path, f"the column {', '.join(missing)} is missing; the first line is {first[:200]!r}"
        )
    twice = [name for name, found in places.items() if len(found) > 1]
    if twice:
        names = " and ".join(repr(header_row.cells[place].strip()) for place in places[twice[0]])
        why = f"there are two columns {twice[0]}: {names}. Rename all but one"
        raise TableError(path, why, header_row.line, twice[0])
    newline = "\r\n" if "\r\n" in header_row.raw else "\r" if header_row.raw.endswith("\r") else "\n"
    return Table(
        path, columns, header_row.cells, rows[1:], encoding, delimiter, newline, start, header_row.raw
    )


def _line_breaks(text: str) -> int:
    return len(re.findall(r"\r\n|\r|\n", text))


def _start(text: str) -> tuple[str, str | None]:
    """The text before the header: a line that names the separator, and empty lines."""
    start, delimiter = "", None
    for line in io.StringIO(text, newline=""):
        found = _SEP_LINE.fullmatch(line.strip("\r\n\ufeff "))
        if found and delimiter is None:
            delimiter = found["delimiter"].replace("\\t", "\t")
        elif line.strip():
            break
        start += line
    return start, delimiter


def _fit(first: str, delimiter: str, columns: Columns) -> tuple[int, int]:
    try:
        cells = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error:
        return (0, 0)
    return len(columns.places(cells)), len(cells)


class _Lines:
    """Iterate over the lines of a text, and record those read since the last call."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        return line


def _rows(text: str, path: Path, delimiter: str, line: int, columns: Columns) -> Iterator[Row]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _quote_error(path, "".join(lines.taken), delimiter, line, error) from error
        taken, lines.taken = lines.taken, []
        if len(taken) > 1:
            _check_swallowed(path, taken, delimiter, line, len(columns.required))
        yield Row(line, cells, "".join(taken))
        line += len(taken)


def _check_swallowed(path: Path, taken: list[str], delimiter: str, line: int, least: int) -> None:
    """Refuse a cell that seems to have swallowed rows because a quote is not closed."""
    for number, text in enumerate(taken[1:], 1):
        own = text.split('"', 1)[0]
        if own.count(delimiter) + 1 >= max(2, least):
            raise TableError(
                path,
                f"a quotation mark is opened here and closed in line {line + len(taken) - 1}, and line "
                f"{line + number} looks like a row of its own. Close the quotation mark, or write one line",
                line,
            )


def _quote_error(path: Path, raw: str, delimiter: str, line: int, error: csv.Error) -> TableError:
    if "field larger" in str(error):
        return TableError(path, f"a cell is longer than {csv.field_size_limit()} characters", line)
    place, inside, previous = 1, False, delimiter
    opened = 1
    for letter in raw:
        if letter == '"' and (inside or previous == delimiter):
            inside, opened = not inside, place if not inside else opened
        elif letter == delimiter and not inside:
            place += 1
        previous = letter
    return TableError(
        path,
        f"a quotation mark is opened in cell {opened} and never closed, or closed and followed by text. "
        "Inside quotation marks, write each of them twice",
        line,
    )


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The text of a new table. None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a new table as UTF-8, completely or not at all."""
    with replacing(path) as part:
        part.write_bytes(csv_text(columns, rows).encode("utf-8"))
