"""Read SoccerNet's Labels-v2.json, and predictions: points of one match. Each half may be a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.json_file import read_json
from vpd.formats.reading import Ask, Imported, found_media, label_text, moment, number
from vpd.types import Segment

HALVES = (
    "{half}_720p.mkv",
    "{half}_224p.mkv",
    "{half}_HQ.mkv",
    "{half}.mkv",
    "{half}_720p.mp4",
    "{half}.mp4",
)
"""Names of the files of a match in SoccerNet."""
_TIME = re.compile(r"(?P<half>\d+) - (?P<minutes>\d+):(?P<seconds>\d\d)", re.ASCII)


def read_soccernet(path: Path, ask: Ask) -> Imported:
    """Read a moment of one frame from each annotation, at its position in milliseconds, else at its game
    time.

    ``UrlLocal`` names a video, or the folder of a match with a file for each half. Raises LabelError.
    """
    content = read_json(path)
    found = content.get("annotations", content.get("predictions")) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise LabelError(f"{path} has no annotations of SoccerNet.")
    segments, own = [], []
    for place, annotation in enumerate(found):
        where = f"{path}, annotation {place}"
        try:
            segments.append(_segment(content, annotation, ask, where))
            own.append(
                {k: str(annotation[k]) for k in ("team", "visibility", "confidence") if annotation.get(k)}
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
    return Imported(segments, own=own)


def _segment(content: Mapping[str, Any], annotation: Mapping[str, Any], ask: Ask, where: str) -> Segment:
    url = str(content.get("UrlLocal") or "").rstrip("/")
    game = _TIME.fullmatch(str(annotation.get("gameTime") or ""))
    half = game["half"] if game else str(annotation.get("half", "1"))
    names = [f"{url}/{name.format(half=half)}" for name in HALVES]
    if half == "1" or re.search(r"\.\w{2,4}$", url):
        names.insert(0, url)
    media = found_media(ask, [name for name in names if name.strip("/")], where)
    if annotation.get("position") is not None:
        time_s = number(annotation["position"], f"{where}, position") / 1000
    elif game:
        time_s = 60.0 * int(game["minutes"]) + int(game["seconds"])
    else:
        raise LabelError(f"{where}: it has no position")
    return moment(media, media.from_player(time_s), None, label_text(annotation["label"], where), where)
