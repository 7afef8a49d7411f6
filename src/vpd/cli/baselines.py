"""`vpd baselines`: the systems that the paper compares with, and features of the pretrained R3D."""

from __future__ import annotations

from typing import Annotated

import typer

from vpd.baselines.r3d_features import NAME, STRIDE, with_crops, write_r3d_features
from vpd.baselines.table import BASELINES
from vpd.cli.common import JsonOption, LibraryOption, console, open_library, print_json, say, say_warning
from vpd.cli.progress import verb_progress
from vpd.counting import counted
from vpd.report.terminal import PlainTable

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_baselines(as_json: JsonOption = False) -> None:
    """List the systems that `vpd evaluate --recogniser NAME` can run."""
    if as_json:
        rows = [
            {"name": n, "sees": b.takes, "about": b.about, "paper": b.paper} for n, b in BASELINES.items()
        ]
        print_json({"baselines": rows})
        return
    table = PlainTable(box=None, pad_edge=False)
    for column in ("name", "sees", "what", "in the paper"):
        table.add_column(column)
    for name, baseline in BASELINES.items():
        table.add_row(name, baseline.takes, baseline.about, "yes" if baseline.paper else "no")
    console.print(table)


@app.command("r3d")
def r3d(
    weights: Annotated[
        str, typer.Option(help='A file of weights, hub:OWNER/NAME/FILE, or "torchvision" to fetch them.')
    ],
    stride: Annotated[int, typer.Option(min=1, help="Frames between two windows of 16.")] = STRIDE,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write features `r3d` of every video that has crops: frozen R3D-18 of Kinetics-400."""
    layout = open_library(library)
    with verb_progress("r3d") as progress:
        written = write_r3d_features(layout, weights, stride, device, lambda video: progress(0.0, video))
    there, lacking = with_crops(layout)
    if lacking:
        lost = counted(len(lacking), "video has", "videos have")
        say_warning(f"{lost} no crops, and no {NAME}, such as {lacking[0]}: make them with `vpd run`.")
    if as_json:
        print_json({"features": NAME, "videos": written, "without_crops": lacking})
    else:
        current = len(there) - len(written)
        say(f"features {NAME} of {counted(len(written), 'video')} written; {current} were up to date.")
