"""`vpd show`: write a video with boxes and poses drawn on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vpd.cli.common import JsonOption, LibraryOption, open_library, print_json, say
from vpd.cli.progress import ProgressBar
from vpd.counting import counted
from vpd.library.results import new_results

if TYPE_CHECKING:
    from vpd.library.layout import Layout
    from vpd.report.panels import Panel


def show(
    video: Annotated[str, typer.Argument(help="A video, or a span of it: VIDEO@START-END.")] = "",
    student: Annotated[
        bool, typer.Option("--student", help="Beside it, the student's pose below the teacher's.")
    ] = False,
    in_3d: Annotated[bool, typer.Option("--3d", help="Beside it, the pose in 3D from two sides.")] = False,
    disagreements: Annotated[
        int, typer.Option(min=0, help="A page of this many frames where student and teacher differ most.")
    ] = 0,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a video with box, skeleton and confidence of each athlete, into results/."""
    from vpd.library.labels import parse_query
    from vpd.library.videos import Videos
    from vpd.report.annotated import write_annotated

    layout = open_library(library)
    videos = Videos.read(layout)
    if disagreements:
        _disagreements(
            layout, [videos.readable(video).video] if video else list(videos.rows), disagreements, as_json
        )
        return
    if not video:
        raise typer.BadParameter("name a video, or ask for --disagreements")
    if "@" in video and not videos.matches(video):
        segment = parse_query(video, videos)
        row, span = videos[segment.video], (segment.start_s, segment.end_s)
    else:
        row = videos.readable(video)
        span = (row.start_s, row.end_s)
    panels: list[Panel] = []
    if student or in_3d:
        from vpd.report.panels import pose3d_panel, student_panel
        from vpd.settings.toml import load_settings
        from vpd.student import load_student

        if student:
            name = load_settings(layout.settings).distill.name
            panels.append(student_panel(layout, row.video, name, load_student(layout.student(name))))
        if in_3d:
            panels.append(pose3d_panel(layout, row.video))
    with new_results(layout, "show") as folder, ProgressBar() as bar:
        out = folder / f"{row.video}.mp4"
        bar.begin("show", 1, max(1.0, (span[1] - span[0]) * float(row.fps)))
        frames = write_annotated(
            layout, videos.recording(row.video), row.video, span, out, bar.advance, panels
        )
    if as_json:
        print_json({"file": str(out), "frames": frames})
    else:
        say(f"{out}: {counted(frames, 'frame')}")


def _disagreements(layout: Layout, videos: list[str], count: int, as_json: bool) -> None:
    from dataclasses import asdict

    from vpd.report.disagreements import disagreements, write_disagreements
    from vpd.settings.toml import load_settings
    from vpd.student import load_student

    settings = load_settings(layout.settings).distill
    name, student = settings.name, load_student(layout.student(settings.name))
    found = disagreements(layout, videos, name, student, settings.heads[0].teacher, count)
    with new_results(layout, "disagreements") as folder:
        page = write_disagreements(folder, layout, name, student, found)
    if as_json:
        print_json({"file": str(page), "frames": [asdict(one) for one in found]})
    else:
        say(f"{page}: {counted(len(found), 'frame')}")
