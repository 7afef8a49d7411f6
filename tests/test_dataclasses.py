"""Containers are frozen: what a function is given stays as it was."""

import ast
from pathlib import Path

import vpd

SOURCES = Path(vpd.__file__).parent


def changeable():
    """The dataclasses that are not frozen, as file:class."""
    for file in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for decorator in getattr(node, "decorator_list", []):
                text = ast.unparse(decorator)
                if text.startswith("dataclass") and "frozen=True" not in text:
                    yield f"{file.relative_to(SOURCES).as_posix()}:{node.name}"


KNOWN = {
    "athletes/bytetrack.py:Tracklet",
    "athletes/tracking.py:Shot",
    "athletes/tracking.py:_Seen",
    "baselines/checkpoint.py:Progress",
    "baselines/training.py:Trainer",
    "library/csv_file.py:Row",
    "paper/given.py:Given",
    "paper/importing.py:Imported",
    "pipeline/report.py:RunReport",
    "pipeline/run.py:_Run",
    "pipeline/status.py:Status",
    "pipeline/status.py:StepStatus",
    "pipeline/task.py:Outcome",
    "pipeline/workers.py:_Worker",
    "search/segments.py:_Laid",
    "student/training/checkpoint.py:TrainingState",
    "teachers/vipe/readers/bvh.py:_Joint",
    "video/find.py:Found",
    "video/reader.py:Decoded",
    "video/sequence.py:FilePass",
    "web/jobs.py:Job",
    "web/journal.py:Change",
}
"""Those that are filled or counted up as work goes on."""


def test_dataclasses_are_frozen_but_for_those_that_grow():
    assert set(changeable()) == KNOWN
