"""Read detection_lists.json: lists of videos from which detection learns, the first few of each."""

from __future__ import annotations

from pathlib import Path

from vpd.errors import InputError
from vpd.files import parse_json, read_text
from vpd.library.names import VideoNames


def read_lists(path: Path, names: VideoNames) -> list[list[str]]:
    """Ids of the videos of each list; no list where there is no file.

    A video that the library lacks is left out, because a library may hold a part of a data set. Raises
    InputError for a file that is no list of lists of names, and for a name that fits several videos.
    """
    if not path.exists():
        return []
    try:
        found = parse_json(read_text(path, "utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a list of lists of videos: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(one, list) for one in found):
        raise InputError(f"{path} is not a list of lists of videos.")
    return [[_id(video, path, names) for video in one if names.matches(str(video))] for one in found]


def _id(video: object, path: Path, names: VideoNames) -> str:
    try:
        return names.find(str(video))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
