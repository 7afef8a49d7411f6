"""`vpd run`, and each step by its name."""

from __future__ import annotations

from typing import Annotated

import typer

from vpd.cli.common import (
    JobsOption,
    JsonOption,
    LibraryOption,
    open_library,
    print_json,
    say,
    say_error,
    say_warning,
)
from vpd.cli.library import JoinOption, register
from vpd.cli.progress import ProgressBar
from vpd.library.layout import Layout
from vpd.pipeline.cluster import Cluster
from vpd.pipeline.report import RunReport
from vpd.pipeline.shard import Shard
from vpd.settings.presets import PRESETS
from vpd.teachers.table import TEACHERS

RedistillOption = Annotated[
    bool, typer.Option("--redistill", help="Train the student again, with new and without removed videos.")
]
TeacherOption = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        help=f"Also make features of this teacher ({', '.join(TEACHERS)}); may be repeated.",
    ),
]

InvertOption = Annotated[
    bool,
    typer.Option(
        "--invert",
        help="Append the embedding of the pose upside down to the features of vipe (d = 128), for divers and "
        "gymnasts. For good: invert in the section teach of vpd.toml.",
    ),
]


PresetOption = Annotated[
    str,
    typer.Option(
        "--preset",
        help=f"Student to train and to embed with, beside others ({', '.join(PRESETS)}); by default that of "
        "vpd.toml. `vpd settings --preset NAME` prints what it sets.",
    ),
]


EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        help="Engine: here, workers, or ray (a Ray cluster); by default worker processes, by -j.",
    ),
]
AddressOption = Annotated[
    str,
    typer.Option(
        "--address",
        help="With --engine ray, the cluster: HOST:PORT, or auto for one on this computer; by default that "
        "of RAY_ADDRESS, else a Ray of its own.",
    ),
]
CpusOption = Annotated[int, typer.Option("--cpus", min=1, help="With --engine ray, cores of each task.")]
GpusOption = Annotated[
    float, typer.Option("--gpus", min=0, help="With --engine ray, the share of a GPU that each task holds.")
]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers",
        min=0,
        help="With --engine ray, processes of the cluster that train the student; 0: this program does.",
    ),
]
ShardOption = Annotated[
    str,
    typer.Option(
        "--shard", metavar="I/N", help="Only the videos of share I of N, such as 3/40, for Slurm and others."
    ),
]


def do(
    layout: Layout,
    step: str,
    jobs: int,
    as_json: bool,
    redistill: bool = False,
    teachers: list[str] | None = None,
    invert: bool = False,
    preset: str = "",
    engine: str = "",
    cluster: Cluster | None = None,
    shard: str = "",
) -> None:
    """Run the steps up to ``step``, and print a report. Exit with 1 where a part was not done."""
    from vpd.pipeline import ranks
    from vpd.pipeline.run import run

    with ProgressBar() as bar:
        asked = Shard.read(shard) if shard else None
        report = run(
            layout, (step,), jobs, redistill, bar, teachers or (), invert, preset, engine, cluster, asked
        )
    if ranks.is_helper():
        return
    end_with(report, as_json)


def end_with(report: RunReport, as_json: bool) -> None:
    """Print the report of a run, and exit with 1 where a part was not done."""
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    if not report.complete:
        raise typer.Exit(1)


def print_report(report: RunReport) -> None:
    """Print the results of a run, and the set-aside videos with their reasons."""
    if report.made:
        say("Done: " + ", ".join(f"{name} {count}" for name, count in report.made.items()) + ".")
    else:
        say("Nothing to do: everything is up to date." if report.complete else "Nothing could be done.")
    for video, about in report.found.items():
        say(f"{video}: {about}.")
    for video, warning in report.warnings.items():
        say_warning(f"{video}: {warning}.")
    if report.set_aside:
        count = len(report.set_aside)
        say_error(f"{count} video{'s are' if count > 1 else ' is'} set aside:")
        for video, error in report.set_aside.items():
            say_error(f"  {video}: {error}")
    for video, why in report.missing.items():
        say_error(f"{video} is missing: {why}")
    for problem in report.problems:
        say_error(problem)


def run(
    library: LibraryOption = None,
    jobs: JobsOption = 0,
    redistill: RedistillOption = False,
    preset: PresetOption = "",
    teacher: TeacherOption = None,
    engine: EngineOption = "",
    address: AddressOption = "",
    cpus: CpusOption = 1,
    gpus: GpusOption = 0.0,
    workers: WorkersOption = 0,
    shard: ShardOption = "",
    as_json: JsonOption = False,
) -> None:
    """Do what is missing or out of date: scan, track, pose, crop, teach, distill, embed.

    A stopped run continues where it ended. Videos that fail are set aside with the reason, and the exit
    code is then 1. Videos that came after the student was trained are embedded by
    it, and need no pose; --redistill trains it again with them.
    """
    layout = open_library(library)
    if not layout.feature_names():
        from vpd.search.compiled import compile_aside

        compile_aside()
    cluster = Cluster(address, cpus, gpus, workers)
    do(layout, "embed", jobs, as_json, redistill, teacher, False, preset, engine, cluster, shard)


def scan(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Files, folders and URLs to add, or moved files.")
    ] = None,
    join: JoinOption = False,
    library: LibraryOption = None,
    jobs: JobsOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Decode every new or changed video once: size, rotation, the time of each frame."""
    layout = open_library(library)
    complete = True
    if videos:
        complete = register(layout, videos, join)
    do(layout, "scan", jobs, as_json)
    if not complete:
        raise typer.Exit(1)


def track(library: LibraryOption = None, jobs: JobsOption = 0, as_json: JsonOption = False) -> None:
    """Find and follow the athletes."""
    do(open_library(library), "track", jobs, as_json)


def pose(library: LibraryOption = None, jobs: JobsOption = 0, as_json: JsonOption = False) -> None:
    """Estimate 17 joints of each athlete in each frame."""
    do(open_library(library), "pose", jobs, as_json)


def crop(library: LibraryOption = None, jobs: JobsOption = 0, as_json: JsonOption = False) -> None:
    """Cut the square around each athlete, with its optical flow."""
    do(open_library(library), "crop", jobs, as_json)


def teach(
    library: LibraryOption = None,
    jobs: JobsOption = 0,
    teacher: TeacherOption = None,
    invert: InvertOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make the weak pose features that the student learns from."""
    do(open_library(library), "teach", jobs, as_json, teachers=teacher, invert=invert)


def distill(
    library: LibraryOption = None,
    jobs: JobsOption = 0,
    redistill: RedistillOption = False,
    preset: PresetOption = "",
    engine: EngineOption = "",
    address: AddressOption = "",
    cpus: CpusOption = 1,
    gpus: GpusOption = 0.0,
    workers: WorkersOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train the student where its settings, or what it learned from, changed."""
    cluster = Cluster(address, cpus, gpus, workers)
    layout = open_library(library)
    do(layout, "distill", jobs, as_json, redistill, preset=preset, engine=engine, cluster=cluster)


def embed(
    library: LibraryOption = None,
    jobs: JobsOption = 0,
    preset: PresetOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make the student's features of every video."""
    do(open_library(library), "embed", jobs, as_json, preset=preset)
