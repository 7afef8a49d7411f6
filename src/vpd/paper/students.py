"""Say which of the paper's students were trained for less than the paper's schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vpd.library.sealed_files import read_json
from vpd.paper.columns import Column
from vpd.paper.systems import System
from vpd.pipeline.distill import CONFIG
from vpd.sequences.joined import JOINT
from vpd.settings.presets import PAPER, PRESETS


def students_of(systems: Iterable[System]) -> list[str]:
    """Names of the paper's students whose features the rows take."""
    known = {sets["name"] for sets in PRESETS.values() if "name" in sets}
    names = (name for s in systems if s.kind == "features" for name in s.features.split(JOINT))
    return [name for name in dict.fromkeys(names) if name in known]


def shortened(columns: Sequence[Column], systems: Sequence[System]) -> list[str]:
    """One sentence for each library and number of crops that some of its students were trained on, where it
    is not the paper's number.
    """
    return [
        f"{column.title}: {', '.join(names)} trained on {images:,} crops; the paper's on {PAPER['images']:,}."
        for column in columns
        for images, names in _by_images(column, students_of(systems)).items()
        if images != PAPER["images"]
    ]


def _by_images(column: Column, names: Sequence[str]) -> dict[int, list[str]]:
    """The students that a library holds, by the number of crops seen in their training."""
    found: dict[int, list[str]] = {}
    for name in names:
        try:
            config = read_json(column.layout.student(name) / CONFIG)
            found.setdefault(config["epochs"][-1]["images"], []).append(name)
        except (OSError, ValueError, LookupError, TypeError):
            continue  # features without a student that can be read: nothing is known of its training
    return found
