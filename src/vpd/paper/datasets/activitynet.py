"""Read data sets in ActivityNet's JSON: ActivityNet itself, and THUMOS14 in its common form.

``{"database": {video: {"subset": text, "annotations": [{"label": text, "segment": [s, e]}, ...], ...},
...}}``
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.paper.dataset import About, Action, Clip, Dataset, Part, Span
from vpd.paper.label_files import LabelFolder, read_json

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


def _segments(path: Path, video: str, entry: Any) -> list[tuple[str, Span]]:
    found = []
    try:
        for number, one in enumerate(entry.get("annotations") or []):
            start, stop = (float(v) for v in one["segment"])
            label = str(one["label"])
            if not 0 <= start < stop:
                raise ValueError(f"segment {number} goes from {start:g} to {stop:g} s")
            if label not in LEFT_OUT:
                found.append((label, Span(start, stop, "s")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LabelError(f"{path}, video {video}: {error!r}") from error
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
        there, actions, known = set(clips), [], {}
        for video, entry in database.items():
            part = (
                PARTS[about.key].get(str(entry.get("subset", "")).lower())
                if isinstance(entry, dict)
                else None
            )
            if part is None:
                continue
            name = f"v_{video}" if f"v_{video}" in there else video
            known[name] = Clip(name)
            for number, (label, span) in enumerate(_segments(path, video, entry)):
                actions.append(Action(f"{video}:{number}", name, label, part, span))
        if not actions:
            subsets = ", ".join(PARTS[about.key])
            raise LabelError(f"{path} has no segment in a part called {subsets}")
        labels = tuple(sorted({a.label for a in actions}))
        return Dataset(about, labels, tuple(actions), known, detected=labels)

    return read
