"""`vpd pixels`."""

from __future__ import annotations

from typing import Annotated

import typer

from vpd.cli.common import JsonOption, LibraryOption, open_library
from vpd.cli.progress import ProgressBar
from vpd.cli.steps import end_with

AgainOption = Annotated[
    bool, typer.Option("--again", help="Learn from all videos again, and make all features again.")
]


def pixels(library: LibraryOption = None, again: AgainOption = False, as_json: JsonOption = False) -> None:
    """Make features of what the hands look like, for sports with a racket, bat or ball.

    They are learned from the library's own videos without labels, after `vpd run`. Use them beside others:
    `vpd recognise --features vipe-window,pixels`.
    """
    from vpd.pipeline.pixels import make_pixels

    with ProgressBar() as bar:
        report = make_pixels(open_library(library), again, bar)
    end_with(report, as_json)
