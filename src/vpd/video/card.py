"""Classify files of a camera's card: proxies of recordings, and chapters of one recording."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

PROXY_SUFFIXES = frozenset((".lrv", ".lrf"))
"""Small copies that GoPro, Insta360 and DJI write beside each recording."""
PROXY_FOLDERS = frozenset(("sub", "proxy", "proxies"))
"""Folders in which Sony, Panasonic and Blackmagic put them."""
_PROXY_ENDING = re.compile(r"(s03|[_-]proxy|[_-]lq)$")
_INSTA360 = re.compile(r"lrv_(\d+_\d+)_\d\d_(\d+)$")
_CHAPTER = re.compile(r"(g[hxs])(\d\d)(\d{4})$|(gopr|gp\d\d)(\d{4})$")
"""GoPro: GX010012, GX020012 are chapters 1 and 2 of the recording 0012; earlier GOPR0012, GP010012."""


class Card:
    """The files of a walk, by their stems, to find what is a proxy of which."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for file in files:
            if file.suffix.lower() not in PROXY_SUFFIXES:
                self._by_stem[file.stem.casefold()].append(file)

    def proxy(self, file: Path) -> str:
        """Why the file is a small copy of a recording; "" where it is none."""
        stem = file.stem.casefold()
        if file.suffix.lower() in PROXY_SUFFIXES:
            return self._reason(file, self._stems_of_recording(stem), certain=True)
        if match := _INSTA360.match(stem):
            names = [f"vid_{match[1]}_{lens}_{match[2]}" for lens in ("00", "10")]
            return self._reason(file, names, certain=True)
        cut = _PROXY_ENDING.sub("", stem)
        in_folder = file.parent.name.casefold() in PROXY_FOLDERS
        if cut != stem and not stem.endswith("s03"):
            return self._reason(file, [cut], certain=False)
        return self._reason(file, [cut, stem], certain=False) if in_folder else ""

    def _stems_of_recording(self, stem: str) -> list[str]:
        # GoPro's GL010012.LRV belongs to GX010012.MP4 or GH010012.MP4.
        return [stem, *(f"g{letter}{stem[2:]}" for letter in "xhs" if stem.startswith("gl"))]

    def _reason(self, file: Path, stems: Sequence[str], certain: bool) -> str:
        others = [other for stem in stems for other in self._by_stem.get(stem, ()) if other != file]
        others = [other for other in others if other.parent != file.parent or other.suffix != file.suffix
                  or other.stem.casefold() != file.stem.casefold()]  # fmt: skip
        if others:
            return f"a proxy: a small copy of {others[0].name}"
        return "a proxy whose recording is not here (name the file itself to use it)" if certain else ""


def _place(file: Path) -> tuple[str, str]:
    """The recording that a file is a chapter of, and the number of the chapter; "" and "" for others."""
    match = _CHAPTER.match(file.stem.casefold())
    if match is None:
        return "", ""
    if match[1] is not None:
        return f"{match[1]}{match[3]}", match[2]
    # GOPR0012 is the first, then come GP010012, GP020012.
    return f"gp{match[5]}", "" if match[4] == "gopr" else match[4].removeprefix("gp")


def missing_chapters(parts: Sequence[Path]) -> str:
    """Which chapters of a recording are not there, in words; "" where it is whole up to the last."""
    places = [_place(path)[1] for path in parts]
    old = places[0] == ""
    numbers = {int(place or 0) for place in places}
    gone = [n for n in range(0 if old else 1, max(numbers)) if n not in numbers]
    return ", ".join(f"{n:02d}" for n in gone)


def chapters(files: Iterable[Path]) -> list[list[Path]]:
    """Files that a camera has cut one recording into, in order; only where there are several."""
    groups: dict[tuple[Path, str], list[tuple[str, Path]]] = defaultdict(list)
    for file in files:
        recording, place = _place(file)
        if recording:
            groups[file.parent, f"{recording}{file.suffix.lower()}"].append((place, file))
    return [[file for _, file in sorted(group)] for group in groups.values() if len(group) > 1]
