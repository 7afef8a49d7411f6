"""Find the videos of a data set, and cut those that are published as parts of longer ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError, VideoError
from vpd.files import parse_json, read_text
from vpd.library.artefact import write_text
from vpd.paper.dataset import Clip, Dataset
from vpd.video import cut_clip, find_videos
from vpd.video.source import opened

CLIPS = "clips"
"""Folder of the library for the cut clips."""
SOURCES = "sources.json"
"""File in that folder that says what each clip was cut from."""
SAME_RATE = 0.01
"""Frame rates that differ by less are equal: 29.97 and 30000/1001."""


@dataclass(frozen=True, eq=False)
class Plan:
    """The present videos of a data set.

    Attributes
    ----------
    present : files of clips that are there as they are, by clip.
    to_cut : clips to cut out of a longer file, with that file.
    missing : names of clips that have labels and no video.
    others : further video files of the folder that belong to no clip: unlabelled footage of the data set.
    """

    present: dict[str, Path]
    to_cut: dict[str, Path]
    missing: tuple[str, ...]
    others: tuple[Path, ...]


def video_files(folder: Path) -> dict[str, Path]:
    """The video files below ``folder`` by name without suffix. Raises InputError for two of one name."""
    found: dict[str, Path] = {}
    for path in find_videos([folder]).videos:
        name = path.name if path.suffix == "" else path.name[: -len(path.suffix)]
        if name in found:
            raise InputError(f"{found[name]} and {path} have one name. Labels go by names: keep one of them.")
        found[name] = path
    return found


def plan_videos(dataset: Dataset, files: dict[str, Path]) -> Plan:
    """Assign the files. A complete clip has priority over one that would have to be cut."""
    labelled = {action.clip for action in dataset.actions if action.clip}
    present = {name: files[name] for name in dataset.clips if name in files}
    sources = {clip.source for clip in dataset.clips.values() if clip.source}
    to_cut = {
        name: files[clip.source]
        for name, clip in dataset.clips.items()
        if name not in present and clip.span is not None and clip.source in files
    }
    missing = sorted(labelled - set(present) - set(to_cut))
    others = [path for name, path in files.items() if name not in present and name not in sources]
    return Plan(present, to_cut, tuple(missing), tuple(others))


def of_other_case(dataset: Dataset, plan: Plan, files: dict[str, Path]) -> dict[str, Path]:
    """The files that have the name of a missing clip or of its source but for capital letters, by it."""
    written = {name.casefold(): path for name, path in files.items() if name not in plan.present}
    sources = {dataset.clips[clip].source for clip in plan.missing} - set(files)
    wanted = sorted({*plan.missing, *sources})
    return {name: written[name.casefold()] for name in wanted if name.casefold() in written}


def _rate(path: Path) -> float:
    with opened(path) as source:
        return 1 / source.first_step_s


def cut(clip: Clip, source: Path, folder: Path) -> Path:
    """Cut one clip by the reference's frames. Returns the new file ``folder/<clip>.mp4``. Raises
    VideoError.
    """
    out = folder / f"{clip.name}.mp4"
    assert clip.span is not None
    fps = _rate(source)
    # Numbers of frames are those of the published frame rate; a file of another rate is cut by time.
    at = clip.fps if clip.fps and abs(fps / clip.fps - 1) > SAME_RATE else fps
    first, last = clip.span.frames(at)
    cut_clip(source, max(0.0, first / at - 0.5 / fps), last / at - 0.5 / fps, out)
    return out


def cut_all(
    dataset: Dataset, plan: Plan, folder: Path, progress: Callable[[str], None] = lambda clip: None
) -> tuple[dict[str, Path], dict[str, str]]:
    """Cut the clips of the plan. Returns files by clip, and by clip the reason why one could not be cut.

    A clip that is there is kept, unless it was cut from another file or by another span.
    """
    made: dict[str, Path] = {}
    failed: dict[str, str] = {}
    record = folder / SOURCES
    cut_from = _cut_from(record)
    for name in sorted(plan.to_cut, key=lambda name: (str(plan.to_cut[name]), name)):
        clip, source, out = dataset.clips[name], plan.to_cut[name], folder / f"{name}.mp4"
        seen, known = _stamp(clip, source), cut_from.get(name)
        try:
            kept = out.exists() and known in (None, seen)
            made[name] = out if kept else cut(clip, source, folder)
        except VideoError as error:
            failed[name] = str(error)
        else:
            if known != seen:
                cut_from[name] = seen
                write_text(json.dumps(cut_from, indent=1), record)
        progress(name)
    return made, failed


def _stamp(clip: Clip, source: Path) -> str:
    """What a clip is cut from: name, size and time of change of the file, and the span."""
    found = source.stat()
    return f"{source.name} {found.st_size} {found.st_mtime_ns} {clip.span}"


def _cut_from(record: Path) -> dict[str, str]:
    """By clip what it was cut from; nothing where that is not known."""
    try:
        found = parse_json(read_text(record))
    except (OSError, ValueError):
        return {}
    return {str(clip): str(seen) for clip, seen in found.items()} if isinstance(found, dict) else {}
