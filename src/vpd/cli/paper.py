"""`vpd paper`: the paper's data sets, tables and figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from vpd.cli.common import JobsOption, JsonOption, console, notices, print_json, say, say_warning
from vpd.cli.progress import ProgressBar
from vpd.library.artefact import write_text
from vpd.paper.bring import Brought, bring
from vpd.paper.datasets.table import READERS

app = typer.Typer(no_args_is_help=True, help="The paper's data sets, tables and figure.")
SHOWN = 5
"""Names of missing videos that are printed; all stand in missing.txt."""


@app.command("datasets")
def datasets(as_json: JsonOption = False) -> None:
    """List the data sets that can be imported: what is needed, the licence and the protocol."""
    if as_json:
        print_json({key: vars(reader.about) for key, reader in READERS.items()})
        return
    table = Table("name", "title", "needs", "licence", "protocol", show_lines=True)
    for key, reader in READERS.items():
        about = reader.about
        table.add_row(key, about.title, about.needs, about.licence, about.protocol)
    console.print(table)


def _report(found: Brought) -> dict[str, Any]:
    imported, given = found.imported, found.imported.given
    return {
        "data": imported.card.key,
        "coverage": imported.card.coverage,
        "actions": list(imported.card.actions),
        "videos": list(imported.card.clips),
        "left_out": imported.left_out,
        "missing": list(found.plan.missing),
        "set_aside": {**found.scan.set_aside, **imported.set_aside, **found.not_cut},
        "unlabelled_videos": len(found.plan.others),
        "boxes": given.boxes,
        "poses": given.poses,
        "refused": given.refused,
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
        typer.Option(help="Folder of the authors' poses: VIDEO/boxes.json, VIDEO/coco_keypoints.json.gz."),
    ] = None,
    jobs: JobsOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Import a published data set: its videos, labels, parts, few-shot subsets and detection lists.

    Videos stay where they are; clips that must be cut are written to clips/ of the library. Missing videos
    are listed in missing.txt and counted, and the rest goes on.
    """
    with ProgressBar() as bar:
        found = bring(data, labels, videos, library, poses, jobs, bar, lambda text: notices.print(text))
    report = _report(found)
    if found.plan.missing:
        write_text("\n".join(found.plan.missing) + "\n", library / "missing.txt")
    if as_json:
        print_json(report)
    else:
        _print(report, found, library)
    incomplete = found.plan.missing or report["left_out"] or report["set_aside"] or report["refused"]
    raise typer.Exit(1 if incomplete else 0)


def _print(report: dict[str, Any], found: Brought, library: Path) -> None:
    say(f"{found.imported.card.title}: {report['coverage']}.")
    for note in report["notes"]:
        say(f"Note: {note}.")
    for why, count in report["left_out"].items():
        say_warning(f"{count} actions are left out: {why}.")
    missing = report["missing"]
    if missing:
        names = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        say_warning(f"{len(missing)} labelled videos are missing ({library / 'missing.txt'}): {names}")
    for what, reasons in (("set aside", report["set_aside"]), ("not taken", report["refused"])):
        for name, why in list(reasons.items())[:SHOWN]:
            say_warning(f"{name} is {what}: {why}")
        if len(reasons) > SHOWN:
            say_warning(f"{len(reasons) - SHOWN} more are {what}.")
    if report["poses"]:
        say(f"Poses of {report['poses']} videos and boxes of {report['boxes']} are taken.")
        say(
            "The shipped vipe is trained for another pose estimator. For VIPE* of these poses train one: "
            "vpd vipe train --estimator poses_given."
        )
    say(f"Next: vpd run --library {library}, then vpd paper all --library {library}")
