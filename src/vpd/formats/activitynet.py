"""ActivityNet's JSON: segments in seconds by video, ground truth (``database``) or ``results``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vpd.errors import LabelError
from vpd.formats.json_file import read_json, write_json
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media, label_text, number, segment
from vpd.types import Detection, Segment


def write_activitynet(path: Path, segments: Sequence[Segment], media: Mapping[str, Media]) -> None:
    """Write all videos into one file: labels as a database, detections as results. The format has no
    athletes.
    """
    found: dict[str, list[dict[str, object]]] = {name: [] for name in media}
    for s in segments:
        one = media[s.video]
        span = [round(one.to_player(t), 6) for t in (s.start_s, s.end_s)]
        row: dict[str, object] = {"label": s.label or "action", "segment": span}
        found[s.video].append(row | ({"score": s.score} if isinstance(s, Detection) else {}))
    if any(isinstance(s, Detection) for s in segments):
        write_json({"version": "vpd", "results": found, "external_data": {}}, path)
        return
    database = {
        name: {"duration": round(media[name].duration_s, 6), "subset": "training", "annotations": own}
        for name, own in found.items()
    }
    write_json({"version": "vpd", "taxonomy": [], "database": database}, path)


def read_activitynet(path: Path, ask: Ask) -> Imported:
    """The annotations of every video. Raises LabelError."""
    content = read_json(path)
    videos = (content.get("database") or content.get("results")) if isinstance(content, dict) else None
    if not isinstance(videos, dict):
        raise LabelError(f"{path} has neither a database nor results of ActivityNet.")
    segments = []
    for name, item in videos.items():
        where = f"{path}, video {name!r}"
        try:
            annotations = item["annotations"] if "database" in content else item
            if not annotations:
                continue
            # ActivityNet writes v_ before its ids where they name files.
            media = found_media(ask, [name, f"v_{name}"], where)
            for one in annotations:
                start, end = one["segment"]
                span = [media.from_player(number(t, where)) for t in (start, end)]
                segments.append(
                    segment(media, span[0], span[1], None, label_text(one["label"], where), where)
                )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
    return Imported(segments)
