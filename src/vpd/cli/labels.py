"""`vpd labels`: list, add, edit, remove, check, import, export, undo."""

from __future__ import annotations

from collections.abc import Sequence
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
    say_warning,
)
from vpd.counting import counted
from vpd.errors import InputError
from vpd.formats.table import FORMATS, WRITTEN
from vpd.library.cells import parse_time
from vpd.library.label_check import ERROR, Finding
from vpd.library.label_store import Changes
from vpd.library.labels import Label
from vpd.report.terminal import PlainTable
from vpd.verbs import labels as verb
from vpd.verbs.label_check import CheckRequest, CheckResult
from vpd.verbs.label_check import check as check_verb

app = typer.Typer(no_args_is_help=True, help="List, change, check, import and export labels.")

SHOWN = 100
"""Largest number of findings of one level that are printed; --json prints all."""
READABLE = ", ".join(FORMATS)
WRITABLE = ", ".join([verb.CSV, *WRITTEN])

VersionOption = Annotated[
    str | None, typer.Option("--version", help="Only if the label still has this version (see list --json).")
]


def _table(labels: Sequence[Label]) -> PlainTable:
    table = PlainTable(box=None, pad_edge=False)
    for name in ("id", "video", "athlete", "start s", "end s", "label", "source"):
        table.add_column(name, justify="right" if name.endswith(" s") else "left")
    for label in labels:
        s = label.segment
        athlete = "" if s.athlete is None else str(s.athlete)
        span = (f"{s.start_s:.3f}", f"{s.end_s:.3f}")
        table.add_row(label.id, s.video, athlete, *span, s.label or "", label.source)
    return table


def _show(result: verb.LabelsResult, as_json: bool, text: str = "") -> None:
    if as_json:
        print_json(result.to_json())
        return
    if text:
        say(text)
    console.print(_table(result.labels))


