"""`vpd recognise`, `vpd evaluate`, `vpd retrieve`: name actions from labels, and measure the accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vpd.baselines.options import BaselineOptions
from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    open_library,
    print_json,
    say,
    say_notes,
    say_warning,
)
from vpd.cli.progress import verb_progress
from vpd.counting import counted
from vpd.errors import VpdError
from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.library.own_folder import new_file
from vpd.library.results import new_results
from vpd.recognition.recognisers import RECOGNISERS
from vpd.report.evaluation_page import accuracy_table, write_evaluation
from vpd.report.terminal import PlainTable
from vpd.verbs.evaluate import EvaluateRequest, EvaluateResult
from vpd.verbs.evaluate import evaluate as evaluate_verb
from vpd.verbs.recognise import RecogniseRequest, RecogniseResult
from vpd.verbs.recognise import recognise as recognise_verb
from vpd.verbs.retrieve import RetrieveRequest, RetrieveResult
from vpd.verbs.retrieve import retrieve as retrieve_verb

RecognisersHelp = "; ".join(f"{name}: {recogniser.about}" for name, recogniser in RECOGNISERS.items())
FeaturesOption = Annotated[
    list[str] | None, typer.Option("--features", "-f", help="Name of the features; may be repeated.")
]
RECOGNISER_OPTION = typer.Option(
    "--recogniser",
    help=f"Recogniser; may be repeated in `evaluate`, which takes baselines too (docs/baselines.md). "
    f"{RecognisersHelp}",
)


def recognise(
    spans: Annotated[
        list[str] | None,
        typer.Argument(help="VIDEO@START-END, times in s or m:s; by default each video without a label."),
    ] = None,
    features: Annotated[str | None, typer.Option("--features", "-f", help="Name of the features.")] = None,
    recogniser: Annotated[str | None, RECOGNISER_OPTION] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The CSV file to write.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name the actions of segments by the labelled examples of the library."""
    layout = open_library(library)
    if out is not None:
        new_file(out)
    with verb_progress("recognise") as progress:
        result = recognise_verb(layout, RecogniseRequest(spans or None, features, recogniser), progress)
    path, problem = _write_recognised(layout, result, out)
    if as_json:
        print_json({**result.to_json(), "files": [str(path)] if path else []})
    else:
        _print_recognised(result, path)
    say_notes((*result.notes, *problem), result.features)
    for answer in result.answers:
        if answer.label is None:
            say_warning(f"not recognised: {answer.reason}")
    if problem or not result.complete:
        raise typer.Exit(1)


def _write_recognised(
    layout: Layout, result: RecogniseResult, out: Path | None
) -> tuple[Path | None, list[str]]:
    """Write the table to ``out``, else among the library's results. Returns its path, and why there is none,
    as in a library of another user.
    """
    try:
        if out is not None:
            write_text(result.to_csv(), out)
            return out, []
        with new_results(layout, "recognise") as folder:
            write_text(result.to_csv(), folder / "recognised.csv")
        return folder / "recognised.csv", []
    except VpdError as error:
        return None, [f"The table is not kept: {error} --out names another place."]


def _print_recognised(result: RecogniseResult, path: Path | None) -> None:
    table = PlainTable(box=None, pad_edge=False)
    for column in ("video", "start s", "end s", "label", "probability"):
        table.add_column(column, justify="left" if column in ("video", "label") else "right")
    for a in result.answers:
        span = (f"{a.segment.start_s:.2f}", f"{a.segment.end_s:.2f}")
        table.add_row(a.segment.video, *span, a.label or "-", f"{a.probability:.2f}" if a.label else "")
    console.print(table)
    named, by = sum(a.label is not None for a in result.answers), result.features.name
    of = "" if result.complete else f"{named} of "
    written = f" Written to {path}" if path else ""
    learned = counted(result.learned_from, "label")
    say(f"{of}{counted(len(result.answers), 'segment')}, learned from {learned} by {by}.{written}")


