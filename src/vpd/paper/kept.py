"""Figures kept in a file of lines, so that a table goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vpd.library.artefact import write_text


class KeptFigures:
    """The file at ``path``: one line of JSON a figure, found by its key.

    Keys are made of everything that a figure depends on but the program: begin anew after changes of that. A
    line that a killed run left half is made again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}
        if not path.exists():
            return
        good = []
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                self.rows[row["key"]] = row
                good.append(line)
            except (ValueError, KeyError, TypeError):
                continue
        write_text("".join(f"{line}\n" for line in good), path)

    def find(self, key: str) -> dict[str, Any] | None:
        """The figure of that key, if it is there."""
        return self.rows.get(key)

    def add(self, key: str, row: dict[str, Any]) -> None:
        """Write one figure at once."""
        self.rows[key] = {"key": key, **row}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self.rows[key], ensure_ascii=False) + "\n")
