"""`vpd paper`: the paper's data sets, tables and figure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from vpd.baselines.presets import LAPTOP, check_preset
from vpd.cli.common import (
    JobsOption,
    JsonOption,
    console,
    open_library,
    print_json,
    say,
    say_warning,
)
from vpd.cli.progress import ProgressBar
from vpd.counting import counted
from vpd.library.artefact import write_text
from vpd.library.csv_file import write_rows
from vpd.library.own_folder import own_folder
from vpd.paper.bring import Brought, bring
from vpd.paper.columns import PAPER_SUBSETS, Column, open_columns
from vpd.paper.datasets.table import READERS
from vpd.paper.detection import check_detector
from vpd.paper.figure import Panel, draw_curves, write_figure
from vpd.paper.figure import notes as figure_notes
from vpd.paper.making import make_missing
from vpd.paper.options import Options
from vpd.paper.published import DATA as PAPER_DATA
from vpd.paper.result import ResultTable
from vpd.paper.systems import System
from vpd.paper.tables import FIGURE, TABLES, measure_table, rows_of_each
from vpd.paper.writers import groups, number, to_json, write_table
from vpd.pipeline.engine import automatic_jobs
from vpd.report.terminal import PlainTable

app = typer.Typer(no_args_is_help=True, help="The paper's data sets, tables and figure.")
MISSING, LEFT_OUT = "missing.txt", "left_out.csv"
SHOWN = 5
"""Largest number of names of missing videos that are printed; missing.txt has all."""


@app.command("datasets")
def datasets(as_json: JsonOption = False) -> None:
    """List the data sets that can be imported: what is needed, the licence and the protocol."""
    if as_json:
        print_json({key: vars(reader.about) for key, reader in READERS.items()})
        return
    for key, reader in READERS.items():
        about = reader.about
        title = Text(f"{key}: {about.title}")
        table = PlainTable(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column()
        for what, text in (("needs", about.needs), ("protocol", about.protocol), ("licence", about.licence)):
            table.add_row(what, text)
        console.print(table)
        console.print()


def _report(found: Brought) -> dict[str, Any]:
    imported, given = found.imported, found.imported.given
    return {
        "data": imported.card.key,
        "coverage": imported.card.coverage,
        "actions": list(imported.card.actions),
        "videos": list(imported.card.clips),
        "left_out": imported.left_out,
        "missing": list(found.plan.missing),
        "set_aside": {**found.scan.set_aside, **imported.set_aside, **found.unusable},
        "unlabelled_videos": len(found.plan.others),
        "boxes": given.boxes,
        "poses": given.poses,
        "masks": given.masks,
        "refused": given.refused,
        "without_poses": given.absent,
        "removed": imported.removed,
        "notes": list(imported.card.notes),
    }


@app.command("import")
def import_(
    data: Annotated[str, typer.Argument(help=f"One of {', '.join(READERS)}.")],
    library: Annotated[Path, typer.Argument(help="Folder of the library; made where it is not there.")],
    labels: Annotated[Path, typer.Option(help="Folder of the published label files.")],
    videos: Annotated[Path, typer.Option(help="Folder of the videos: clips, or what they are cut from.")],
    poses: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the authors' poses: VIDEO/boxes.json, coco_keypoints.json.gz, mask.json.gz."
        ),
    ] = None,
    jobs: JobsOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Import a published data set: its videos, labels, parts, few-shot subsets and detection lists.

    Videos stay where they are; clips that must be cut are written to clips/ of the library. Missing videos
    are listed in missing.txt, actions that are left out in left_out.csv, and the rest is imported.
    """
    with ProgressBar() as bar:
        found = bring(data, labels, videos, library, poses, jobs, bar, bar.say)
    report = _report(found)
    _list_missing(found, library)
    if as_json:
        print_json(report)
    else:
        _print(report, found, library)
    incomplete = found.plan.missing or report["left_out"] or report["set_aside"] or report["refused"]
    raise typer.Exit(1 if incomplete else 0)


def _list_missing(found: Brought, library: Path) -> None:
    """Write the missing videos and the actions left out; delete the lists of an import before they came."""
    for name in (MISSING, LEFT_OUT):
        (library / name).unlink(missing_ok=True)
    if found.plan.missing:
        write_text("\n".join(found.plan.missing) + "\n", library / MISSING)
    if found.imported.lost:
        rows = ((one.action.id, one.action.label, one.action.clip, one.why) for one in found.imported.lost)
        write_rows(library / LEFT_OUT, ["action", "label", "clip", "reason"], rows)


