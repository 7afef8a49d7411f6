"""`vpd search`: find actions like the query, among labelled segments or in uncut video."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    open_library,
    print_json,
    say,
    say_notes,
)
from vpd.cli.progress import verb_progress
from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.library.own_folder import OwnFolder, new_file, own_folder
from vpd.library.results import new_results
from vpd.library.videos import Videos
from vpd.report.terminal import PlainTable
from vpd.verbs.search import SearchRequest, SearchResult
from vpd.verbs.search import search as search_verb

CLIPS, PAIRS = "clips of results", "results beside their query"
"""The kinds of results in a search's folder."""


def search(
    query: Annotated[
        list[str], typer.Argument(help="VIDEO@START-END, times in s or m:s; several are searched together.")
    ],
    uncut: Annotated[
        bool | None,
        typer.Option("--uncut/--labelled", help="Search whole videos; by default only without labels.csv."),
    ] = None,
    top: Annotated[int | None, typer.Option("-k", "--top", min=1, help="How many results.")] = None,
    features: Annotated[
        str | None, typer.Option("--features", "-f", help="Name of the features to compare.")
    ] = None,
    video: Annotated[
        list[str] | None, typer.Option("--video", help="Search this video alone; may be repeated.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare every frame of whole videos, however many there are.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", min=1, help="Worker processes that search whole videos.")
    ] = 1,
    as_json: JsonOption = False,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this CSV file.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Write an HTML page with playing clips.")] = False,
    clips: Annotated[Path | None, typer.Option(help="Cut the results' clips into this folder.")] = None,
    side_by_side: Annotated[
        Path | None, typer.Option(help="Write videos of query and result, in step, into this folder.")
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Find what looks like the query."""
    layout = open_library(library)
    if csv is not None:
        new_file(csv)
    for folder, what in ((clips, CLIPS), (side_by_side, PAIRS)):
        if folder is not None:
            OwnFolder(folder, what)
    request = SearchRequest(query, uncut, None, video, features, top, exact, jobs)
    with verb_progress("search") as progress:
        result = search_verb(layout, request, progress)
    files: list[Path] = []
    problems: list[str] = []
    if csv is not None:
        write_text(result.to_csv(), csv)
        files.append(csv)
    if clips is not None or side_by_side is not None or page:
        shown, problems = _show(layout, result, clips, side_by_side, page)
        files += shown
    if as_json:
        print_json({**result.to_json(), "files": list(map(str, files))})
    else:
        console.print(_table(result))
        for file in files:
            say(f"wrote {file}")
    say_notes((*result.notes, *problems), result.features)
    if problems or result.unanswered:
        raise typer.Exit(1)


def _show(
    layout: Layout, result: SearchResult, clips: Path | None, side_by_side: Path | None, page: bool
) -> tuple[list[Path], list[str]]:
    """Write what has pictures. Returns the files and folders, and the problems."""
    # What reads videos takes longer to import than a search takes.
    from vpd.report.clips import clip_problems, write_clips
    from vpd.report.search_page import write_pairs, write_search_page

    find, files, problems = Videos.read(layout).recording, [], []
    if clips is not None:
        with own_folder(clips, CLIPS) as folder:
            folder.begin()
            cut = write_clips(clips, [hit.segment for hit in result.hits], find)
        problems += clip_problems(cut)
        files.append(clips)
    if side_by_side is not None:
        with own_folder(side_by_side, PAIRS) as folder:
            folder.begin()
            problems += clip_problems(write_pairs(side_by_side, result, find))
        files.append(side_by_side)
    if page:
        with new_results(layout, "search") as place:
            files.append(write_search_page(place, result, find))
    return files, problems


def _table(result: SearchResult) -> PlainTable:
    table = PlainTable(box=None, pad_edge=False)
    for name in ("", "video", "athlete", "start s", "end s", "label", "distance", "tempo", ""):
        table.add_column(name, justify="right" if name in ("", "start s", "end s", "distance") else "left")
    for row in result.rows():
        distance = "no path" if row["distance"] is None else f"{row['distance']:.4f}"
        tempo = "" if row["tempo"] is None else f"{row['tempo']:.2f}x"
        athlete = "" if row["athlete"] is None else str(row["athlete"])
        span = (f"{row['start_s']:.2f}", f"{row['end_s']:.2f}")
        side = "mirrored" if row["mirrored"] else ""
        table.add_row(
            str(row["rank"]), row["video"], athlete, *span, row["label"] or "", distance, tempo, side
        )
    return table
