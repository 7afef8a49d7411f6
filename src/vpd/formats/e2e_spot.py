"""E2E-Spot's JSON: for each video the frames of its events, counted at the rate of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vpd.errors import LabelError
from vpd.formats.json_file import read_json, write_json
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media, label_text, moment, number, whole
from vpd.types import Detection, Segment


def write_e2e_spot(path: Path, segments: Sequence[Segment], media: Mapping[str, Media]) -> None:
    """Write all videos into one file: the middle of each segment. The format has no athletes."""
    content = []
    for name, one in media.items():
        events = []
        for s in sorted((s for s in segments if s.video == name), key=lambda s: s.start_s):
            at = round(one.to_player((s.start_s + s.end_s) / 2) * one.fps - 0.5)
            event = {"frame": max(0, at), "label": s.label or "action", "comment": ""}
            events.append(event | ({"score": s.score} if isinstance(s, Detection) else {}))
        about = {"video": name, "num_frames": one.frames, "num_events": len(events), "events": events}
        content.append(about | {"fps": one.fps, "width": one.width, "height": one.height})
    write_json(content, path)


def read_e2e_spot(path: Path, ask: Ask) -> Imported:
    """Read a moment of one frame from each event, by its frame and the rate of the file. Raises
    LabelError.
    """
    content = read_json(path)
    if not isinstance(content, list):
        raise LabelError(f"{path} is no list of videos as E2E-Spot writes it.")
    segments = []
    for place, item in enumerate(content):
        where = f"{path}, item {place}"
        try:
            if not item["events"]:
                continue
            media = found_media(ask, [str(item["video"])], where)
            rate = number(item["fps"], f"{where}, fps") if "fps" in item else media.fps
            if not rate > 0:
                raise LabelError(f"{where}: the frame rate {rate:g} is none")
            for event in item["events"]:
                time_s = media.from_player(whole(event["frame"], f"{where}, frame") / rate)
                segments.append(moment(media, time_s, None, label_text(event["label"], where), where))
        except (KeyError, TypeError, AttributeError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
    return Imported(segments)
