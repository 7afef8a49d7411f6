"""Tables of the terminal that show the text of users as it is: square brackets are no markup."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text


class PlainTable(Table):
    """A table whose cells are plain text."""

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        """Add a row; strings are no markup."""
        super().add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells), **options)
