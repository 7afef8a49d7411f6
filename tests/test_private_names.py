"""Tests, benchmarks and tools use public names: a private one may change without notice."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for folder in ("tests", "benchmarks", "tools", "examples", "docs/examples")
    for path in (ROOT / folder).rglob("*.py")
)
OURS = ("vpd", "tests", "tools", "benchmarks")


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_imports(text: str) -> list[str]:
    return [
        f"line {node.lineno}: {node.module}.{alias.name}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS
        for alias in node.names
        if private(alias.name)
    ]


def test_a_private_import_is_found():
    assert private_imports("from vpd.dtw.nearest import _margin, top_k\nfrom os import _exit\n") == [
        "line 1: vpd.dtw.nearest._margin"
    ]


def test_no_file_imports_a_private_name():
    found = {str(path.relative_to(ROOT)): private_imports(path.read_text(encoding="utf-8")) for path in FILES}
    assert {path: names for path, names in found.items() if names} == {}
