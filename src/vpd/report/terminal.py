"""Print users' text on the terminal: brackets are no markup, and control characters have no effect."""

from __future__ import annotations

import re
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters except tab and line feed, and marks of writing direction."""


def visible(text: str) -> str:
    """The text with control characters spelled out, so that a name cannot control the terminal."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def length_text(seconds: float) -> str:
    """A length of video in the unit that suits it, such as "2.5 hours"."""
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.0f} s"


class PlainTable(Table):
    """A table whose cells are plain text. Words wider than their column continue in the next line."""

    def add_column(self, header: RenderableType = "", *more: RenderableType, **options: Any) -> None:
        """Add a column. The end of a long name is not cut off, since a reader copies names. Strings are no
        markup.
        """
        plain = Text(visible(header)) if isinstance(header, str) else header
        super().add_column(plain, *more, **{"overflow": "fold", **options})

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        """Add a row; strings are no markup."""
        super().add_row(
            *(Text(visible(cell)) if isinstance(cell, str) else cell for cell in cells), **options
        )
