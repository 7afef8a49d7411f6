"""Ids of videos. They serve as file names in every folder of a library, on every system."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from vpd.errors import ArtefactError
from vpd.library.names import nfc

MOST_BYTES = 120
"""Largest length of an id in bytes. File names contain it, and systems limit them to 255 bytes."""

_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f\\/:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
"""Separators, control characters, marks of writing direction, and unpaired surrogates."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""File names that Windows reserves for devices."""


def _cut(name: str, most: int) -> str:
    cut = name.encode()[:most].decode(errors="ignore")
    while cut != (bare := cut.rstrip().rstrip(".")):
        cut = bare
    return cut or "_"


def _short(name: str) -> str:
    """The name, or where it has more than `MOST_BYTES` bytes, its beginning with a hash of the whole."""
    if len(name.encode()) <= MOST_BYTES:
        return _cut(name, MOST_BYTES)
    mark = "~" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return _cut(name, MOST_BYTES - len(mark)) + mark


def _fit(name: str) -> str:
    """``name`` changed into a valid file name."""
    fit = _UNFIT.sub("_", nfc(name)).strip()
    if fit.startswith("."):
        fit = f"_{fit[1:]}"
    return f"_{fit}" if not fit or _RESERVED.fullmatch(fit) else fit


def new_id(path: PurePath, taken: set[str]) -> str:
    """The stem of the file's name; where it is taken, in any case of letters, with the folder in front, then
    with a number.

    ``taken`` are the existing ids, casefolded.
    """
    name = _short(_fit(path.stem))
    if name.casefold() in taken and path.parent.name:
        name = _short(f"{_fit(path.parent.name)}-{_fit(path.stem)}")
    base, number = name, 2
    while name.casefold() in taken:
        name, number = f"{_cut(base, MOST_BYTES - 8)}-{number}", number + 1
    return name


def check_id(video: str, where: Path) -> None:
    """Raise ArtefactError where an id from a file would lead out of the library's folders."""
    if not video or video in (".", "..") or _UNFIT.search(video) or len(video.encode()) > 2 * MOST_BYTES:
        raise ArtefactError(
            f"{where} names a video {video[:80]!r}, which cannot be the name of a file. The table was not "
            "written by vpd, or is damaged."
        )


def check_ids(videos: Sequence[str], where: Path) -> None:
    """`check_id` for many ids: all are looked at together, and singly where one may be unfit."""
    fit = not {"", ".", ".."}.intersection(videos) and not _UNFIT.search("".join(videos))
    if not fit or max(map(len, videos), default=0) > MOST_BYTES // 2:
        for video in videos:
            check_id(video, where)
