"""A table of results: cells with our figure, the paper's, and the reason for missing ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One figure in per cent.

    Attributes
    ----------
    ours : measured here; None where it could not be, with ``reason``.
    paper : the paper's; None where it has none.
    sd, low, high : standard deviation over subsets or trials and the 95 % interval, where there are several.
    """

    ours: float | None = None
    paper: float | None = None
    reason: str = ""
    sd: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> float | None:
        """Ours minus the paper's; None where one is missing."""
        return None if self.ours is None or self.paper is None else self.ours - self.paper


@dataclass(frozen=True)
class Line:
    """One row: a system, its group, its input, and a cell for each column."""

    name: str
    title: str
    group: str
    sees: str
    cells: tuple[Cell, ...]
    quoted: bool = False


@dataclass(frozen=True)
class Heading:
    """One column: the library's name in tables, the measure, its data set's key, numbers of examples, and
    how much of the data set the library holds.
    """

    library: str
    measure: str
    data: str = ""
    train: int = 0
    test: int = 0
    coverage: str = ""


@dataclass(frozen=True)
class ResultTable:
    """A table of the paper as measured here.

    Attributes
    ----------
    notes : protocol, coverage of the data sets and what is questionable; printed below the table.
    """

    name: str
    title: str
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    as_published: bool = False
    extra: dict[str, object] = field(default_factory=dict)
    """Further figures for the JSON file, such as average precision at more thresholds."""

    def best(self, column: int) -> float | None:
        """Our best figure in a column, except guesses; None where there is none."""
        values = [line.cells[column].ours for line in self.lines if line.group]
        return max((v for v in values if v is not None), default=None)

    def reasons(self) -> list[tuple[str, str]]:
        """(rows, reason) of every reason for empty cells; each reason once."""
        by_reason: dict[str, list[str]] = {}
        for line in self.lines:
            for heading, cell in zip(self.headings, line.cells, strict=True):
                if cell.ours is None and cell.reason:
                    names = by_reason.setdefault(cell.reason, [])
                    where = f"{line.title} ({heading.library})"
                    if where not in names:
                        names.append(where)
        return [(_some(names), reason) for reason, names in by_reason.items()]


def _some(names: Sequence[str], shown: int = 4) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
