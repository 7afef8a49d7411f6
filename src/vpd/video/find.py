"""Find the recordings in files and folders that the user names, with the reasons for those left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vpd.errors import VideoError
from vpd.library.layout import MADE_FOLDERS, SETTINGS_FILE, USER_FOLDERS
from vpd.library.own_folder import MARK
from vpd.strings import Said, Sentence
from vpd.video.card import Card
from vpd.video.chapters import chapters
from vpd.video.formats import list_of_files, picture_format, still_brand
from vpd.video.source import opened

VIDEO_SUFFIXES = frozenset((
    ".264", ".265", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".h264", ".h265", ".hevc",
    ".insv", ".ivf", ".lrf", ".lrv", ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mod",
    ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".obu", ".ogm", ".ogv", ".rm", ".tod", ".ts",
    ".vob", ".webm", ".wmv", ".wtv",
))  # fmt: skip
"""Suffixes of videos. Such files are not opened, so that a damaged one is reported instead of overlooked."""

LIST_SUFFIXES = frozenset((".m3u", ".m3u8", ".mpd", ".ffconcat", ".pls", ".xspf", ".wpl", ".asx", ".smil"))
THUMBNAIL_SUFFIXES = frozenset((".thm",))
OTHER_SUFFIXES = frozenset((
    ".aac", ".csv", ".db", ".gpx", ".html", ".ini", ".json", ".log", ".m4a", ".md", ".mp3", ".pdf", ".py",
    ".srt", ".toml", ".tsv", ".txt", ".vtt", ".wav", ".xls", ".xlsx", ".xml", ".yaml", ".zip",
))  # fmt: skip
"""Suffixes of files that are no videos. They are not opened."""

DELETED = "deleted files"

UNFINISHED_SUFFIXES = frozenset(
    (".crdownload", ".download", ".opdownload", ".part", ".partial", ".tmp", ".ytdl")
)
"""Suffixes that browsers and other programs give to files until they are complete."""

NOT_FOOTAGE = {
    "$recycle.bin": DELETED, "recycler": DELETED, "#recycle": DELETED, "found.000": DELETED,
    "lost+found": DELETED,
    "system volume information": "a folder of Windows",
    "__macosx": "what a Mac notes beside files",
    "@eadir": "previews that a NAS made", "#snapshot": "earlier states that a NAS keeps",
    "adobe premiere pro video previews": "previews that Premiere made",
    "render files": "previews that Final Cut made",
}  # fmt: skip
"""Folders, in small letters, whose videos are no recordings, or none any more, with the reason."""

HEAD_BYTES = 4096


@dataclass
class Found:
    """The files found.

    Attributes
    ----------
    videos : the recordings, each once.
    left_out : files that could be taken for a recording and are none, each with the reason.
    problems : what could not be looked at or is not there, with the reason.
    chapters : which of the recordings are parts of one.
    """

    videos: list[Path] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    problems: list[tuple[Path, Said]] = field(default_factory=list)
    chapters: list[list[Path]] = field(default_factory=list)


def find_videos(paths: Iterable[Path]) -> Found:
    """Find the recordings among ``paths``: a named file, or a folder with everything below it.

    In folders, files with the usual suffixes (in any case) count, and other files that FFmpeg reads as a
    recording. Hidden files, vpd libraries and results, proxies, thumbnails, playlists and pictures do not.
    Where a library lies in the folder of its footage, files that vpd made are skipped. Links to folders are
    followed, and each folder is entered once. A path that cannot be used is a problem; the others are still
    searched.
    """
    found = Found()
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            missing: Said = (
                Sentence("place_missing") if isinstance(error, FileNotFoundError) else _because(error)
            )
            found.problems.append((path, _broken_link(path) or missing))
            continue
        if stat.S_ISDIR(mode):
            _search(path, found)
        elif stat.S_ISREG(mode):
            found.videos.append(path)
        else:
            found.problems.append((path, Sentence("place_no_file")))
    found.videos = list(dict.fromkeys(found.videos))
    found.chapters = chapters(found.videos)
    return found


def _because(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"


def _broken_link(path: Path) -> str:
    if not path.is_symlink():
        return ""
    return f"is a link to {os.readlink(path)}, which is not there"  # noqa: PTH115 - readlink() normalises


def _search(folder: Path, found: Found) -> None:
    before = len(found.videos) + len(found.problems)
    files = list(_files(folder, found))
    card = Card(files)
    for file in files:
        _sort(file, card, found)
    if len(found.videos) + len(found.problems) == before:
        found.problems.append((folder, Sentence("place_empty")))


def _files(folder: Path, found: Found) -> Iterator[Path]:
    """Yield files below a folder, in order of their names. Each real folder is entered once."""

    def refuse(error: OSError) -> None:
        found.problems.append((Path(error.filename), f"is a folder that {_because(error)}"))

    entered: set[str] = set()
    for parent, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        real = os.path.realpath(parent)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        own = {*MADE_FOLDERS, *USER_FOLDERS} if SETTINGS_FILE in names else set()
        # Libraries hold clips of their own; hidden files are the system's.
        not_footage = [name for name in folders if name.casefold() in NOT_FOOTAGE]
        found.left_out += [(Path(parent, name), NOT_FOOTAGE[name.casefold()]) for name in sorted(not_footage)]
        own.update(not_footage)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in own and not _made_by_vpd(Path(parent, name))
        )
        for name in sorted(names):
            file = Path(parent, name)
            if name.startswith("._") and file.suffix.lower() in VIDEO_SUFFIXES:
                found.left_out.append((file, "what a Mac notes beside a file (AppleDouble)"))
            elif not name.startswith("."):
                yield file


def _made_by_vpd(folder: Path) -> bool:
    """Whether the folder is a library, or holds results of a command."""
    return any((folder / name).exists() for name in (SETTINGS_FILE, MARK))


def _sort(file: Path, card: Card, found: Found) -> None:
    """Classify a file of a folder."""
    suffix = file.suffix.lower()
    if suffix in OTHER_SUFFIXES:
        return
    named_video = suffix in VIDEO_SUFFIXES
    try:
        regular = stat.S_ISREG(file.stat().st_mode)
    except OSError as error:
        if named_video:
            found.problems.append((file, _broken_link(file) or _because(error)))
        return
    if not regular:
        if named_video:
            found.problems.append((file, Sentence("place_no_file")))
        return
    if (reason := card.proxy(file) if named_video else "") or (reason := _no_recording(file, suffix)):
        found.left_out.append((file, reason))
    elif named_video or _opens(file):
        found.videos.append(file)


def _no_recording(file: Path, suffix: str) -> str:
    """Say why a file that resembles a recording is none; "" where there is no reason."""
    if suffix in THUMBNAIL_SUFFIXES:
        return "a thumbnail"
    if suffix in UNFINISHED_SUFFIXES:
        return "a file that is not complete yet (a download?)"
    try:
        with file.open("rb") as opened_file:
            head = opened_file.read(HEAD_BYTES)
    except OSError:
        return ""  # That it cannot be read is said when it is scanned.
    if suffix in LIST_SUFFIXES or list_of_files(head):
        return "a list of other files"
    if suffix in (".mjpeg", ".mjpg"):
        return ""
    return "a picture" if picture_format(head) or still_brand(head) else ""


def _opens(file: Path) -> bool:
    try:
        with opened(file):
            return True
    except VideoError:
        return False