def evaluate(
    features: FeaturesOption = None,
    recogniser: Annotated[list[str] | None, RECOGNISER_OPTION] = None,
    k: Annotated[
        list[int] | None, typer.Option("-k", min=1, help="Examples a class; may be repeated.")
    ] = None,
    subsets: Annotated[int | None, typer.Option(min=1, help="Subsets for each k.")] = None,
    splits: Annotated[
        Path | None, typer.Option(help="CSV with video, scene, split; else splits.csv of the library.")
    ] = None,
    subset_file: Annotated[Path | None, typer.Option(help="JSON with lists of examples for each k.")] = None,
    all_labels: Annotated[
        bool, typer.Option("--all/--no-all", help="Also learn from the whole training part.")
    ] = True,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Worker processes.")] = 1,
    preset: Annotated[
        str, typer.Option(help="Settings of the baselines: laptop, paper, or frozen (docs/baselines.md).")
    ] = "laptop",
    weights: Annotated[
        str,
        typer.Option(help="The baselines start from: nothing, torchvision, a file, or hub:OWNER/NAME/FILE."),
    ] = "",
    mirror: Annotated[
        bool, typer.Option(help="The baselines mirror examples: only for classes that do not differ by side.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure recognition by the number of labels: the few-shot protocol on a split by scene.

    Split and subsets are made once, kept in results/few_shot of the library, and used again while they fit
    the labels.
    """
    layout = open_library(library)
    options = BaselineOptions(preset, weights, mirror)
    request = EvaluateRequest(
        features, recogniser, k, subsets, splits, subset_file, all_labels, jobs, options
    )
    with verb_progress("evaluate") as progress:
        result = evaluate_verb(layout, request, progress)
    with new_results(layout, "evaluate") as folder:
        paths = write_evaluation(result.evaluation, folder)
    if as_json:
        print_json({**result.to_json(), "files": [str(path) for path in paths]})
    else:
        _print_evaluated(result, paths)
    say_notes(result.notes, result.choice)


def _print_evaluated(result: EvaluateResult, paths: list[Path]) -> None:
    console.print(accuracy_table(result.evaluation))
    parts = result.evaluation.parts
    training = counted(len(parts.train), "segment")
    chosen = f", {len(parts.validation)} to choose epochs" if len(parts.validation) else ""
    say(f"{training} to train, {len(parts.test)} to test{chosen}, {len(parts.labels)} in all.")
    for sentence in (result.setting, result.advice()):
        if sentence:
            say(sentence)
    for path in paths:
        say(f"wrote {path}")


def retrieve(
    features: FeaturesOption = None,
    pattern: Annotated[str, typer.Option(help="Step pattern of the time warping.")] = RetrieveRequest.pattern,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval as the paper does: every labelled action queries all others.

    Rankings "alone" are by distance, as in the paper. For those "together" the other actions, without their
    labels, pass nearness on.
    """
    layout = open_library(library)
    with verb_progress("retrieve") as progress:
        result = retrieve_verb(layout, RetrieveRequest(features, pattern), progress)
    if as_json:
        print_json(result.to_json())
    else:
        console.print(_retrieval_table(result))
    say_notes(result.notes, result.choice)


def _retrieval_table(result: RetrieveResult) -> PlainTable:
    meaning = "P@k: precision at k, mAP: mean average precision"
    table = PlainTable(title=f"Retrieval, %: every labelled action queries all others\n{meaning}")
    table.add_column("features")
    rows = result.rows()
    cutoffs = list(rows[0]["precision"])
    table.add_column("ranking")
    for column in ("queries", *(f"P@{k}" for k in cutoffs), "mAP", "chance"):
        table.add_column(column, justify="right")
    for row in rows:
        values = [
            *(row["precision"].get(k) for k in cutoffs),
            row["mean_average_precision"],
            row["chance"],
        ]
        cells = ["" if value is None else f"{100 * value:.1f}" for value in values]
        table.add_row(row["features"], row["ranking"], str(row["queries"]), *cells)
    return table
