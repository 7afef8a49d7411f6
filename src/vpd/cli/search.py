"""`vpd search`: find what looks like the query, among labelled segments or in uncut video."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    open_library,
    print_json,
    results_folder,
    say,
    warn_of_set_aside,
)
from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.dataset import recognised
from vpd.library.labels import parse_query, read_labels
from vpd.library.videos import Videos
from vpd.report.search_page import to_csv, write_clips, write_page, write_side_by_side
from vpd.search import Hit, default_features, records, search_library
from vpd.settings import Settings
from vpd.settings.toml import load_settings


def _table(hits: list[Hit]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "video", "athlete", "start s", "end s", "label", "distance", "tempo", ""):
        table.add_column(name, justify="right" if name in ("", "start s", "end s", "distance") else "left")
    for row in records(hits):
        distance = "no path" if row["distance"] is None else f"{row['distance']:.4f}"
        tempo = "" if row["tempo"] is None else f"{row['tempo']:.2f}x"
        athlete = "" if row["athlete"] is None else str(row["athlete"])
        span = (f"{row['start_s']:.2f}", f"{row['end_s']:.2f}")
        side = "mirrored" if row["mirrored"] else ""
        table.add_row(
            str(row["rank"]), row["video"], athlete, *span, row["label"] or "", distance, tempo, side
        )
    return table


def search(
    query: Annotated[
        list[str], typer.Argument(help="VIDEO@START-END, times in s or m:s; several are searched together.")
    ],
    uncut: Annotated[
        bool | None,
        typer.Option("--uncut/--labelled", help="Search whole videos; by default only without labels.csv."),
    ] = None,
    top: Annotated[int | None, typer.Option("-k", "--top", min=1, help="How many results.")] = None,
    features: Annotated[str | None, typer.Option(help="Name of the features to compare.")] = None,
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
    settings: Settings = load_settings(layout.settings)
    chosen = settings.search if top is None else settings.search.model_copy(update={"top": top})
    videos = Videos.read(layout)
    queries = [parse_query(text, videos) for text in query]
    if uncut is None:
        uncut = not layout.labels.exists()
    name = features or default_features(layout)
    segments = None if uncut else recognised(layout, read_labels(layout.labels, videos))
    warn_of_set_aside(segments or [], videos)
    hits = search_library(layout, queries, chosen, segments, name)
    if csv is not None:
        write_text(to_csv(hits), csv)
    if clips is not None:
        problems = [problem for _, problem in write_clips(clips, hits, videos.file) if problem]
        if problems:
            raise InputError(f"{len(problems)} of {len(hits)} clips could not be cut: {problems[0]}")
    if side_by_side is not None:
        side_by_side.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as scratch:
            for rank, hit in enumerate(hits, start=1):
                if len(hit.query_s):
                    out = side_by_side / f"{rank:03d}_{hit.segment.video}.mp4"
                    write_side_by_side(out, queries[hit.query], hit, videos.file, Path(scratch))
    written = None
    if page:
        where = "uncut video" if uncut else "labelled segments"
        about = f"{len(hits)} nearest in {where} to {', '.join(query)}, by {name}"
        written = write_page(results_folder(layout, "search"), queries, hits, videos.file, about)
    if as_json:
        page_path = None if written is None else str(written)
        print_json({"results": records(hits, alignment=True), "page": page_path})
        return
    console.print(_table(hits))
    no_path = sum(not len(hit.query_s) for hit in hits)
    if no_path:
        say(
            f"{no_path} last: {chosen.pattern} has no path between such different lengths. --uncut finds "
            'parts of videos; pattern = "symmetricP2_or_2" in [search] compares any lengths.'
        )
    if written is not None:
        say(f"page: {written}")
