"""The rows of a table by their ids. Each is made when somebody asks for it, as most commands need few."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from itertools import count
from typing import Any, TypeVar

import pyarrow as pa

AT_ONCE = 4096
"""Rows that are made in one go where all are asked for."""
FEW = 100
"""Rows that are made one by one: all of 100,000 take as long as some thousands."""

R = TypeVar("R")


class RowsById(MutableMapping[str, R]):
    """A mapping from id to row, in the order of the table.

    Parameters
    ----------
    table : its first column holds the ids.
    make : makes a row of its values, in the order of the columns.
    own : columns of which nearly every row has a value of its own. Values of the others are held once.
    """

    def __init__(self, table: pa.Table, make: Callable[..., R], own: frozenset[str]) -> None:
        self._table, self._make, self._own = table, make, own
        # A row that was not made yet stands as its number in the table.
        self._rows: dict[str, Any] = dict(zip(table.column(0).to_pylist(), count(), strict=False))
        self._waiting, self._singly = True, 0
        self._as_read = True
        """Whether the rows are still those of the table, made or not."""

    def __getitem__(self, key: str) -> R:
        row: R | int = self._rows[key]
        return self._made(key) if isinstance(row, int) else row

    def _made(self, key: str) -> R:
        """Make a row; where many were asked for one by one, all."""
        self._singly += 1
        if self._singly > FEW:
            self._make_all()
        table = self._table  # before the row: another thread may make all of them
        row: R | int = self._rows[key]
        if isinstance(row, int):
            (values,) = table.slice(row, 1).to_pylist()
            row = self._rows[key] = self._make(**values)
        return row

    def __setitem__(self, key: str, row: R) -> None:
        self._as_read = False
        self._rows[key] = row

    def __delitem__(self, key: str) -> None:
        self._as_read = False
        del self._rows[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def values(self) -> ValuesView[R]:
        """All rows."""
        self._make_all()
        return self._rows.values()

    def items(self) -> ItemsView[str, R]:
        """All ids and rows."""
        self._make_all()
        return self._rows.items()

    def columns(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """The id of each row, and its values of these columns; no row is made for it."""
        columns = [self._table[name].to_pylist() for name in names] if self._waiting else []
        if self._waiting and self._as_read and self._table.num_rows == len(self._rows):
            yield from zip(self._rows, *columns, strict=True)
            return
        for key, row in self._rows.items():
            if isinstance(row, int):
                yield key, *(column[row] for column in columns)
            else:
                yield key, *(getattr(row, name) for name in names)

    def _make_all(self) -> None:
        if not self._waiting:
            return
        made: list[R] = []
        held: dict[str, dict[Any, Any]] = {n: {} for n in self._table.column_names if n not in self._own}
        for batch in self._table.to_batches(max_chunksize=AT_ONCE):
            columns = []
            for name in batch.schema.names:
                values = batch[name].to_pylist()
                if (known := held.get(name)) is not None:
                    values = [known.setdefault(value, value) for value in values]
                columns.append(values)
            made.extend(map(self._make, *columns))
        self._rows |= {key: made[row] for key, row in self._rows.items() if isinstance(row, int)}
        self._waiting, self._table = False, self._table.schema.empty_table()
        del made
        pa.default_memory_pool().release_unused()  # else Arrow keeps the memory of the columns


def columns_of(rows: Mapping[str, Any], *names: str) -> Iterator[tuple[Any, ...]]:
    """As `RowsById.columns`, of any mapping."""
    if isinstance(rows, RowsById):
        yield from rows.columns(*names)
    else:
        yield from ((key, *(getattr(row, name) for name in names)) for key, row in rows.items())
