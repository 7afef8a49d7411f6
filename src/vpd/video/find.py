"""Which files of the folders a person names are videos."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from vpd.errors import InputError, VideoError
from vpd.library.layout import SETTINGS_FILE
from vpd.video.source import opened

VIDEO_SUFFIXES = frozenset((
    ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".h264", ".h265", ".hevc", ".insv", ".lrv",
    ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mkv", ".mod", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf",
    ".ogm", ".ogv", ".rm", ".tod", ".ts", ".vob", ".webm", ".wmv",
))  # fmt: skip
"""Files so named are taken for videos unopened, so that a damaged one is reported and not overlooked."""


def _is_video(path: Path) -> bool:
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return True
    try:
        with opened(path):
            return True
    except VideoError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: the folder cannot be read ({error.strerror}).")

    for parent, folders, names in os.walk(folder, onerror=refuse):
        # Libraries hold clips of their own; hidden files are the system's.
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not Path(parent, name, SETTINGS_FILE).exists()
        )
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def find_videos(paths: Iterable[Path]) -> list[Path]:
    """The video files among ``paths``: a file as it is named, a folder with all that lies below it.

    In folders, files of the usual suffixes (in any case) count, and whatever else FFmpeg reads as moving
    pictures; hidden files and vpd libraries do not. Raises InputError for a path that does not exist, a
    folder without rights, and a folder without a video.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            videos = [file for file in _files(path) if _is_video(file)]
            if not videos:
                raise InputError(f"{path}: there is no video in this folder.")
            found += videos
        elif path.exists():
            found.append(path)
        else:
            raise InputError(f"{path} does not exist.")
    return list(dict.fromkeys(found))
