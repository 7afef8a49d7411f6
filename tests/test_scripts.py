"""Benchmarks, tools and examples use what the package has: a moved name breaks them in silence."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(
    path
    for folder in ("benchmarks", "tools", "examples", "docs/examples")
    for path in (ROOT / folder).rglob("*.py")
)


def test_the_index_says_of_each_benchmark_what_its_file_says():
    rows = re.findall(r"^\| `(\S+)` \| (.+?) \| .*\|$", (ROOT / "benchmarks" / "README.md").read_text(), re.M)
    about = {
        path.name: " ".join(ast.get_docstring(ast.parse(path.read_text())).split("\n\n")[0].split())
        for path in (ROOT / "benchmarks").glob("*.py")
    }
    assert len(rows) > 30
    assert dict(rows).items() <= about.items()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_names_that_a_script_imports_are_there(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "vpd":
            continue
        module = importlib.import_module(node.module)
        for name in (alias.name for alias in node.names):
            if not hasattr(module, name):
                importlib.import_module(f"{node.module}.{name}")
