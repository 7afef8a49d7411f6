"""Find the files into which a recorder has cut one recording, by their names and by evidence in them.

Names suffice where they number chapters (GoPro). Other recorders number all files, whether parts of one
recording or separate ones. There evidence must show that each file continues the one before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from vpd.errors import VideoError
from vpd.video.continuation import Evidence, evidence, goes_on

_GOPRO = re.compile(r"(g[hxs])(\d\d)(\d{4})$|(gopr|gp\d\d)(\d{4})$")
"""GX010012, GX020012 are chapters 1 and 2 of the recording 0012; earlier GOPR0012, GP010012."""

_NUMBERED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<kind>dji_)(?P<number>\d{4})",  # DJI
        r"(?P<kind>dji_)(?P<when>\d{14})_(?P<number>\d{4})(?P<more>_[a-z]+)?",  # DJI since 2022
        r"(?P<kind>(?:pro_)?vid_)(?P<when>\d{8}_\d{6})(?P<more>_\d\d)_(?P<number>\d{3,4})",  # Insta360
        r"(?P<kind>(?:\w+_)?c)(?P<number>\d{4})(?P<more>m\d\d)?",  # Sony XAVC
        r"(?P<kind>)(?P<number>\d{5})(?P<suffix>\.mts|\.m2ts)",  # AVCHD
        r"(?P<kind>[ps]\d{3})(?P<number>\d{4})",  # Panasonic, folder and file
        r"(?P<kind>mvi_|dsc[_fn]?|img_|mov|mah|grmn|vid)(?P<number>\d{4,5})",  # Canon, Nikon, Fujifilm, ...
        r"(?P<kind>[a-z]{2}\d{4})(?P<number>\d\d)(?P<suffix>\.mxf)",  # Canon XF, clip and file
        r"(?P<kind>\w+_)(?P<number>\d\d)(?P<suffix>\.mxf)",  # Canon XF-AVC
    )
)
_DATED = re.compile(
    r"(?P<when>(?:20\d\d[_-]?\d{4}|\d{6})[_-]?\d{6})(?:[_-]\d{3,6})?(?P<more>[_-]?[a-z]{0,3})"
)
"""Names of dashboard and body cameras: the moment of the start, an optional number, the camera."""


def _gopro(file: Path) -> tuple[str, str]:
    """The recording of a chapter, and the number of the chapter; "" and "" for other files."""
    match = _GOPRO.match(file.stem.casefold())
    if match is None:
        return "", ""
    if match[1] is not None:
        return f"{match[1]}{match[3]}", match[2]
    # GOPR0012 is the first, then come GP010012, GP020012.
    return f"gp{match[5]}", "" if match[4] == "gopr" else match[4].removeprefix("gp")


def missing_chapters(parts: Sequence[Path]) -> str:
    """The missing chapters of a recording, in words; "" where it is complete up to the last."""
    places = [_gopro(path) for path in parts]
    if not places[0][0]:
        return ""
    old = places[0][1] == ""
    numbers = {int(place or 0) for _, place in places}
    gone = [n for n in range(0 if old else 1, max(numbers)) if n not in numbers]
    return ", ".join(f"{n:02d}" for n in gone)


def chapters(files: Iterable[Path]) -> list[list[Path]]:
    """The files into which a camera has cut one recording, in order. Recordings of one file are left out."""
    named: dict[tuple[Path, str], list[tuple[str, Path]]] = defaultdict(list)
    numbered: dict[tuple[Path, str], list[tuple[int, str, Path]]] = defaultdict(list)
    for file in files:
        recording, place = _gopro(file)
        if recording:
            named[file.parent, f"{recording}{file.suffix.lower()}"].append((place, file))
        elif found := _numbered(file):
            kind, number, when = found
            numbered[file.parent, kind].append((number, when, file))
    groups = [[file for _, file in sorted(group)] for group in named.values() if len(group) > 1]
    return [*groups, *(run for group in numbered.values() for run in _runs(sorted(group)))]


def _numbered(file: Path) -> tuple[str, int, str] | None:
    """The common part of the names in one row of files, the number of the file, and its moment."""
    name = f"{file.stem}{file.suffix}".casefold()
    for pattern in _NUMBERED:
        text = name if "suffix" in pattern.groupindex else file.stem.casefold()
        if match := pattern.fullmatch(text):
            found = match.groupdict()
            alike = f"{found['kind']}#{found.get('more') or ''}{file.suffix.lower()}"
            return alike, int(found["number"]), _digits(found.get("when"))
    if match := _DATED.fullmatch(file.stem.casefold()):
        when = _digits(match["when"])
        return f"@{match['more']}{file.suffix.lower()}", -1, when
    return None


def _digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "")


def _runs(row: list[tuple[int, str, Path]]) -> list[list[Path]]:
    """Stretches of a row in which each file continues the one before it."""
    neighbours = [b for b in range(1, len(row)) if row[b][0] < 0 or row[b][0] == row[b - 1][0] + 1]
    known: dict[int, Evidence | None] = {}

    def look(place: int) -> Evidence | None:
        if place not in known:
            try:
                known[place] = evidence(row[place][2], row[place][1])
            except (VideoError, OSError):
                known[place] = None
        return known[place]

    runs: list[list[int]] = []
    for place in neighbours:
        before, this = look(place - 1), look(place)
        if before is None or this is None or not goes_on(before, this):
            continue
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place - 1, place])
    return [[row[place][2] for place in run] for run in runs]
