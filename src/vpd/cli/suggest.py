"""`vpd suggest` and `vpd answer`: ask what to label next, and keep the answer."""

from __future__ import annotations

from typing import Annotated

import typer

from vpd.cli.common import JsonOption, LibraryOption, console, open_library, print_json, say, say_notes
from vpd.counting import counted
from vpd.errors import InputError
from vpd.report.terminal import PlainTable


def suggest(
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many moments to ask about.")] = 12,
    mode: Annotated[
        str, typer.Option(help="name: what are these? verify: proposals, class by class.")
    ] = "name",
    features: Annotated[str | None, typer.Option("--features", "-f", help="Name of the features.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which moments of the videos to label next: those that tell most about the others."""
    from vpd.verbs.suggest import SuggestRequest
    from vpd.verbs.suggest import suggest as run

    if mode not in ("name", "verify"):
        raise InputError(f"--mode {mode}: there are name and verify.")
    chosen = "verify" if mode == "verify" else "name"
    result = run(open_library(library), SuggestRequest(n, chosen, features, seed))  # type: ignore[arg-type] # checked above
    if as_json:
        print_json(result.to_json())
        return
    table = PlainTable(box=None, pad_edge=False)
    for name in ("video", "athlete", "start s", "end s", "perhaps", "why", "covers"):
        table.add_column(name)
    for item in result.items:
        s = item.segment
        athlete = "" if s.athlete is None else str(s.athlete)
        cells = (
            s.video,
            athlete,
            f"{s.start_s:.2f}",
            f"{s.end_s:.2f}",
            item.label,
            item.why,
            str(item.covers or ""),
        )
        table.add_row(*cells)
    console.print(table)
    say_notes(result.notes)
    for sentence in result.said:
        say(str(sentence))
    if result.accuracy is not None:
        a = result.accuracy
        drawn = counted(a.count, "moment")
        say(f"Accuracy on {drawn} drawn at random: {a.mean:.0%} ({a.low:.0%} to {a.high:.0%}).")
    if result.few:
        say(f"Fewer than three labels: {', '.join(result.few)}.")


def answer(
    span: Annotated[str, typer.Argument(help="VIDEO@START-END#ATHLETE, as `vpd suggest` prints them.")],
    verdict: Annotated[
        str,
        typer.Argument(help="accepted, corrected, rejected (no action), unsure, other (not as proposed)."),
    ],
    label: Annotated[str, typer.Option(help="The class of the moment.")] = "",
    proposed: Annotated[str, typer.Option(help="The class that was proposed.")] = "",
    why: Annotated[
        str, typer.Option(help="The reason of the question. Those of `random` measure the accuracy.")
    ] = "",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a proposal: it becomes a label, or reviewed time without an action."""
    from vpd.library.videos import Videos
    from vpd.verbs.answer import AnswerRequest, made_answer
    from vpd.verbs.answer import answer as run

    layout = open_library(library)
    given = made_answer(Videos.read(layout), span, verdict, label, proposed, why)
    result = run(layout, AnswerRequest([given]))
    if as_json:
        print_json(result.to_json())
        return
    added = f" labels.csv has the label {result.labels[0]} now." if result.labels else ""
    say(f"Kept: {given.video} at {given.start_s:.2f} s is {given.label or given.verdict}.{added}")
