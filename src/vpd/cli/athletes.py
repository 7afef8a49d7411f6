"""`vpd athletes`: show which person was chosen as the athlete and why, and pick another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    open_library,
    print_json,
    say,
    say_warning,
)
from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.cells import parse_time
from vpd.report.terminal import PlainTable

if TYPE_CHECKING:  # It takes seconds to import.
    from vpd.library.layout import Layout
    from vpd.verbs.athletes import AthletesResult, PicksResult


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
    pick: Annotated[str, typer.Option(metavar="T,X,Y", help="A point X, Y on the athlete at time T.")] = "",
    box: Annotated[str, typer.Option(metavar="T,X,Y,W,H", help="A box around the athlete.")] = "",
    athlete: Annotated[int, typer.Option(min=0, help="Number of the picked person.")] = 0,
    forget: Annotated[bool, typer.Option("--forget", help="Forget all picks of this video.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who was taken for the athlete in each shot of a video, and why; or name the right one.

    Pixels are those of the upright picture. A pick is kept in athletes.csv, and the next run follows it.
    """
    from vpd.verbs.athletes import (
        AthletesRequest,
        ForgetRequest,
        PickRequest,
        forget_picks,
        pick_athlete,
    )
    from vpd.verbs.athletes import athletes as explain

    layout = open_library(library)
    picks: list[PickRequest] = []
    if pick:
        time_s, x, y = _numbers(pick, 3, "T,X,Y")
        picks.append(PickRequest(video, time_s, x, y, athlete=athlete))
    if box:
        time_s, x, y, w, h = _numbers(box, 5, "T,X,Y,W,H")
        picks.append(PickRequest(video, time_s, x, y, w, h, athlete))
    if forget:
        kept = forget_picks(layout, ForgetRequest(video))
    for request in picks:
        kept = pick_athlete(layout, request)
    if picks or forget:
        if as_json:
            print_json(kept.to_json())
        else:
            say(_changed(layout, kept, bool(picks)))
        return
    result = explain(layout, AthletesRequest([video]))
    if as_json:
        print_json(result.to_json())
    else:
        _print(result)


def _changed(layout: Layout, kept: PicksResult, picked: bool) -> str:
    if picked and kept.boxes_file:
        return f"Kept in {layout.picks}. It changes nothing while boxes/{kept.boxes_file} is there."
    if picked:
        return f"Kept in {layout.picks}. `vpd run` follows it."
    if not kept.forgotten:
        return f"{kept.video} has no picks."
    gone = counted(kept.forgotten, "pick")
    return f"{gone} of {kept.video} taken back. Kept in {layout.picks}. `vpd run` follows it."


def _print(result: AthletesResult) -> None:
    for file in result.boxes_file.values():
        say(f"The boxes are the user's: boxes/{file}.")
    for shot in result.shots:
        say(f"{shot.start_s:.2f} to {shot.end_s:.2f} s: {counted(shot.found, 'person', 'people')} found")
        if not shot.people:
            continue
        told = {"athlete", "chosen_by", "box", "time_s"}
        reasons = [name for name in shot.people[0] if name not in told]
        table = PlainTable("athlete", "chosen by", "box", *reasons, box=None, pad_edge=False)
        for person in shot.people:
            taken = "" if person["athlete"] is None else str(person["athlete"])
            where = ",".join(str(v) for v in person["box"])
            table.add_row(taken, person["chosen_by"] or "", where, *(str(person[name]) for name in reasons))
        console.print(table)
    for sentences in result.picks_missed.values():
        for missed in sentences:
            say_warning(f"A pick was in vain: {missed}.")
