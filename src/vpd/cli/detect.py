"""`vpd detect`: find the labelled actions in the other videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    open_library,
    print_json,
    say,
    say_notes,
)
from vpd.cli.progress import verb_progress
from vpd.formats.table import written_format
from vpd.library.layout import Layout
from vpd.library.own_folder import OwnFolder, own_folder
from vpd.library.results import results_folder
from vpd.library.videos import Videos
from vpd.report.detection_folder import DetectionFolder
from vpd.verbs.detect import DetectRequest, DetectResult, VideoDetections
from vpd.verbs.detect import detect as detect_verb


class _Told(DetectionFolder):
    """Report and write each answer."""

    def __init__(self, folder: OwnFolder, quiet: bool) -> None:
        super().__init__(folder.path)
        self.own, self.quiet = folder, quiet

    def video(self, found: VideoDetections) -> None:
        self.own.begin()
        super().video(found)

    def answer(self, result: DetectResult) -> None:
        self.own.begin()
        super().answer(result)
        if not self.quiet:
            say(result.sentence)


def detect(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VIDEO]...", help="Videos to search; by default all without labels."),
    ] = None,
    library: LibraryOption = None,
    features: Annotated[
        str | None,
        typer.Option("--features", "-f", help="Features; by default those of search in uncut video."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Labels to learn from; default labels.csv.")] = None,
    method: Annotated[str | None, typer.Option(help="search, trained or combined.")] = None,
    points: Annotated[
        str | None,
        typer.Option(help="Find moments, not spans, to be right within this: seconds, or frames as 5f."),
    ] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Least score; default: best F1 on held-out labels.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; default results/detect-<time>.")
    ] = None,
    overlay: Annotated[bool, typer.Option(help="Write each video with what was found drawn in.")] = False,
    clips: Annotated[bool, typer.Option(help="Write a clip of each detection.")] = False,
    reel: Annotated[bool, typer.Option(help="Write a highlight reel.")] = False,
    export: Annotated[
        list[str] | None, typer.Option(help="boris, elan, label-studio, cvat, opensportslab.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find labelled actions in videos without labels: start, end, action and score, surest first."""
    layout = open_library(library)
    request = DetectRequest(names or None, features, labels, method, points, at_least)
    for program in export or ():
        written_format(program)
    with own_folder(out or results_folder(layout, "detect"), "detections") as own:
        folder = _Told(own, quiet=as_json)
        with verb_progress("detect") as progress:
            result = detect_verb(layout, request, progress, folder)
        files = [*folder.files, *_added(folder, result, layout, overlay, clips, reel, export or [])]
    if as_json:
        print_json({**result.to_json(), "files": [str(path) for path in files]})
    else:
        for path in files:
            say(f"  {path}")
        if not result.detections:
            so = ", so there are no clips and no reel" if clips or reel else ""
            say(f"No action reached the score {result.shown_from:.2f}{so}. `--at-least` shows lower scores.")
    say_notes((*result.notes, *folder.problems), result.features)
    if folder.problems:
        raise typer.Exit(1)


def _added(
    folder: DetectionFolder,
    result: DetectResult,
    layout: Layout,
    overlay: bool,
    clips: bool,
    reel: bool,
    programs: list[str],
) -> list[Path]:
    """Write the requested exports and videos; returns the files and folders."""
    videos, written = Videos.read(layout), []
    if clips and result.detections:
        written.append(folder.add_clips(result, videos))
    if reel and result.detections:
        written.append(folder.add_reel(result, videos))
    if overlay:
        written += folder.add_overlays(result, videos, layout)
    if programs:
        written += folder.add_exports(result, videos, programs)
    return written