def _print(report: dict[str, Any], found: Brought, library: Path) -> None:
    say(f"{found.imported.card.title}: {report['coverage']}.")
    for note in report["notes"]:
        say(f"Note: {note}.")
    for why, count in report["left_out"].items():
        lost = counted(count, "action is", "actions are")
        say_warning(f"{lost} left out ({library / LEFT_OUT}): {why}.")
    missing = report["missing"]
    if missing:
        names = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        lost = counted(len(missing), "labelled video is", "labelled videos are")
        say_warning(f"{lost} missing ({library / MISSING}): {names}")
    for what, reasons in (("set aside", report["set_aside"]), ("not taken", report["refused"])):
        for name, why in list(reasons.items())[:SHOWN]:
            say_warning(f"{name} is {what}: {why}")
        if len(reasons) > SHOWN:
            say_warning(f"{len(reasons) - SHOWN} more are {what}; --json names all.")
    absent = report["without_poses"]
    if absent:
        lost = f"{counted(len(absent), 'folder')} of --poses not there, or without boxes, poses and masks"
        say_warning(f"{lost}, such as {absent[0]}; --json names all.")
    if report["removed"]:
        gone = counted(report["removed"], "label")
        say_warning(f"{gone} of an earlier import removed, as the label files lack them (`vpd labels undo`).")
    if report["unlabelled_videos"]:
        say(f"{counted(report['unlabelled_videos'], 'further video')} without labels in the library.")
    if report["boxes"] or report["masks"]:
        say(f"Boxes of {counted(report['boxes'], 'video')} and masks of {report['masks']} are taken.")
    if report["poses"]:
        say(f"Poses of {counted(report['poses'], 'video')} are taken.")
        say(
            "The shipped vipe is trained for another pose estimator. For VIPE* of these poses train one: "
            "vpd vipe train --estimator poses_given."
        )
    quoted = shlex.quote(str(library))
    say(f"Next: vpd run --library {quoted}, then vpd paper all --library {quoted}")


