"""Read CVAT's XML: exports of a job, a task or a project, tracks of a video and tags of its frames."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from vpd.errors import LabelError
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media, label_text, segment, whole
from vpd.formats.xml_file import read_xml
from vpd.types import Segment

SHAPES = ("box", "polygon", "polyline", "points", "skeleton", "cuboid", "ellipse", "mask")
_FRAME = re.compile(r"(?:.*[/\\])?frame_(\d+)(?:\.\w+)?", re.ASCII)


@dataclass(frozen=True)
class _Task:
    """A task or job of the file: its number, the possible names of its video, and its step in frames."""

    id: str
    names: tuple[str, ...]
    step: int


def read_cvat(path: Path, ask: Ask) -> Imported:
    """Read a segment from every stretch in which a track is visible, and from every run of frames with one
    tag.

    Frames are those of the video. Raises LabelError for shapes of single pictures, which are no actions, and
    where a project does not distinguish its tasks.
    """
    root = read_xml(path, "annotations")
    tasks = _tasks(root, path)
    segments: list[Segment] = []
    for number, track in enumerate(root.findall("track")):
        where = f"{path}, track {track.get('id', number)}"
        task = _task_of(track, tasks, where)
        media = found_media(ask, task.names, where)
        label = label_text(track.get("label"), where)
        for first, stop in _stretches(track, task.step, where):
            segments.append(_segment(media, first, stop, label, where))
    tags, notes = _tags(root, tasks, path)
    for (task, label), frames in tags.items():
        where = f"{path}, tag {label!r}"
        media = found_media(ask, task.names, where)
        for first, stop in _runs(sorted(frames), task.step):
            segments.append(_segment(media, first, stop, label, where))
    return Imported(segments, notes)


def _tasks(root: Element, path: Path) -> list[_Task]:
    meta = root.find("meta")
    found = (
        []
        if meta is None
        else [*meta.findall("task"), *meta.findall("job"), *meta.findall("project/tasks/task")]
    )
    tasks = []
    for element in found:
        names = [element.findtext("source"), element.findtext("name")]
        if meta is not None and len(found) == 1:
            names.append(meta.findtext("source"))
        tasks.append(
            _Task(
                element.findtext("id") or "",
                tuple(name.strip() for name in names if name and name.strip()),
                _step(element.findtext("frame_filter") or "", f"{path}, frame_filter"),
            )
        )
    return tasks or [_Task("", (path.stem,), 1)]


def _step(text: str, where: str) -> int:
    found = re.search(r"step\s*=\s*(\d+)", text, re.ASCII)
    step = whole(found[1], where) if found else 1
    if step < 1:
        raise LabelError(f"{where}: {text!r} is no step of frames")
    return step


def _task_of(element: Element, tasks: Sequence[_Task], where: str) -> _Task:
    asked = element.get("task_id")
    fitting = [task for task in tasks if asked is None or task.id == asked] or []
    if len(fitting) == 1:
        return fitting[0]
    if len({task.names for task in fitting}) == 1:
        return fitting[0]
    names = ", ".join("/".join(task.names) for task in (fitting or tasks))
    raise LabelError(
        f"{where}: the file has several tasks ({names}) and does not say which this belongs to. "
        "Export each task by itself."
    )


def _stretches(track: Element, step: int, where: str) -> list[tuple[int, int]]:
    """The first frames of the visible stretches, and the frames after their last."""
    shapes = []
    for shape in track:
        if shape.tag not in SHAPES:
            raise LabelError(f"{where}: <{shape.tag}> is no shape of CVAT that is known")
        shapes.append((whole(shape.get("frame"), f"{where}, frame"), shape.get("outside") == "1"))
    found, first = [], None
    shapes.sort()
    for frame, outside in shapes:
        if outside and first is not None:
            found.append((first, frame))
            first = None
        elif not outside and first is None:
            first = frame
    if first is not None:
        found.append((first, shapes[-1][0] + step))
    if not found:
        raise LabelError(f"{where}: it is never in the picture")
    return found


def _tags(
    root: Element, tasks: Sequence[_Task], path: Path
) -> tuple[dict[tuple[_Task, str], set[int]], tuple[str, ...]]:
    tags: dict[tuple[_Task, str], set[int]] = defaultdict(set)
    shapes = 0
    for image in root.findall("image"):
        where = f"{path}, image {image.get('id')}"
        for element in image:
            if element.tag != "tag":
                shapes += 1
                continue
            task = _task_of(image, tasks, where)
            tags[task, label_text(element.get("label"), where)].add(_frame(image, where))
    if shapes and not tags:
        raise LabelError(
            f"{path} has {shapes} shapes of single pictures, which are no actions. Draw tracks, or tag "
            "frames, and export as CVAT for video."
        )
    return tags, (f"{shapes} shapes of single pictures were left out.",) if shapes else ()


def _frame(image: Element, where: str) -> int:
    """A frame's number: from its name, which CVAT counts in the video, else from its id in the task."""
    named = _FRAME.fullmatch(image.get("name") or "")
    return whole(named[1] if named else image.get("id"), f"{where}, frame")


def _runs(frames: Sequence[int], step: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for frame in frames:
        if found and frame <= found[-1][1]:
            found[-1] = (found[-1][0], frame + step)
        else:
            found.append((frame, frame + step))
    return found


def _segment(media: Media, first: int, stop: int, label: str, where: str) -> Segment:
    return segment(media, media.time_of(first), media.time_of(stop), None, label, where)
