"""The tables and the figure by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vpd.errors import InputError
from vpd.paper.columns import Column
from vpd.paper.detection import table_4
from vpd.paper.options import Options
from vpd.paper.recognition import table_1, table_2
from vpd.paper.result import ResultTable
from vpd.paper.retrieval import table_3
from vpd.paper.systems import ROWS, System

TABLES: dict[str, Callable[[Sequence[Column], Sequence[System], Options], ResultTable]] = {
    "table1": table_1,
    "table2": table_2,
    "table3": table_3,
    "table4": table_4,
}
FIGURE = "figure3"


def measure_table(
    name: str, columns: Sequence[Column], systems: Sequence[System], options: Options, trials: int
) -> ResultTable:
    """Measure the table of that name. ``trials`` is the number of trials of detection."""
    if name == "table4":
        return table_4(columns, systems, options, trials)
    return TABLES[name](columns, systems, options)


def rows_of_each(tables: Sequence[str], named: Sequence[str] = ()) -> dict[str, tuple[System, ...]]:
    """The rows of each table, or those named; a table without any of these is left out.

    Raises InputError for a row that no table has.
    """
    if not named:
        return {table: ROWS[table] for table in tables}
    known = {table: {system.name: system for system in ROWS[table]} for table in tables}
    names = dict.fromkeys(name for of in known.values() for name in of)
    unknown = [name for name in named if name not in names]
    if unknown:
        raise InputError(f"{', '.join(tables)} has no row {', '.join(unknown)}; there are {', '.join(names)}")
    chosen = {t: tuple(of[name] for name in dict.fromkeys(named) if name in of) for t, of in known.items()}
    return {table: rows for table, rows in chosen.items() if rows}