LibrariesOption = Annotated[
    list[Path] | None,
    typer.Option("--library", "-L", help="A library; may be repeated, one column each.", metavar="PATH"),
]
DataOption = Annotated[
    list[str] | None, typer.Option("--data", help="Only these data sets: fs, tennis, fx, diving48.")
]
RowsOption = Annotated[
    list[str] | None,
    typer.Option("--rows", help="Only these rows; may be repeated. Unknown names are listed."),
]
KOption = Annotated[
    list[int] | None, typer.Option("-k", min=1, help="Examples a class (figure3); may be repeated.")
]
PublishedOption = Annotated[
    bool,
    typer.Option("--as-published", help="Repeat the reference where it is questionable; the table says so."),
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Repeat measurements that earlier runs kept.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for the files; else the library's.")]
BaselinesOption = Annotated[
    str | None,
    typer.Option(
        "--baselines",
        help="Also run the paper's other systems, with the preset laptop or paper; those that --rows names "
        "run with laptop.",
    ),
]
DetectorOption = Annotated[
    str,
    typer.Option("--detector", help="Schedule of Table 4's detectors: paper (hours on a CPU) or laptop."),
]
EpochsOption = Annotated[
    int,
    typer.Option("--epochs", min=0, help="Epochs of the BiGRU; 0 for the paper's 500 (hours on a CPU)."),
]
MakeOption = Annotated[
    bool,
    typer.Option(
        "--make", help="First make the features that rows lack: poses, teachers, the paper's students."
    ),
]
SubsetsOption = Annotated[int, typer.Option("--subsets", min=1, help="Few-shot lists, or detection trials.")]


@dataclass(frozen=True)
class _Asked:
    """The options of a table command."""

    columns: list[Column]
    options: Options
    rows: dict[str, tuple[System, ...]]
    out: Path
    subsets: int
    as_json: bool


def _asked(
    libraries: list[Path] | None,
    data: list[str] | None,
    rows: dict[str, tuple[System, ...]],
    ks: list[int] | None,
    subsets: int,
    options: Options,
    out: Path | None,
    as_json: bool,
) -> _Asked:
    layouts = [open_library(path) for path in libraries or [Path.cwd()]]
    columns = open_columns(layouts, data or (), subsets, ks or ())
    return _Asked(columns, options, rows, out or layouts[0].results / "paper", subsets, as_json)


def _make(asked: _Asked, jobs: int, bar: ProgressBar) -> None:
    systems = dict.fromkeys(system for rows in asked.rows.values() for system in rows)
    for problem in make_missing(asked.columns, list(systems), jobs, bar, bar.say):
        say_warning(problem)


def _run(asked: _Asked) -> list[str]:
    """Measure tables and the figure. Returns the rows that could not be measured."""
    lost: list[str] = []
    shown: dict[str, Any] = {}
    for name, systems in asked.rows.items():
        if name == FIGURE:
            panels = draw_curves(asked.columns, systems, asked.options)
            paths = write_figure(panels, asked.out, asked.options)
            lost += [c.system.name for p in panels for c in p.curves if c.reason]
            shown[name] = {"files": [str(p) for p in paths], "notes": figure_notes(panels, asked.options)}
            if not asked.as_json:
                _print_figure(panels, asked.options)
        else:
            table = measure_table(name, asked.columns, systems, asked.options, asked.subsets)
            paths = write_table(table, asked.out)
            lost += [
                line.name
                for line in table.lines
                if not line.quoted and any(c.ours is None for c in line.cells)
            ]
            shown[name] = json.loads(to_json(table)) | {"files": [str(p) for p in paths]}
            if not asked.as_json:
                _print_table(table)
        if not asked.as_json:
            say(f"Written: {', '.join(str(p) for p in paths)}\n")
    if asked.as_json:
        print_json(shown)
    return sorted(set(lost))


def _print_table(table: ResultTable) -> None:
    shown = PlainTable(title=table.title, title_justify="left", box=None, pad_edge=False)
    shown.add_column("")
    for heading in table.headings:
        shown.add_column(f"{heading.library}\n{heading.measure}", justify="right")
        if heading.data in PAPER_DATA:
            shown.add_column("paper, difference", justify="right", style="dim")
    for group, lines in groups(table):
        if group:
            shown.add_row(Text(group, style="italic"))
        for line in lines:
            cells: list[str] = []
            for heading, cell in zip(table.headings, line.cells, strict=True):
                spread = "" if cell.sd is None else f" ± {cell.sd:.1f}"
                cells.append(number(cell.ours) + spread)
                if heading.data in PAPER_DATA:
                    difference = "" if cell.difference is None else f" {number(cell.difference, True):>5}"
                    cells.append(number(cell.paper) + difference)
            shown.add_row(("+ " if line.quoted else "") + line.title, *cells)
    console.print(shown)
    for note in table.notes:
        say(note)
    for rows, why in table.reasons():
        say(f"Not measured, {rows}: {why}.", style="dim")


def _print_figure(panels: Sequence[Panel], options: Options) -> None:
    for panel in panels:
        shown = PlainTable(title=Text(panel.column.title), title_justify="left", box=None, pad_edge=False)
        ks = sorted(panel.column.parts.subsets)
        for name in ("", *(f"k = {k}" for k in ks)):
            shown.add_column(name, justify="right" if name else "left")
        for curve in panel.curves:
            points = {k: f"{mean:.1f}{'*' if star else ''}" for k, mean, _, star in curve.points()}
            shown.add_row(curve.system.title, *(points.get(k, "-") for k in ks))
        console.print(shown)
    for note in figure_notes(panels, options):
        say(note)


@contextmanager
def _writable(out: Path | None) -> Iterator[None]:
    """The folder that the user named for the tables, where it is new, empty or holds earlier tables."""
    if out is None:
        yield
        return
    with own_folder(out, "tables of the paper", goes_on=True) as folder:
        folder.begin()
        yield


def _command(names: Sequence[str], about: str) -> None:
    def command(
        library: LibrariesOption = None,
        data: DataOption = None,
        rows: RowsOption = None,
        k: KOption = None,
        subsets: SubsetsOption = PAPER_SUBSETS,
        as_published: PublishedOption = False,
        fresh: FreshOption = False,
        baselines: BaselinesOption = None,
        detector: DetectorOption = "paper",
        epochs: EpochsOption = 0,
        make: MakeOption = False,
        out: OutOption = None,
        jobs: JobsOption = 1,
        as_json: JsonOption = False,
    ) -> None:
        with ProgressBar() as bar, _writable(out):
            preset = baselines or (LAPTOP if rows else "")
            if preset:
                check_preset(preset)
            check_detector(detector)
            chosen = rows_of_each(names, rows or ())
            options = Options(as_published, jobs or automatic_jobs(), 0, fresh, preset, detector, epochs, bar)
            asked = _asked(library, data, chosen, k, subsets, options, out, as_json)
            if make:
                _make(asked, jobs, bar)
            lost = _run(asked)
        if rows and lost:
            say_warning(f"Not measured: {', '.join(lost)}.")
            raise typer.Exit(1)

    command.__doc__ = about
    app.command(names[0] if len(names) == 1 else "all")(command)


_command(["table1"], "Table 1: top-1 accuracy of all systems, with all training labels.")
_command(["table2"], "Table 2: ablations of distillation, with all labels and 16 examples a class.")
_command(["table3"], "Table 3: retrieval, precision at 1, 10 and 50.")
_command(["table4"], "Table 4: detection from five videos, average precision.")
_command([FIGURE], "Figure 3: accuracy by the number of labels; as SVG, PNG and CSV.")
_command([*TABLES, FIGURE], "All tables and the figure.")
