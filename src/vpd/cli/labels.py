"""`vpd labels check` and `vpd labels import`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    open_library,
    print_json,
    say,
    warn_of_set_aside,
)
from vpd.library.labels import read_labels, write_labels
from vpd.library.lock import locked
from vpd.library.videos import Videos
from vpd.types import Segment

app = typer.Typer(no_args_is_help=True, help="Check labels.csv, or import labels.")


def _summary(segments: list[Segment]) -> dict[str, int]:
    return dict(sorted(Counter(str(segment.label) for segment in segments).items()))


def _print(segments: list[Segment], as_json: bool) -> None:
    counts = _summary(segments)
    if as_json:
        videos = len({segment.video for segment in segments})
        print_json({"segments": len(segments), "videos": videos, "labels": counts})
        return
    table = Table("label", "segments")
    for label, count in counts.items():
        table.add_row(label, str(count))
    console.print(table)


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="By default the library's labels.csv.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a file of labels: every wrong row is listed with its line."""
    layout = open_library(library)
    videos = Videos.read(layout)
    segments = read_labels(file or layout.labels, videos)
    warn_of_set_aside(segments, videos)
    _print(segments, as_json)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV with video, start_s, end_s, label, and athlete where it matters.")
    ],
    library: LibraryOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of what labels.csv holds.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add the labels of a CSV file to labels.csv; rows that are there already are not added again."""
    layout = open_library(library)
    with locked(layout.labels):
        videos = Videos.read(layout)
        before = read_labels(layout.labels, videos) if layout.labels.exists() and not replace else []
        segments = list(dict.fromkeys([*before, *read_labels(file, videos)]))
        write_labels(layout.labels, segments)
    warn_of_set_aside(segments, videos)
    if not as_json:
        say(f"{len(segments) - len(before)} segments added; {layout.labels} holds {len(segments)}.")
    _print(segments, as_json)
