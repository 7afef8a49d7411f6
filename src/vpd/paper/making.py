"""Make the features that a table needs and a library lacks: poses, teachers, and the paper's students."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vpd.paper.columns import Column
from vpd.paper.systems import System
from vpd.pipeline.report import Listener
from vpd.pipeline.run import open_sources, run
from vpd.sequences.joined import JOINT
from vpd.settings.presets import PAPER, PRESETS
from vpd.teachers.table import TEACHERS

PAPER_HOURS = 8
"""Of a student by the paper's schedule, on the one GPU (Titan V) that its authors report."""


def missing_features(column: Column, systems: Iterable[System]) -> list[str]:
    """Names of the features that rows take and the library lacks, in the order of the rows."""
    there = set(column.layout.feature_names())
    wanted = (name for s in systems if s.kind == "features" for name in s.features.split(JOINT))
    return [name for name in dict.fromkeys(wanted) if name not in there]


def _presets() -> dict[str, str]:
    """The preset of a student by the name of its features."""
    return {str(sets.get("name", "vpd")): preset for preset, sets in PRESETS.items()}


def _announced(column: Column, name: str, preset: str) -> str:
    if not preset:
        return f"Making {name} of {column.title}."
    images = open_sources(column.layout).with_preset(preset).settings.distill.images
    about = f", as the paper: about {PAPER_HOURS} hours on its GPU" if images == PAPER["images"] else ""
    return f"Making {name} of {column.title}: {images:,} crops in training{about}."


def make_missing(
    columns: Sequence[Column],
    systems: Sequence[System],
    jobs: int,
    listener: Listener,
    say: Callable[[str], None] = lambda text: None,
) -> list[str]:
    """Make what the rows need and the libraries lack, each kind of features by the pipeline.

    What has been made is left, and a stopped training continues. Returns a sentence for each thing
    that could not be made.
    """
    problems = []
    for column in columns:
        for name in missing_features(column, systems):
            is_teacher, preset = name in TEACHERS, _presets().get(name, "")
            if not (is_teacher or preset):
                make = next(s.make for s in systems if name in s.features.split(JOINT))
                problems.append(f"{column.title}: {name} needs files of yours: `{make}`")
                continue
            say(_announced(column, name, preset))
            step, teachers = ("teach", [name]) if is_teacher else ("embed", [])
            report = run(column.layout, (step,), jobs, listener=listener, teachers=teachers, preset=preset)
            problems += [f"{column.title}, {name}: {problem}" for problem in report.problems]
    return problems
