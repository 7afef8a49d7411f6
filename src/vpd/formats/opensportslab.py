"""OpenSportsLab JSON 2.0 for localisation: events at positions in milliseconds.

The format knows points. The middle of a segment is its position; ``start_ms`` and ``end_ms`` stand beside
it, are passed over by others, and give the segment back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import read_json, write_json
from vpd.formats.media import FindMedia, Media
from vpd.types import Detection, Segment

HEAD = "action"


def _game_time(seconds: float) -> str:
    return f"1 - {int(seconds // 60):02d}:{int(seconds % 60):02d}"


def _event(segment: Segment, media: Media) -> dict[str, Any]:
    middle_s = (segment.start_s + segment.end_s) / 2
    event: dict[str, Any] = {
        "head": HEAD,
        "label": segment.label or "action",
        "gameTime": _game_time(middle_s),
        "position_ms": round(middle_s * 1000),
        "frame": media.frame_at(middle_s) if media.fps else None,
        "start_ms": round(segment.start_s * 1000),
        "end_ms": round(segment.end_s * 1000),
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


def read_opensportslab(path: Path, find: FindMedia) -> list[Segment]:
    """Events of all videos; a point becomes a segment one frame long. Raises LabelError."""
    segments = []
    content = read_json(path)
    for number, item in enumerate(content.get("data", []) if isinstance(content, dict) else []):
        try:
            media = find(PurePosixPath(str(item["inputs"][0]["path"])).name)
            for event in item.get("events", []):
                start_s = float(event.get("start_ms", event["position_ms"])) / 1000
                frame_s = 1 / media.fps if media.fps else 0.04
                end_s = float(event["end_ms"]) / 1000 if "end_ms" in event else start_s + frame_s
                segments.append(Segment(media.video, start_s, end_s, event.get("athlete"), event["label"]))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise LabelError(f"{path}, item {number}: {error!r} is missing or wrong") from error
        except InputError as error:
            raise LabelError(f"{path}, item {number}: {error}") from error
    return segments
