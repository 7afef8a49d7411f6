"""Shared parts of the commands: options, output for people and machines, folders of results."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from vpd.library.layout import Layout
from vpd.library.opening import library_at
from vpd.library.videos import Videos
from vpd.report.terminal import visible
from vpd.strings import Sentence
from vpd.types import Segment
from vpd.verbs.features import FeatureChoice
from vpd.verbs.labelled import set_aside_notes

LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        "-L",
        help="The library, a folder or s3://BUCKET/PREFIX; by default that of the current directory.",
        metavar="PATH",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
JobsOption = Annotated[
    int, typer.Option("-j", "--jobs", min=0, help="Worker processes; 0 for one a core, 1 for none.")
]

console = Console(highlight=False, soft_wrap=True, emoji=False)
"""The standard output, for results."""

notices = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
"""The standard error, for progress, warnings and errors, so that results can be piped."""


def open_library(library: Path | str | None) -> Layout:
    """The library that is named, or that of the current directory. Raises InputError, StoreError."""
    return library_at(library or Path.cwd(), say_warning)


def print_json(value: Any) -> None:
    """Print ``value`` as JSON and nothing else.

    Where the standard output cannot show every letter, the text is ASCII: what would stand there for the
    others (`\\xe9`) is no JSON.
    """
    shows_all = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=not shows_all, default=str) + "\n")


def say(text: str, style: str = "") -> None:
    """Print a sentence for the user. Square brackets are no markup."""
    console.print(visible(text), style=style or None, markup=False)


def say_error(text: str) -> None:
    """Print an error."""
    notices.print(visible(text), style="red", markup=False)


def say_warning(text: str) -> None:
    """Print a warning."""
    notices.print(visible(text), style="yellow", markup=False)


def warn_of_set_aside(segments: Iterable[Segment], videos: Videos) -> None:
    """Say which labels lie in videos that are set aside. Nothing can be learned from them."""
    say_notes(set_aside_notes(segments, videos))


def say_notes(notes: Iterable[str | Sentence], features: FeatureChoice | None = None) -> None:
    """Print a verb's notes, and the reason for the features where the user named none."""
    for note in notes:
        say_warning(str(note))
    if features is not None and features.sentence:
        notices.print(features.sentence, markup=False)
