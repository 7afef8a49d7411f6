"""Folders for the results of commands and of the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from vpd.errors import InputError
from vpd.library.artefact import refuse_links, write_error
from vpd.library.layout import Layout
from vpd.library.own_folder import mark, record


def results_folder(layout: Layout, command: str) -> Path:
    """A new folder results/<command>-<time>/ of the library for what a command writes.

    Raises InputError where rights are missing, DiskFullError.
    """
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    number = 1
    while True:
        folder = layout.results / (f"{command}-{stamp}" + (f"-{number}" if number > 1 else ""))
        refuse_links(folder)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise write_error(folder, error) or InputError(f"{folder} cannot be made ({error}).") from error
        else:
            mark(folder, command)
            return folder


@contextmanager
def new_results(layout: Layout, command: str) -> Iterator[Path]:
    """A `results_folder`, with a record of what the block has written there. Raises as it does."""
    folder = results_folder(layout, command)
    yield folder
    record(folder, command)
