"""`vpd compare`: align executions and name their differences."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from vpd.cli.common import JsonOption, LibraryOption, open_library, print_json, say, say_notes
from vpd.errors import InputError

if TYPE_CHECKING:
    from vpd.verbs.overlay import Overlay


def compare(
    first: Annotated[str, typer.Argument(help="The first execution: VIDEO@START-END, times in s or m:s.")],
    second: Annotated[str, typer.Argument(help="The second execution, in the same form.")],
    more: Annotated[
        list[str] | None, typer.Argument(help="Further executions: the mean of all and their spread.")
    ] = None,
    mirror: Annotated[str, typer.Option(help="auto, no or yes: compare with the second mirrored.")] = "auto",
    features: Annotated[str | None, typer.Option("--features", "-f", help="Name of the features.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write both, side by side in step, to this MP4.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Align two executions of an action and name their differences; of more, their mean and spread."""
    from vpd.library.own_folder import new_file
    from vpd.library.videos import Videos
    from vpd.report.search_page import write_side_by_side
    from vpd.search.hits import Hit
    from vpd.verbs.compare import CompareRequest
    from vpd.verbs.compare import compare as run
    from vpd.verbs.labelled import segments_of
    from vpd.verbs.overlay import OverlayRequest, overlay

    layout = open_library(library)
    if out is not None:
        new_file(out)
    videos = Videos.read(layout)
    if more:
        if out is not None:
            raise InputError("--out writes two executions side by side; name two.")
        segments = segments_of([first, second, *more], videos)
        every = overlay(layout, OverlayRequest(segments, features, mirror))  # type: ignore[arg-type] # checked
        _say_overlay(every, as_json)
        return
    a, b = segments_of([first, second], videos)
    found = run(layout, CompareRequest(a, b, features, mirror))  # type: ignore[arg-type] # checked above
    if out is not None:
        hit = Hit(found.b, found.distance, found.mirrored, 0, found.query_s, found.result_s)
        with TemporaryDirectory() as scratch:
            write_side_by_side(out, found.a, hit, videos.recording, Path(scratch))
    say_notes(found.notes)
    if as_json:
        print_json(found.to_json())
        return
    say(f"Distance {found.distance:.4f} by {found.features}.")
    say(f"The second is {found.mean_tempo:.2f} times as fast as the first.")
    for d in found.differences:
        say(f"  {d.start_s:.2f} to {d.end_s:.2f} s: {d.sentence}")
    if out is not None:
        say(f"Written to {out}")


def _say_overlay(every: Overlay, as_json: bool) -> None:
    say_notes(every.notes)
    if as_json:
        print_json(every.to_json())
        return
    say(f"{len(every.segments)} executions in step with the first, by {every.features}. They spread most in:")
    for sentence in every.sentences:
        say(f"  {sentence}")
