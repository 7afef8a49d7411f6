"""Make a library, and put videos into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.recovery import mend_table
from vpd.library.videos import Registration, Videos
from vpd.settings.toml import HEADER, load_settings
from vpd.video import content_key, find_videos


def make_library(folder: Path) -> Layout:
    """The library in ``folder``, made where it is not there. Raises InputError where it cannot be made."""
    layout = Layout(folder.resolve())
    if layout.settings.exists():
        load_settings(layout.settings)
        return layout
    try:
        write_text(HEADER, layout.settings)
    except OSError as error:
        raise InputError(f"{folder} cannot be made into a library ({error.strerror}).") from error
    return layout


def add_videos(layout: Layout, paths: Iterable[Path]) -> Registration:
    """Register files, and the recordings of folders; what cannot be registered is told in the result."""
    found = find_videos(paths)
    mend_table(layout, lambda _: None)
    with locked(layout.videos):
        videos = Videos.read(layout)
        result = videos.register(found.videos, content_key)
        videos.write()
    return replace(
        result,
        left_out=found.left_out,
        problems=[*found.problems, *result.problems],
        chapters=found.chapters,
    )
