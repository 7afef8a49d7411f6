"""Which lines of the server of the page and of the page's own modules the tests of tests/web run.

    python -m tools.page_coverage [ARGUMENTS OF PYTEST]     # exit code 1 below the wanted shares

Needs coverage, playwright and Chromium. Python is measured by coverage.py, the modules by V8's own counters,
which Chromium reports for every page that a test opens. A line counts as run unless a part that was never
run covers it from its first to its last character; blank lines and comments do not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.web.browser import COVERAGE
from vpd.report.html import LOOK
from vpd.web.app import STATIC

ROOT = Path(__file__).parents[1]
WANTED_PYTHON, WANTED_PAGE = 90, 80
"""Shares of the lines, in per cent."""
FOLDERS = {"/static/": STATIC, "/look/": LOOK}


def file_of(url: str) -> Path | None:
    """The file of ours that a script came from; None for vendored ones and others."""
    path = urlsplit(url).path
    for head, folder in FOLDERS.items():
        if path.startswith(head) and "/vendor/" not in path:
            return folder / path.removeprefix(head)
    return None


def was_run(script: dict[str, Any], length: int) -> bytearray:
    """Of each character whether it was run: inner ranges overrule outer ones, and come after them."""
    run = bytearray(length)
    for function in script["functions"]:
        for part in function["ranges"]:
            start, end = part["startOffset"], min(part["endOffset"], length)
            run[start:end] = bytes([part["count"] > 0]) * (end - start)
    return run


def lines_run(text: str, run: bytearray) -> tuple[int, list[int]]:
    """How many lines count, and the numbers of those that were not run."""
    counted, missed, at = 0, [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        code = line.strip()
        if code and not code.startswith("//"):
            counted += 1
            start = at + len(line) - len(line.lstrip())
            if not any(run[start : at + len(line.rstrip())]):
                missed.append(number)
        at += len(line) + 1
    return counted, missed


def page_table(folder: Path) -> tuple[list[str], float]:
    """A line a module, and the share of all lines that were run."""
    runs: dict[Path, bytearray] = {}
    for report in folder.glob("*.json"):
        for script in json.loads(report.read_text()):
            path = file_of(script["url"])
            if path is None:
                continue
            length = len(path.read_text(encoding="utf-8"))
            run = was_run(script, length)
            before = runs.setdefault(path, bytearray(length))
            runs[path] = bytearray(a | b for a, b in zip(before, run, strict=True))
    rows, counted, missed = [], 0, 0
    modules = [path for root in FOLDERS.values() for path in root.rglob("*.js") if "vendor" not in path.parts]
    for path in sorted(modules):
        text = path.read_text(encoding="utf-8")
        lines, gone = lines_run(text, runs.get(path, bytearray(len(text))))
        counted, missed = counted + lines, missed + len(gone)
        shown = ", ".join(map(str, gone[:12])) + (" ..." if len(gone) > 12 else "")
        rows.append(
            f"| {path.relative_to(ROOT / 'src' / 'vpd')} | {lines} | {share(lines, gone)} | {shown} |"
        )
    return rows, 100 * (counted - missed) / max(counted, 1)


def share(lines: int, missed: list[int]) -> str:
    """In per cent."""
    return f"{100 * (lines - len(missed)) / max(lines, 1):.0f} %"


def python_table(data: Path) -> tuple[list[str], float]:
    """A line a file of vpd.web, and the share of all lines that were run."""
    out = data.with_suffix(".report.json")
    command = [sys.executable, "-m", "coverage", "json", "-q", f"--data-file={data}", "-o", str(out)]
    subprocess.run(command, check=True, cwd=ROOT)
    found = json.loads(out.read_text())
    rows = []
    for name, file in sorted(found["files"].items()):
        gone, summary = ", ".join(map(str, file["missing_lines"][:12])), file["summary"]
        rows.append(f"| {name} | {summary['num_statements']} | {summary['percent_covered']:.0f} % | {gone} |")
    return rows, float(found["totals"]["percent_covered"])


def main() -> int:
    """Run the tests and print the tables; 1 where a share is too low or a test fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page").mkdir()
        data = folder / "python.coverage"
        tests = sys.argv[1:] or ["tests/web"]
        command = [sys.executable, "-m", "coverage", "run", f"--data-file={data}", "--source=vpd.web"]
        failed = subprocess.run(
            [*command, "-m", "pytest", "-p", "no:cacheprovider", *tests],
            cwd=ROOT,
            env={**os.environ, COVERAGE: str(folder / "page")},
        ).returncode
        (python, share_python), (page, share_page) = python_table(data), page_table(folder / "page")
    for title, rows in (("Python", python), ("The page's modules", page)):
        print(f"\n{title}\n\n| file | lines | run | not run |\n|---|---|---|---|")
        print("\n".join(rows))
    print(f"\nPython {share_python:.1f} % (wanted {WANTED_PYTHON}), page {share_page:.1f} % ({WANTED_PAGE})")
    return int(bool(failed) or share_python < WANTED_PYTHON or share_page < WANTED_PAGE)


if __name__ == "__main__":
    sys.exit(main())
