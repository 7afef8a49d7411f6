"""Tables and figures of the documents, from result files: write them, or check that they are the same.

    python tools/measurements.py            # check; exit code 1 where a document differs from its result file
    python tools/measurements.py --write    # write the tables and figures of the files into the documents

A result file is docs/results/NAME.json:

    {"title": what was measured, "command": ..., "machine": ..., "commit": ..., "note": optional,
     "columns": [...], "rows": [[...]], "views": {"readme": {"columns": [...], "rows": [...]}}}

A cell is the text that readers see; the first cell of a row is its name. A document shows

    <!-- table: NAME -->            the whole table, with command, machine and commit below it
    <!-- end -->
    <!-- table: NAME readme -->     the rows and columns of the view "readme", without the line below
    <!-- end -->
    71.8<!-- NAME | row | column -->   one figure in a sentence
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = re.compile(
    r"^(?P<mark><!-- table: (?P<name>[\w-]+)(?: (?P<view>\w+))? -->\n)(?P<body>.*?)^<!-- end -->",
    re.DOTALL | re.MULTILINE,
)
FIGURE = re.compile(r"[^\s|(]+(?P<mark><!-- (?P<name>[\w-]+) \| (?P<row>[^|]+) \| (?P<column>[^|]+?) -->)")


class Results:
    """The result files of a folder, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, dict[str, Any]] = {}

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self._read:
            path = self.folder / f"{name}.json"
            if not path.is_file():
                raise SystemExit(f"There is no result file {path}.")
            content = json.loads(path.read_text(encoding="utf-8"))
            missing = {"title", "command", "machine", "commit", "columns", "rows"} - set(content)
            if missing:
                raise SystemExit(f"{path} lacks {', '.join(sorted(missing))}.")
            for row in content["rows"]:
                if len(row) != len(content["columns"]):
                    raise SystemExit(
                        f"{path}: the row {row[0]!r} has {len(row)} cells, not {len(content['columns'])}."
                    )
            self._read[name] = content
        return self._read[name]

    def cell(self, name: str, row: str, column: str) -> str:
        """One cell as text."""
        content = self[name]
        rows = {str(cells[0]): cells for cells in content["rows"]}
        if row not in rows or column not in content["columns"]:
            raise SystemExit(f"{name} has no cell {row!r}, {column!r}. Rows: {', '.join(rows)}.")
        return str(rows[row][content["columns"].index(column)])

    def table(self, name: str, view: str | None) -> str:
        """A Markdown table; the whole one ends with command, machine and commit."""
        content = self[name]
        columns, rows = content["columns"], [str(row[0]) for row in content["rows"]]
        if view:
            chosen = content.get("views", {}).get(view)
            if chosen is None:
                raise SystemExit(f"{name} has no view {view!r}.")
            columns, rows = [columns[0], *chosen["columns"]], chosen["rows"]
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(self.cell(name, row, c) for c in columns) + " |" for row in rows]
        if not view:
            command = content["command"]
            command = f"`{command}`" if command.startswith(("python ", "vpd ", "make ")) else command
            about = f"Command: {command}. Machine: {content['machine']}. Commit: {content['commit']}."
            lines += ["", f"{about} {content.get('note', '')}".rstrip()]
        return "\n" + "\n".join(lines) + "\n\n"


def written(text: str, results: Results) -> str:
    """The document with the tables and figures of the result files."""
    text = TABLE.sub(lambda m: f"{m['mark']}{results.table(m['name'], m['view'])}<!-- end -->", text)
    return FIGURE.sub(lambda m: results.cell(m["name"], m["row"].strip(), m["column"]) + m["mark"], text)


def documents(root: Path) -> Iterator[Path]:
    """README and the pages of the site."""
    yield root / "README.md"
    yield from sorted((root / "docs").rglob("*.md"))


def main() -> int:
    """Check or write; the exit code."""
    parser = argparse.ArgumentParser(description="Check that documents show what the result files hold.")
    parser.add_argument("--write", action="store_true", help="write the documents instead")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of README.md and docs")
    options = parser.parse_args()
    results = Results(options.root / "docs" / "results")
    different = 0
    for path in documents(options.root):
        text = path.read_text(encoding="utf-8")
        wanted = written(text, results)
        if wanted == text:
            continue
        different += 1
        if options.write:
            path.write_text(wanted, encoding="utf-8")
        did = "written" if options.write else "differs from its result files"
        print(f"{path.relative_to(options.root)}: {did}")
    return 0 if options.write or not different else 1


if __name__ == "__main__":
    sys.exit(main())
