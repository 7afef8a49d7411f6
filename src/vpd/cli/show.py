"""`vpd show`: a video with what was found in it."""

from __future__ import annotations

from typing import Annotated

import typer

from vpd.cli.common import JsonOption, LibraryOption, open_library, print_json, results_folder, say
from vpd.cli.progress import ProgressBar


def show(
    video: Annotated[str, typer.Argument(help="A video, or a span of it: VIDEO@START-END.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a video with box, skeleton and confidence of each athlete, into results/."""
    from vpd.library.labels import parse_query
    from vpd.library.videos import Videos
    from vpd.report.annotated import write_annotated

    layout = open_library(library)
    videos = Videos.read(layout)
    if "@" in video and not videos.matches(video):
        segment = parse_query(video, videos)
        row, span = videos[segment.video], (segment.start_s, segment.end_s)
    else:
        row = videos[video]
        span = (row.start_s, row.end_s)
    out = results_folder(layout, "show") / f"{row.video}.mp4"
    with ProgressBar() as bar:
        bar.begin("show", 1, max(1.0, (span[1] - span[0]) * float(row.fps)))
        frames = write_annotated(layout, videos.file(row.video), row.video, span, out, bar.advance)
    if as_json:
        print_json({"file": str(out), "frames": frames})
    else:
        say(f"{out}: {frames} frames")
