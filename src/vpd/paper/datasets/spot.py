"""Read data sets in E2E-Spot's files: events as frames, in train.json, val.json, test.json (Hong et al.
2022).

``[{"video": name, "num_frames": n, "fps": f, "events": [{"frame": i, "label": text}, ...], ...}, ...]``
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.reading import label_text, number, whole
from vpd.paper.dataset import About, Action, Clip, Dataset, Frames, Part, Span
from vpd.paper.label_files import LabelFolder, entry, items, lines, read_json

NEEDS = "train.json, val.json and test.json, and the videos that they name (<video>.mp4)"
PROTOCOL = (
    "parts by file. An event is a moment: window 0.5 s before to 0.5 s after; detection within 0.1 s, all "
    "labels as one class"
)
FINEDIVING = About(
    "finediving",
    "FineDiving",
    "MIT (FineDiving)",
    f"{NEEDS}, as jhong93/spot has converted them (data/finediving); the authors' own files are pickles",
    f"starts of the steps of a dive; {PROTOCOL}",
)
F3SET = About(
    "f3set",
    "F3Set",
    "as its repository (F3EST/F3Set) states it",
    f"{NEEDS}, from F3EST/F3Set",
    f"strokes of tennis with their attributes; {PROTOCOL}",
)
SPOT = About(
    "spot",
    "E2E-Spot",
    "BSD-3-Clause (jhong93/spot)",
    f"{NEEDS}, from jhong93/spot: data/tennis, fs_comp, fs_perf or finegym",
    PROTOCOL,
)
PARTS: tuple[tuple[str, Part], ...] = (("train", "train"), ("val", "validation"), ("test", "test"))
WINDOW_S, EVENT_S = 0.5, 0.1


def _around(span: Span, fps: float, reach_s: float) -> Frames:
    return max(0, int(span.start - fps * reach_s)), int(span.start + fps * reach_s) + 1


def window(span: Span, fps: float) -> Frames:
    """Frames within half a second of the moment."""
    return _around(span, fps, WINDOW_S)


def event(span: Span, fps: float) -> Frames:
    """Frames within a tenth of a second of the moment."""
    return _around(span, fps, EVENT_S)


def _clip(row: Any, where: str) -> Clip:
    name = label_text(entry(row, "video", where), f"{where}, video")
    fps = number(entry(row, "fps", where), f"{where}, fps")
    frames = whole(entry(row, "num_frames", where), f"{where}, num_frames")
    if not (fps > 0 and frames > 0):
        raise LabelError(f"{where}: {fps:g} frames a second, {frames} frames")
    return Clip(name, fps=fps, frames=frames)


def _event(clip: Clip, place: int, one: Any, part: Part, where: str) -> Action:
    frame = whole(entry(one, "frame", where), f"{where}, frame")
    label = label_text(entry(one, "label", where), where)
    if frame >= clip.frames:
        raise LabelError(f"{where}: frame {frame} is not in the video, which has {clip.frames}")
    return Action(f"{clip.name}:{place}:{frame}", clip.name, label, part, Span(frame, frame))


def _part(path: Path, part: Part) -> tuple[list[Clip], list[Action]]:
    clips, actions = [], []
    for place, row in enumerate(items(read_json(path), str(path)), 1):
        where = f"{path}, entry {place}"
        clip = _clip(row, where)
        clips.append(clip)
        events = items(entry(row, "events", where), f"{where}, events")
        actions += [_event(clip, i, one, part, f"{where}, event {i + 1}") for i, one in enumerate(events)]
    if not actions:
        raise LabelError(f"{path} holds no event. Get it again.")
    return clips, actions


def reader(about: About) -> Callable[[Path, Sequence[str]], Dataset]:
    """The reader of one data set in these files."""

    def read(root: Path, clips: Sequence[str] = ()) -> Dataset:
        """Read the label files below ``root``. Raises InputError."""
        folder = LabelFolder(root, (about.key,))
        known: dict[str, Clip] = {}
        actions: list[Action] = []
        for name, part in PARTS:
            path = folder.need(f"{name}.json", why="events as frames")
            own, found = _part(path, part)
            twice = [c.name for c in own if c.name in known]
            if twice:
                raise LabelError(f"{path}: the video {twice[0]} is in another part or twice")
            known |= {c.name: c for c in own}
            actions += found
        listed = folder.find("class.txt")
        classes = [text for _, text in lines(listed)] if listed is not None else []
        if len(set(classes)) < len(classes):
            raise LabelError(f"{listed} names a class twice")
        unknown = sorted({a.label for a in actions} - set(classes)) if classes else []
        if unknown:
            raise LabelError(f"{listed} lacks the labels {', '.join(unknown[:5])}")
        labels = tuple(classes) or tuple(sorted({a.label for a in actions}))
        return Dataset(about, labels, tuple(actions), known, detected=labels, window=window, event=event)

    return read
