"""OpenSportsLab JSON for localisation: events at positions in milliseconds. Version 2.0 is written; 1 and 2
are read.

The format has points only. The middle of a segment is its position. ``start_ms`` and ``end_ms`` are added;
other programs ignore them, and they restore the segment exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.json_file import read_json, write_json
from vpd.formats.media import Media
from vpd.formats.reading import (
    Ask,
    Imported,
    athlete_number,
    found_media,
    label_text,
    moment,
    number,
    segment,
)
from vpd.types import Detection, Segment

HEAD = "action"
VERSIONS = ("1", "2")


def _game_time(seconds: float) -> str:
    return f"1 - {int(seconds // 60):02d}:{int(seconds % 60):02d}"


def _event(segment: Segment, media: Media) -> dict[str, Any]:
    middle_s = (segment.start_s + segment.end_s) / 2
    in_player_s = media.to_player(middle_s)
    event: dict[str, Any] = {
        "head": HEAD,
        "label": segment.label or "action",
        "gameTime": _game_time(in_player_s),
        "position_ms": round(in_player_s * 1000),
        "frame": media.frame_at(middle_s) if media.fps else None,
        "start_ms": round(media.to_player(segment.start_s) * 1000),
        "end_ms": round(media.to_player(segment.end_s) * 1000),
    }
    if segment.athlete is not None:
        event["athlete"] = segment.athlete
    if isinstance(segment, Detection):
        event["confidence"] = segment.score
    return event


def write_opensportslab(path: Path, segments: Sequence[Segment], media: Mapping[str, Media]) -> None:
    """Write all videos into one file."""
    labels = sorted({s.label or "action" for s in segments})
    data = [
        {
            "id": name,
            "inputs": [{"type": "video", "path": one.path, "fps": one.fps}],
            "events": [_event(s, one) for s in segments if s.video == name],
        }
        for name, one in media.items()
    ]
    head = {"type": "single_label", "labels": labels}
    write_json({"version": "2.0", "task": "localization", "labels": {HEAD: head}, "data": data}, path)


def read_opensportslab(path: Path, ask: Ask) -> Imported:
    """Events of all videos; a point becomes a segment one frame long. Raises LabelError.

    Version 1 lists ``videos`` with ``annotations``, version 2 ``data`` with ``inputs`` and ``events``.
    """
    content = read_json(path)
    if not isinstance(content, dict) or ("data" in content) == ("videos" in content):
        raise LabelError(f"{path} has neither the data of OpenSportsLab 2 nor the videos of version 1.")
    version = str(content.get("version", "2" if "data" in content else "1"))
    if version.split(".")[0] not in VERSIONS:
        raise LabelError(f"{path} is of version {version}; {' and '.join(VERSIONS)} are read.")
    segments: list[Segment] = []
    items = content.get("data", content.get("videos"))
    if not isinstance(items, list):
        raise LabelError(f"{path} has no list of videos.")
    for place, item in enumerate(items):
        where = f"{path}, item {place}"
        try:
            names = [str(i["path"]) for i in item["inputs"]] if "data" in content else [str(item["path"])]
            events = item.get("events", []) if "data" in content else item["annotations"]
            if not events and item.get("labels"):
                raise LabelError(f"{where}: it labels the whole video, and tells of no event in it.")
            if not events:
                continue
            media = found_media(ask, names, where)
            segments += [_segment(e, media, f"{where}, event {i}") for i, e in enumerate(events)]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
    return Imported(segments)


def _segment(event: Mapping[str, Any], media: Media, where: str) -> Segment:
    label, athlete = label_text(event["label"], where), athlete_number(event.get("athlete"), where)
    if ("start_ms" in event) != ("end_ms" in event):
        raise LabelError(f"{where}: of start_ms and end_ms one is missing")
    if "start_ms" in event:
        start_s, end_s = (
            media.from_player(number(event[e], f"{where}, {e}") / 1000) for e in ("start_ms", "end_ms")
        )
        return segment(media, start_s, end_s, athlete, label, where)
    position = event["position_ms"] if "position_ms" in event else event["position"]
    return moment(
        media, media.from_player(number(position, f"{where}, position") / 1000), athlete, label, where
    )
