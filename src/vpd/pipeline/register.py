"""Make a library, and register videos in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vpd.errors import ArtefactError, InputError
from vpd.library import remote
from vpd.library.artefact import read_recipe, write_text
from vpd.library.layout import MADE_FILES, MADE_FOLDERS, Layout, must_be_text
from vpd.library.lock import locked
from vpd.library.opening import copy_of
from vpd.library.recovery import mend_table
from vpd.library.videos import TABLE_STEP, Registration, Videos
from vpd.settings.toml import HEADER, load_settings
from vpd.video import find_videos, recording_key
from vpd.video.chapters import missing_chapters
from vpd.video.find import VIDEO_SUFFIXES


def library_to_fill(place: Path | str) -> Layout:
    """The library at a path or a URL, made where it is missing. Raises InputError where it cannot be made."""
    url = isinstance(place, str) and remote.is_url(place)
    return make_library(copy_of(str(place)).root if url else Path(place))


def make_library(folder: Path) -> Layout:
    """The library in ``folder``, created where it is missing. Raises InputError where it cannot be created.

    The folder may hold files of the user, such as the videos, but none that a library would overwrite.
    """
    layout = Layout(folder.resolve())
    must_be_text(layout.root)
    if layout.settings.exists():
        load_settings(layout.settings)
        return layout
    foreign = _foreign(layout)
    if foreign:
        raise InputError(
            f"{folder} cannot be made into a library: vpd would write into {', '.join(foreign)}, which it "
            "did not make. Name another folder, or a new one."
        )
    try:
        write_text(HEADER, layout.settings)
    except OSError as error:
        raise InputError(f"{folder} cannot be made into a library ({error.strerror}).") from error
    return layout


def _foreign(layout: Layout) -> list[str]:
    """Files and folders with names that a library uses, except those of a library that lost its vpd.toml."""
    for file in MADE_FILES:
        try:
            if read_recipe(layout.root / file)["step"] == TABLE_STEP:
                return []
        except (ArtefactError, InputError):
            continue
    return [name for name in (*MADE_FILES, *MADE_FOLDERS) if os.path.lexists(layout.root / name)]


def add_videos(layout: Layout, paths: Iterable[Path | str], join: bool = False) -> Registration:
    """Register files, and the recordings in folders. The result lists what could not be registered.

    With ``join``, the files into which a camera has cut one recording are one video.
    """
    places = list(paths)
    urls = [place for place in places if isinstance(place, str) and remote.is_url(place)]
    found = find_videos(Path(place) for place in places if place not in urls)
    listed, unreadable = _listed(urls)
    mend_table(layout, lambda _: None)
    missing = {parts[0]: missing_chapters(parts) for parts in found.chapters}
    whole = [parts for parts in found.chapters if not missing[parts[0]]]
    if join:
        what = "is not joined with its other chapters: there is no chapter"
        found.problems += [(first, f"{what} {gone}") for first, gone in missing.items() if gone]
    with locked(layout.videos):
        videos = Videos.read(layout)
        result = videos.register(found.videos, recording_key, whole if join else ())
        elsewhere = videos.register_urls(listed)
        videos.write()
    return replace(
        result,
        left_out=found.left_out,
        added=[*result.added, *elsewhere.added],
        known=[*result.known, *elsewhere.known],
        problems=[*found.problems, *unreadable, *result.problems, *elsewhere.problems],
        chapters=_apart(found.chapters, videos),
    )


def _listed(urls: Iterable[str]) -> tuple[list[str], list[tuple[Path | str, str]]]:
    """The videos that the URLs name, and what could not be listed."""
    found: list[str] = []
    problems: list[tuple[Path | str, str]] = []
    for url in urls:
        try:
            below = remote.listed(url, VIDEO_SUFFIXES)
        except InputError as error:
            problems.append((url, str(error).removeprefix(f"{url} ").rstrip(".")))
            continue
        found += below
        if not below:
            problems.append((url, "has no video in it"))
    return list(dict.fromkeys(found)), problems


def _apart(chapters: list[list[Path]], videos: Videos) -> list[list[Path]]:
    """The files that are separate videos."""
    firsts = {row.path for row in videos.rows.values() if row.further}
    return [parts for parts in chapters if Path(os.path.abspath(parts[0])).as_posix() not in firsts]  # noqa: PTH100
