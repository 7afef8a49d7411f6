"""Keep figures in a file of lines, so that a stopped table continues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vpd.library.json_lines import add_line, read_lines


class KeptFigures:
    """The file at ``path``: one line of JSON a figure, found by its key.

    Keys contain everything that a figure depends on except the program: use a new file after changes of it.
    A line that a killed run left incomplete, or that was damaged since, is made again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}
        for row in read_lines(path):
            if isinstance(row.get("key"), str):
                self.rows[row["key"]] = row

    def find(self, key: str) -> dict[str, Any] | None:
        """The figure with this key; None where there is none."""
        return self.rows.get(key)

    def add(self, key: str, row: dict[str, Any]) -> None:
        """Write one figure immediately."""
        self.rows[key] = {"key": key, **row}
        add_line(self.path, self.rows[key])
