"""Label Studio tasks with TimelineLabels on a Video: frames count from 1, the last one included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from xml.sax.saxutils import quoteattr

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import read_json, write_json
from vpd.formats.media import FindMedia, Media
from vpd.library.artefact import write_text
from vpd.types import Detection, Segment

FROM_NAME, TO_NAME = "actions", "video"


def _region(segment: Segment, media: Media, number: int) -> dict[str, Any]:
    first = media.frame_at(segment.start_s)
    stop = max(first + 1, media.frame_at(segment.end_s))
    region: dict[str, Any] = {
        "id": f"vpd{number}",
        "from_name": FROM_NAME,
        "to_name": TO_NAME,
        "type": "timelinelabels",
        "value": {
            "ranges": [{"start": first + 1, "end": stop}],
            "timelinelabels": [segment.label or "action"],
        },
    }
    if segment.athlete is not None:
        region["meta"] = {"text": [f"athlete {segment.athlete}"]}
    if isinstance(segment, Detection):
        region["score"] = segment.score
    return region


def write_label_studio(path: Path, segments: Sequence[Segment], media: Mapping[str, Media]) -> None:
    """Write one task a video; detections become predictions, other segments annotations.

    Beside the tasks, ``<name>_config.xml`` is the labelling interface that the project needs.
    """
    tasks = []
    for name, one in media.items():
        task: dict[str, Any] = {"data": {"video": one.path}, "meta": {"video": name, "fps": one.fps}}
        own = [s for s in segments if s.video == name]
        found = [_region(s, one, i) for i, s in enumerate(own) if isinstance(s, Detection)]
        given = [_region(s, one, i) for i, s in enumerate(own) if not isinstance(s, Detection)]
        if found:
            task["predictions"] = [{"model_version": "vpd", "result": found}]
        if given:
            task["annotations"] = [{"result": given}]
        tasks.append(task)
    write_json(tasks, path)
    labels = "".join(
        f"    <Label value={quoteattr(label)}/>\n"
        for label in sorted({s.label or "action" for s in segments})
    )
    rate = f' frameRate="{next(iter(media.values())).fps:g}"' if media else ""
    write_text(
        f'<View>\n  <TimelineLabels name="{FROM_NAME}" toName="{TO_NAME}">\n{labels}  </TimelineLabels>\n'
        f'  <Video name="{TO_NAME}" value="$video" timelineHeight="120"{rate}/>\n</View>\n',
        path.with_name(f"{path.stem}_config.xml"),
    )


def _athlete(region: Mapping[str, Any]) -> int | None:
    for text in region.get("meta", {}).get("text", []):
        if text.startswith("athlete ") and text[8:].isdigit():
            return int(text[8:])
    return None


def read_label_studio(path: Path, find: FindMedia) -> list[Segment]:
    """Ranges of the annotations of every task, or of its predictions where it has no annotation.

    Raises LabelError for a damaged file.
    """
    segments = []
    for number, task in enumerate(read_json(path)):
        try:
            media = find(PurePosixPath(str(task["data"]["video"])).name)
            sources = task.get("annotations") or task.get("predictions") or []
            regions = [region for source in sources for region in source.get("result", [])]
            for region in regions:
                if region.get("type") != "timelinelabels":
                    continue
                for span in region["value"]["ranges"]:
                    start_s, end_s = media.time_of(int(span["start"]) - 1), media.time_of(int(span["end"]))
                    for label in region["value"]["timelinelabels"]:
                        segments.append(Segment(media.video, start_s, end_s, _athlete(region), label))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise LabelError(f"{path}, task {number}: {error!r} is missing or wrong") from error
        except InputError as error:
            raise LabelError(f"{path}, task {number}: {error}") from error
    return segments
