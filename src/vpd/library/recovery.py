"""Rebuild the table of videos, with the same ids, where its file is damaged or missing.

The first source is its copy. The second are the frames artefacts, which note the path and the content key of
their video.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from vpd.counting import counted
from vpd.errors import ArtefactError
from vpd.library.artefact import check, read_recipe
from vpd.library.ids import check_id
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.videos import ADDED, OK, VideoRow, Videos, check_table

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


def _row(video: str, record: dict[str, Any]) -> VideoRow:
    """The row that the notes of a frames artefact describe. Raises ValueError where they do not."""
    notes = {
        **dict.fromkeys(ADDED, ""),
        **record["notes"],
        "video": video,
        "key": record["inputs"].get("video"),
        "status": OK,
        "error": "",
    }
    values = {}
    for field in fields(VideoRow):
        value = notes.get(field.name)
        kind = _TYPES[str(field.type)]
        if not isinstance(value, (int, float) if kind is float else kind):
            raise ValueError(f"{field.name} is {value!r}")
        values[field.name] = kind(value)
    return VideoRow(**values)


def _from_artefacts(layout: Layout) -> list[VideoRow]:
    rows = []
    for path in sorted(layout.frames("x").parent.glob("*.parquet")):
        try:
            check_id(path.stem, path)
            check(path)
            rows.append(_row(path.stem, read_recipe(path)))
        except (ArtefactError, ValueError):
            continue  # this one is made again by a scan
    return rows


def recover(layout: Layout) -> tuple[Videos, str]:
    """Rebuild the damaged table and write it. Returns it, and a sentence that names the source.

    Raises LockedError where another process writes it, and ArtefactError where no source knows a video.
    """
    with locked(layout.videos):
        try:
            videos, source = Videos.read_from(layout, layout.videos_copy), "its copy"
        except ArtefactError:
            rows = _from_artefacts(layout)
            if not rows:
                raise ArtefactError(
                    f"{layout.videos} is damaged, and nothing tells what was in it. Delete it, and add the "
                    "videos again with `vpd scan FILES...`."
                ) from None
            videos, source = Videos(layout, rows), "what was made of the videos"
        videos.write()
    return videos, (
        f"{layout.videos.name} was damaged and is made again from {source}: {counted(len(videos), 'video')}. "
        "Add what is missing with `vpd scan FILES...`."
    )


def mend_table(layout: Layout, say: Callable[[str], None]) -> None:
    """Rebuild the table of videos, and its copy, where they are damaged or missing, and report it."""
    if not os.path.lexists(layout.videos) and not layout.videos_copy.is_file():
        return
    try:
        rows = check_table(layout.videos)
    except ArtefactError:
        say(recover(layout)[1])
        return
    if not rows:
        return
    try:
        check_table(layout.videos_copy)
    except ArtefactError:
        with locked(layout.videos):
            Videos.read(layout).write()
