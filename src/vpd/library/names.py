"""Find the video that a name means. This is the only place where names are interpreted.

Labels, splits, subsets, boxes, picks, imports and the command line all use `VideoNames`.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from vpd.errors import InputError
from vpd.strings import Sentence

MOST_CANDIDATES = 5
"""Largest number of videos that an error lists."""

_SUFFIX = re.compile(r"\.(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{2,5}")


def nfc(text: str) -> str:
    """Normalise letters with accents, which systems spell in two ways, to one spelling."""
    return unicodedata.normalize("NFC", text)


def path_parts(text: str) -> tuple[str, ...]:
    """The folders and the file name of a path, written for Windows or any other system.

    An absolute path begins with its root. The part before a ``..`` is dropped.
    """
    parts = PurePosixPath(nfc(text).replace("\\", "/")).parts
    above = max((place for place, part in enumerate(parts) if part == ".."), default=-1)
    return parts[above + 1 :]


def without_suffix(name: str) -> str:
    """A file's name without its suffix: a dot with two to five letters or digits, not digits alone, at the
    end.
    """
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and _SUFFIX.fullmatch(f"{dot}{suffix}") else name


def unknown_video(video: str, alike: Sequence[str] = ()) -> InputError:
    """The error that a library has no such video; ``alike`` may be meant instead."""
    if not alike:
        return InputError(Sentence("error_unknown_video", {"video": repr(video)}))
    meant = " or ".join(map(repr, alike))
    return InputError(Sentence("error_unknown_video_alike", {"video": repr(video), "alike": meant}))


class VideoNames:
    """The videos of a library by all their names.

    A name is matched by the first of these rules that fits:

    1. the id;
    2. the file's name, or the end of its path from a folder's name on, with the suffix or without;
    3. the same, where large and small letters differ or blanks stand around it.

    Both Unicode spellings of accents are equal. A backslash equals ``/`` in a path. A path that ends with
    one is a folder and names no video. No other character has a meaning: dots, ``@``, ``#``, ``%`` and blanks
    are parts of names.

    A name that is an id is found at once; paths are taken apart when another name is asked for.

    Parameters
    ----------
    videos : (id, path) of each.
    """

    def __init__(self, videos: Iterable[tuple[str, str]]) -> None:
        self._given = list(videos)
        self._ids = {nfc(video): video for video, _ in self._given}

    @cached_property
    def _paths(self) -> dict[str, tuple[str, ...]]:
        return {video: path_parts(path) or (video,) for video, path in self._given}

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for video, parts in self._paths.items():
            for name in {parts[-1], without_suffix(parts[-1])}:
                found[name].append(video)
        return found

    @cached_property
    def _by_folded(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for video, parts in self._paths.items():
            for name in {_fold(parts[-1]), _fold(without_suffix(parts[-1])), _fold(video)}:
                found[name].append(video)
        return found

    def matches(self, text: str) -> list[str]:
        """Ids of all videos that ``text`` may mean. An exact id means only itself."""
        name = nfc(text)
        for exact in (name, name.strip()):
            if exact in self._ids:
                return [self._ids[exact]]
        if name.rstrip().endswith(("/", "\\")):
            return []  # a folder
        for spelt in (name, name.strip()):
            wanted = path_parts(spelt)
            found = [v for v in self._by_name.get(wanted[-1], ()) if self._ends(v, wanted)] if wanted else []
            if found:
                return found
        wanted = tuple(_fold(part) for part in path_parts(name.strip()))
        if not wanted:
            return []
        alike = self._by_folded.get(wanted[-1], ())
        return [
            video
            for video in alike
            if (len(wanted) == 1 and _fold(video) == wanted[0]) or self._ends(video, wanted, folded=True)
        ]

    def _ends(self, video: str, wanted: tuple[str, ...], folded: bool = False) -> bool:
        parts = self._paths[video]
        whole, bare = parts, (*parts[:-1], without_suffix(parts[-1]))
        if folded:
            whole, bare = tuple(map(_fold, whole)), tuple(map(_fold, bare))
        return wanted in (whole[-len(wanted) :], bare[-len(wanted) :])

    def find(self, text: str) -> str:
        """The id of the video that ``text`` means. Raises InputError that lists the candidates."""
        return self._only(text, self.matches(text))

    def find_from_elsewhere(self, path: str) -> str:
        """The id of the video that a path of another computer means: by its longest ending that is known
        here.

        Raises InputError that lists the candidates.
        """
        parts = path_parts(path)
        for first in range(max(1, len(parts))):
            found = self.matches("/".join(parts[first:]) if first else path)
            if found:
                return self._only(path, found)
        return self._only(path, [])

    def _only(self, text: str, found: list[str]) -> str:
        if len(found) == 1:
            return found[0]
        if found:
            shown, more = ", ".join(sorted(found)[:MOST_CANDIDATES]), len(found) - MOST_CANDIDATES
            key = "error_several_videos_more" if more > 0 else "error_several_videos"
            raise InputError(Sentence(key, {"text": repr(text), "videos": shown, "count": more}))
        raise unknown_video(text, self._alike(text))

    def _alike(self, text: str) -> list[str]:
        parts = path_parts(text)
        if not parts or len(self._ids) > 5000:
            return []
        by_fold = {_fold(video): video for video in self._paths}
        close = difflib.get_close_matches(_fold(without_suffix(parts[-1])), by_fold, 2, 0.75)
        return [by_fold[name] for name in close]


def _fold(text: str) -> str:
    return " ".join(nfc(nfc(text).casefold()).split())
