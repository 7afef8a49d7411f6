"""`vpd demo`: all steps and verbs on the shipped sample, ending in a report."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vpd.cli.common import JobsOption, console, notices, say
from vpd.cli.progress import ProgressBar

if TYPE_CHECKING:
    from vpd.types import Segment
    from vpd.verbs.few_shot import Evaluation

KS = (1, 2, 4)
"""Examples a class; the sample has six to learn from."""
SUBSETS = 10
RECOGNISER = "dtw-nn"
RESULTS = 9
OVERLAY_S = 12.0
"""Seconds of a video that the report shows with its poses."""


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the library and the report.")] = Path("demo"),
    jobs: JobsOption = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin again instead of continuing the last run.")
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then open the demo's library in the browser, until Ctrl-C.")
    ] = False,
) -> None:
    """The whole way on a sample of synthetic athletes: new, run, evaluate, search, and a report.

    Takes about five minutes on two free cores, and ends at any speed. A stopped demo continues
    where it ended.
    """
    from vpd.cli.demo_folder import REPORT, SAMPLE, DemoFolder
    from vpd.errors import InputError
    from vpd.library.own_folder import own_folder
    from vpd.report.demo_page import DemoResult, write_demo_page
    from vpd.report.evaluation_page import accuracy_table

    if not (SAMPLE / "labels.csv").exists():
        raise InputError(f"The sample is missing from {SAMPLE}. Install vpd again.")
    seconds: dict[str, float] = {}
    root = out / "library"
    own = DemoFolder(out)
    if fresh:
        own.begin_again()
    with _timed("new", seconds):
        say(f"1/4  vpd new {root} {SAMPLE / 'videos'}")
        library = own.library()
    with _timed("run", seconds), ProgressBar() as bar:
        say(f"2/4  vpd run --library {root}")
        run = library.run(jobs=jobs, listener=bar)
    for problem in [*run.set_aside.values(), *run.problems]:
        raise InputError(f"The demo cannot continue: {problem}")
    settings = library.settings
    names = [*settings.teach.teachers, settings.distill.name]
    with _timed("evaluate", seconds):
        say(f"3/4  vpd evaluate {' '.join(f'-f {name}' for name in names)} --library {root}")
        evaluation = library.evaluate(names, [RECOGNISER], KS, SUBSETS).evaluation
        console.print(accuracy_table(evaluation))
    with _timed("search", seconds):
        query = _query(evaluation)
        say(f"4/4  vpd search {query.video}@{query.start_s:.2f}-{query.end_s:.2f} --page --library {root}")
        others = [segment for segment in library.labels() if segment.video != query.video]
        found = library.search(query, segments=others, features=settings.distill.name, top=RESULTS)
        same = sum(hit.segment.label == query.label for hit in found.hits)
        say(f"     {same} of the {len(found.hits)} nearest are the same action, {query.label}.")
    with notices.status("writing the report"):
        result = DemoResult(
            layout=library.layout,
            teachers=list(dict.fromkeys(recogniser.teacher for recogniser in settings.distill.heads)),
            student=settings.distill.name,
            evaluation=evaluation,
            search=found,
            step_seconds=run.seconds,
            part_seconds=seconds,
            truth=SAMPLE / "truth.npz",
        )
        with own_folder(own.report, REPORT) as folder:
            folder.begin()
            page = write_demo_page(result, own.report, OVERLAY_S)
    say(f"Done in {sum(seconds.values()) / 60:.1f} minutes. Open the report in a browser:\n{page.resolve()}")
    say(f"Watch, label, search and compare in its library:\n{serve_command(root)}")
    if serve:
        from vpd.web.server import serve as run_server

        run_server(library.layout, "127.0.0.1", 0, True, say)


def serve_command(root: Path) -> str:
    """What to type to open the library at ``root`` in the browser; `vpd` as this process was called."""
    own = sys.argv[0] if Path(sys.argv[0]).name.startswith("vpd") else "vpd"
    found = shutil.which("vpd")
    on_path = found is not None and Path(found).resolve() == Path(own).resolve()
    return f"{'vpd' if on_path else shlex.quote(own)} serve --library {shlex.quote(str(root))}"


@contextmanager
def _timed(part: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - started


def _query(evaluation: Evaluation) -> Segment:
    """The first labelled action of the test scenes."""
    return evaluation.parts.segments[int(evaluation.parts.test[0])]