@app.command("list")
def list_(
    video: Annotated[
        list[str] | None, typer.Option("--video", help="Only this video; may be repeated.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Only this class; may be repeated.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List labels with their ids."""
    request = verb.ListRequest(tuple(video or ()), tuple(label or ()))
    result = verb.list_labels(open_library(library), request)
    _show(result, as_json)
    for row in result.wrong[:SHOWN]:
        say_warning(f"not listed: {row}")
    if result.wrong:
        rows = counted(len(result.wrong), "row of labels.csv is", "rows of labels.csv are")
        say_warning(f"{rows} wrong. Correct the file; `vpd labels check` says whether it is right.")
        raise typer.Exit(1)


@app.command()
def add(
    span: Annotated[str, typer.Argument(help="VIDEO@START-END or VIDEO@START-END#ATHLETE.")],
    label: Annotated[str, typer.Argument(help="The action.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add one label."""
    _show(verb.add_label(open_library(library), verb.AddRequest(span, label)), as_json, "Added:")


@app.command()
def edit(
    name: Annotated[str, typer.Argument(metavar="ID", help="The label's id, or its beginning.")],
    label: Annotated[str | None, typer.Option("--label", help="The action.")] = None,
    start: Annotated[str | None, typer.Option("--start", help="Seconds, or minutes:seconds.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Seconds, or minutes:seconds.")] = None,
    video: Annotated[str | None, typer.Option("--video", help="The video.")] = None,
    athlete: Annotated[str | None, typer.Option("--athlete", help="A number, or `any`.")] = None,
    version: VersionOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change one label."""
    if athlete is not None and athlete != "any" and not (athlete.isascii() and athlete.isdigit()):
        raise InputError(f"--athlete {athlete!r} is neither a number nor `any`.")
    times = [None if text is None else parse_time(text) for text in (start, end)]
    number = None if athlete in (None, "any") else int(athlete or 0)
    changes = Changes(video, times[0], times[1], label, number, athlete == "any")
    request = verb.EditRequest(name, changes, version)
    _show(verb.edit_label(open_library(library), request), as_json, "Changed:")


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="ID...", help="The labels' ids.")],
    version: VersionOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove labels."""
    request = verb.RemoveRequest(names, version)
    _show(verb.remove_labels(open_library(library), request), as_json, "Removed:")


@app.command()
def undo(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Bring labels.csv back to the state before the last change; five states are kept."""
    result = verb.undo_labels(open_library(library))
    if as_json:
        print_json(result.to_json())
        return
    kept = f" What was undone is kept as {result.restored.undone}." if result.restored.undone else ""
    left = result.restored.left
    earlier = counted(left, "earlier state is", "earlier states are")
    say(f"labels.csv holds {counted(result.labels, 'label')} again; {earlier} left.{kept}")
    if result.wrong:
        rows = counted(result.wrong, "row of it is", "rows of it are")
        say_warning(
            f"{rows} wrong and not counted, as those of a removed video. `vpd labels check` says which."
        )


def _place(finding: Finding) -> str:
    line = "" if finding.line is None else f"line {finding.line}"
    place = ", ".join(part for part in (finding.file, line) if part)
    return f"{place + ': ' if place else ''}{finding.kind}: {finding.text}"


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="Labels; by default labels.csv and all files of yours in the library."),
    ] = None,
    splits: Annotated[Path | None, typer.Option(help="File as for `vpd evaluate`.")] = None,
    subset_file: Annotated[Path | None, typer.Option(help="File as for `vpd evaluate`.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check labels, splits, subsets, picks, boxes and poses: what later commands would refuse, by line."""
    result = check_verb(open_library(library), CheckRequest(file, splits, subset_file))
    if as_json:
        print_json(result.to_json())
    else:
        _print_check(result)
    if not result.passed:
        raise typer.Exit(1)


def _print_check(result: CheckResult) -> None:
    table = PlainTable("label", "segments")
    for label, count in result.counts.items():
        table.add_row(label, str(count))
    console.print(table)
    errors = [f for f in result.findings if f.level == ERROR]
    notes = [f for f in result.findings if f.level != ERROR]
    for findings, title in ((errors, "Wrong:"), (notes, "Allowed, to be known:")):
        if findings:
            say(title)
        for finding in findings[:SHOWN]:
            say(f"  {_place(finding)}")
        if len(findings) > SHOWN:
            say(f"  and {len(findings) - SHOWN} more; --json prints all.")
    wrong = counted(len(errors), "thing is wrong", "things are wrong")
    outcome = "every command takes them" if result.passed else wrong
    if result.files:
        say(f"Read with them: {', '.join(result.files)}.")
    what = f"{counted(result.segments, 'segment')} in {counted(result.videos, 'video')}"
    say(f"{result.file}: {what}; {outcome}.")


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, or another program's files.")],
    form: Annotated[
        str | None, typer.Option("--format", help=f"{READABLE}; by default told from each file.")
    ] = None,
    tier: Annotated[
        list[str] | None,
        typer.Option("--tier", help="An ELAN tier or a Label Studio annotator; may be repeated."),
    ] = None,
    video: Annotated[
        str | None, typer.Option("--video", help="Video of all labels, whatever the files name.")
    ] = None,
    offset: Annotated[float, typer.Option("--offset", help="Seconds to add to every time.")] = 0.0,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="Encoding of CSV files where it cannot be detected: cp1252, ..."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Labels to use instead of labels.csv.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the labels of files to labels.csv; what is there already is not added again."""
    request = verb.ImportRequest(files, form, tuple(tier or ()), video, offset, encoding, replace)
    result = verb.import_labels(open_library(library), request)
    if as_json:
        print_json(result.to_json())
        return
    for note in result.notes:
        say_warning(note)
    known = f" {counted(result.known, 'was', 'were')} there already." if result.known else ""
    say(f"{counted(len(result.added), 'segment')} added; labels.csv holds {result.total}.{known}")


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help=f"{WRITABLE}.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A new or empty folder; default results/export-<time>."),
    ] = None,
    video: Annotated[
        list[str] | None, typer.Option("--video", help="Only this video; may be repeated.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Only this class; may be repeated.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write labels for another program."""
    request = verb.ExportRequest(form, out, tuple(video or ()), tuple(label or ()))
    result = verb.export_labels(open_library(library), request)
    if as_json:
        print_json(result.to_json())
    else:
        for file in result.files:
            say(f"wrote {file}")
        say(f"{counted(result.segments, 'segment')} written.")
    say_notes(result.notes)
    if result.notes:
        raise typer.Exit(1)
