"""`vpd athletes`: who was taken for the athlete and why, and the user's word on it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    open_library,
    print_json,
    say,
    say_warning,
)
from vpd.errors import InputError
from vpd.library.cells import parse_time
from vpd.library.layout import Layout


def _numbers(text: str, count: int, form: str) -> list[float]:
    parts = text.split(",")
    try:
        if len(parts) != count:
            raise ValueError
        return [parse_time(parts[0]), *(float(part) for part in parts[1:])]
    except ValueError:
        raise InputError(f"{text!r} is not {form}: a time and pixels, separated by commas.") from None


def athletes(
    video: Annotated[str, typer.Argument(help="The video.")],
    pick: Annotated[str, typer.Option(metavar="T,X,Y", help="The athlete is who is at X, Y at time T.")] = "",
    box: Annotated[str, typer.Option(metavar="T,X,Y,W,H", help="The athlete is who fills this box.")] = "",
    athlete: Annotated[int, typer.Option(min=0, help="Which number the picked person gets.")] = 0,
    forget: Annotated[bool, typer.Option("--forget", help="Forget all picks of this video.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who was taken for the athlete in each shot of a video, and why; or name the right one.

    Pixels are those of the upright picture. A pick is kept in athletes.csv, and the next run follows it.
    """
    from vpd.athletes.picks import Pick, add_pick, forget_picks
    from vpd.library.lock import locked
    from vpd.library.videos import Videos

    layout = open_library(library)
    row = Videos.read(layout)[video]
    picks = []
    if pick:
        time_s, x, y = _numbers(pick, 3, "T,X,Y")
        picks.append(Pick(row.video, time_s, x, y, athlete=athlete))
    if box:
        time_s, x, y, w, h = _numbers(box, 5, "T,X,Y,W,H")
        picks.append(Pick(row.video, time_s, x, y, w, h, athlete))
    for chosen in picks:
        inside = 0 <= chosen.x < row.width and 0 <= chosen.y < row.height
        if row.frames and (chosen.time_s > row.end_s or not inside):
            raise InputError(
                f"The pick lies outside of {row.video}: {row.width} x {row.height} pixels, {row.end_s:.2f} s."
            )
    if picks or forget:
        with locked(layout.picks):
            if forget:
                forget_picks(layout.picks, row.video)
            for chosen in picks:
                add_pick(layout.picks, chosen)
        if not as_json:
            say(f"Kept in {layout.picks}. `vpd run` follows it.")
        return
    notes = _explanation(layout, row.video)
    if as_json:
        print_json(notes)
    else:
        _print(notes)


def _explanation(layout: Layout, video: str) -> dict[str, Any]:
    from vpd.library.artefact import read_recipe

    notes: dict[str, Any] = read_recipe(layout.tracks(video))["notes"]
    return notes


def _print(notes: dict[str, Any]) -> None:
    if "boxes" in notes:
        say(f"The boxes are the user's: boxes/{notes['boxes']}.")
        return
    for shot in notes["shots"]:
        say(f"{shot['start_s']:.2f} to {shot['end_s']:.2f} s: {shot['found']} people found")
        if not shot["people"]:
            continue
        told = {"athlete", "chosen_by", "box"}
        reasons = [name for name in shot["people"][0] if name not in told]
        table = Table("athlete", "chosen by", "box", *reasons, box=None, pad_edge=False)
        for person in shot["people"]:
            taken = "" if person["athlete"] is None else str(person["athlete"])
            where = ",".join(str(v) for v in person["box"])
            table.add_row(taken, person["chosen_by"] or "", where, *(str(person[name]) for name in reasons))
        console.print(table)
    for missed in notes["picks_missed"]:
        say_warning(f"A pick was in vain: {missed}.")
