"""Read data sets in ActivityNet's JSON: ActivityNet itself, and THUMOS14 in its common form.

``{"database": {video: {"subset": text, "annotations": [{"label": text, "segment": [s, e]}, ...], ...},
...}}``
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vpd.counting import counted
from vpd.errors import LabelError
from vpd.formats.reading import label_text, number
from vpd.paper.dataset import About, Action, Clip, Dataset, Part, Span
from vpd.paper.label_files import LabelFolder, entry, items, read_json

ACTIVITYNET = About(
    "activitynet",
    "ActivityNet",
    "annotation MIT; the videos belong to their owners",
    "activity_net.v1-3.min.json, and the videos v_<id>.mp4",
    "the part `validation` is tested, as its labels are the last that are public; windows are the segments",
)
THUMOS = About(
    "thumos14",
    "THUMOS14",
    "annotation: terms of the THUMOS challenge, research only",
    "thumos14.json in ActivityNet's format, and the videos of the validation and test part",
    "the 200 validation videos train, the test videos are tested; `Ambiguous` segments are left out",
)
FILES = {
    "activitynet": ("activity_net.v1-3.min.json", "activity_net.v1-3.json"),
    "thumos14": ("thumos14.json", "thumos_14_anno.json"),
}
PARTS: Mapping[str, Mapping[str, Part]] = {
    "activitynet": {"training": "train", "validation": "test"},
    "thumos14": {"validation": "train", "training": "train", "test": "test"},
}
LEFT_OUT = ("Ambiguous",)


def _segments(entry_of: Any, where: str) -> list[tuple[str, Span]]:
    """Labels and spans of a video, without those that the protocol leaves out. Raises LabelError."""
    found = []
    for place, one in enumerate(items(entry(entry_of, "annotations", where), where), 1):
        here = f"{where}, segment {place}"
        label = label_text(entry(one, "label", here), here)
        times = [number(v, here) for v in items(entry(one, "segment", here), here)]
        if len(times) != 2:
            raise LabelError(
                f"{here} has {counted(len(times), 'time')}: a start and an end in seconds are expected"
            )
        if label not in LEFT_OUT:
            found.append((label, Span(times[0], times[1], "s")))
    return found


def reader(about: About) -> Callable[[Path, Sequence[str]], Dataset]:
    """The reader of one data set in this format."""

    def read(root: Path, clips: Sequence[str] = ()) -> Dataset:
        """Read the label file below ``root``. ``clips`` show whether file names begin with v_. Raises
        InputError.
        """
        path = LabelFolder(root).need(*FILES[about.key], why="segments in ActivityNet's format")
        content = read_json(path)
        database = content.get("database") if isinstance(content, dict) else None
        if not isinstance(database, dict):
            raise LabelError(f"{path} has no `database` of videos: it is not in ActivityNet's format")
        there, parts = set(clips), PARTS[about.key]
        actions: list[Action] = []
        known: dict[str, Clip] = {}
        others: Counter[str] = Counter()
        for video, row in database.items():
            where = f"{path}, video {video}"
            subset = label_text(entry(row, "subset", where), f"{where}, subset")
            segments = _segments(row, where)
            if (part := parts.get(subset.lower())) is None:
                others[subset] += len(segments)
                continue
            name = f"v_{video}" if f"v_{video}" in there else video
            known[name] = Clip(name)
            for place, (label, span) in enumerate(segments):
                actions.append(Action(f"{video}:{place}", name, label, part, span))
        if not actions:
            raise LabelError(f"{path} has no segment in a part called {', '.join(parts)}")
        labels = tuple(sorted({a.label for a in actions}))
        notes = tuple(
            f"{counted(count, 'segment')} of the part {subset!r} left out: only {', '.join(parts)} are known"
            for subset, count in others.items()
            if count
        )
        return Dataset(about, labels, tuple(actions), known, detected=labels, notes=notes)

    return read
