"""Write BORIS files: a project to open there, and the CSV of its aggregated events.

BORIS reads coded events from its own projects only. Therefore ``<name>.boris`` is written beside the CSV. The
CSV has the columns of BORIS 8's "export aggregated events". `vpd.formats.boris_reader` reads both, and
BORIS's tabular events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vpd.formats.json_file import write_json
from vpd.formats.media import Media
from vpd.library.csv_file import write_rows
from vpd.types import Detection, Segment

COLUMNS = (
    "Observation id", "Observation date", "Description", "Observation type", "Source", "Time offset (s)",
    "Coding duration", "Media duration (s)", "FPS (frame/s)", "Subject",
    "Observation duration by subject by observation", "Behavior", "Behavioral category", "Behavior type",
    "Start (s)", "Stop (s)", "Duration (s)", "Media file name", "Image index start", "Image index stop",
    "Image file path start", "Image file path stop", "Comment start", "Comment stop",
)  # fmt: skip
DATE = "2000-01-01 00:00:00"
"""The date in every file. BORIS needs one, and a constant keeps the content independent of the day."""
SUBJECT = "athlete "
KEYS = "abcdefghijklmnopqrstuvwxyz0123456789"


def _subject(segment: Segment) -> str:
    return "" if segment.athlete is None else f"{SUBJECT}{segment.athlete}"


def _comment(segment: Segment) -> str:
    return f"score {segment.score:.4f}" if isinstance(segment, Detection) else ""


def _row(segment: Segment, media: Media) -> dict[str, Any]:
    values = {
        "Observation id": media.video,
        "Observation date": DATE,
        "Observation type": "Media file",
        "Source": f"player #1:{media.path}",
        "Time offset (s)": 0,
        "Coding duration": round(media.duration_s, 3),
        "Media duration (s)": round(media.duration_s, 3),
        "FPS (frame/s)": round(media.fps, 3),
        "Subject": _subject(segment) or "No focal subject",
        "Observation duration by subject by observation": round(media.duration_s, 3),
        "Behavior": segment.label or "action",
        "Behavior type": "STATE",
        "Start (s)": f"{media.to_player(segment.start_s):.3f}",
        "Stop (s)": f"{media.to_player(segment.end_s):.3f}",
        "Duration (s)": f"{segment.duration_s:.3f}",
        "Media file name": media.path,
        "Comment start": _comment(segment),
    }
    if media.fps:
        values["Image index start"] = media.frame_at(segment.start_s)
        values["Image index stop"] = media.frame_at(segment.end_s)
    return values


def _observation(segments: Sequence[Segment], media: Media) -> dict[str, Any]:
    # A state event is two entries: where it starts and where it stops.
    events = [
        [round(media.to_player(time_s), 3), _subject(s), s.label or "action", "", comment]
        for s in segments
        for time_s, comment in ((s.start_s, _comment(s)), (s.end_s, ""))
    ]
    info = {"length": media.duration_s, "fps": media.fps, "hasVideo": True, "hasAudio": False}
    return {
        "file": {str(player): [media.path] if player == 1 else [] for player in range(1, 9)},
        "type": "MEDIA",
        "date": DATE.replace(" ", "T"),
        "description": "",
        "time offset": 0.0,
        "events": sorted(events, key=lambda e: e[0]),
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "media_info": {key: {media.path: value} for key, value in info.items()} | {"offset": {"1": 0}},
    }


def _project(segments: Sequence[Segment], media: Mapping[str, Media]) -> dict[str, Any]:
    labels = sorted({s.label or "action" for s in segments})
    fields = ("description", "color", "category", "modifiers", "excluded", "coding map")
    behaviours = {
        str(i): {"type": "State event", "key": KEYS[i % len(KEYS)], "code": label} | dict.fromkeys(fields, "")
        for i, label in enumerate(labels)
    }
    subjects = {
        str(i): {"key": "", "name": name, "description": ""}
        for i, name in enumerate(sorted({_subject(s) for s in segments} - {""}))
    }
    return {
        "time_format": "hh:mm:ss",
        "project_date": DATE.replace(" ", "T"),
        "project_name": "vpd",
        "project_description": "",
        "project_format_version": "7.0",
        "subjects_conf": subjects,
        "behaviors_conf": behaviours,
        "observations": {
            name: _observation([s for s in segments if s.video == name], one) for name, one in media.items()
        },
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }


def write_boris(path: Path, segments: Sequence[Segment], media: Mapping[str, Media]) -> None:
    """Write the CSV at ``path``, and beside it the project."""
    rows = (_row(s, media[s.video]) for s in segments)
    write_rows(path, COLUMNS, ([row.get(name, "") for name in COLUMNS] for row in rows))
    write_json(_project(segments, media), path.with_suffix(".boris"))
