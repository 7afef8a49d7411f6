"""Containers of what learns and finds are frozen: what a function is given stays as it was."""

import ast
from pathlib import Path

import vpd

SOURCES = Path(vpd.__file__).parent


def changeable():
    """The dataclasses that are not frozen, as file:class."""
    files = [file for folder in FOLDERS for file in sorted((SOURCES / folder).rglob("*.py"))]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for decorator in getattr(node, "decorator_list", []):
                text = ast.unparse(decorator)
                if text.startswith("dataclass") and "frozen=True" not in text:
                    yield f"{file.relative_to(SOURCES).as_posix()}:{node.name}"


FOLDERS = ("athletes", "detection", "recognition", "student", "teachers")
KNOWN = {
    "athletes/bytetrack.py:Tracklet",
    "athletes/tracking.py:Shot",
    "student/training/checkpoint.py:TrainingState",
    "teachers/vipe/readers/bvh.py:_Joint",
}
"""Those that are filled or counted up as work goes on."""


def test_dataclasses_are_frozen_but_for_those_that_grow():
    assert set(changeable()) <= KNOWN
