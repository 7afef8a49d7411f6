"""Label Studio tasks with TimelineLabels on a Video. Frames count from 1, and the last one is included.

Label Studio counts frames by time at the rate of its labelling interface. Here it is ``fps`` of each task.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse
from xml.sax.saxutils import quoteattr

from vpd.errors import LabelError
from vpd.formats.json_file import read_json, write_json
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media, label_text, number, segment, whole
from vpd.library.artefact import write_text
from vpd.types import Detection, Segment

FROM_NAME, TO_NAME = "actions", "video"


def _tick(media: Media, time_s: float) -> int:
    """The number of Label Studio's frames before a time on the video's own clock."""
    if not media.fps:
        raise LabelError(f"the frame rate of {media.video} is not known; scan it first (`vpd scan`)")
    return max(0, round(media.to_player(time_s) * media.fps))


def _region(segment: Segment, media: Media, number: int) -> dict[str, Any]:
    first, stop = (_tick(media, time_s) for time_s in (segment.start_s, segment.end_s))
    stop = max(first + 1, stop)
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
    """Write one task a video. Detections become predictions, other segments annotations.

    The file ``<name>_config.xml`` beside the tasks is the labelling interface that the project needs.
    """
    tasks = []
    for name, one in media.items():
        task: dict[str, Any] = {"data": {"video": one.path, "fps": one.fps}, "meta": {"video": name}}
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
    write_text(
        f'<View>\n  <TimelineLabels name="{FROM_NAME}" toName="{TO_NAME}">\n{labels}  </TimelineLabels>\n'
        f'  <Video name="{TO_NAME}" value="$video" timelineHeight="120" frameRate="$fps"/>\n</View>\n',
        path.with_name(f"{path.stem}_config.xml"),
    )


_HASH = re.compile(r"[0-9a-f]{8}-(?=.)")
"""The prefix that Label Studio adds to the name of an uploaded file."""
ATHLETE = "athlete "
UNKNOWN_ANNOTATOR = "?"
MINIMAL = frozenset(("annotation_id", "annotator", "lead_time"))
"""Keys of every task in JSON-MIN, also of one without a label."""


def read_label_studio(path: Path, ask: Ask) -> Imported:
    """Read the ranges of the annotations of every task; of its predictions where it has no annotation.

    Exports as JSON and as JSON-MIN are read. Cancelled annotations are left out. Of several annotators of a
    task the chosen ones are taken, or the one marked as ground truth. Otherwise the same action would occur
    twice: LabelError names them. Regions on a time line in seconds are read too.
    """
    content = read_json(path)
    if isinstance(content, dict) and isinstance(content.get("data"), dict):
        content = [content]  # one task, as the storage of Label Studio and its API have it
    if not isinstance(content, list):
        raise LabelError(f"{path} is no export of Label Studio: a list of tasks was expected.")
    segments: list[Segment] = []
    notes: list[str] = []
    for place, task in enumerate(content):
        where = f"{path}, task {task.get('id', place) if isinstance(task, dict) else place}"
        try:
            segments += _task(task, ask, where, notes)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
    people = [_person(one.get("completed_by")) for task in content for one in task.get("annotations") or []]
    if unknown := sorted(set(ask.tiers) - set(people)):
        listed = ", ".join(dict.fromkeys(people)) or "none"
        raise LabelError(f"{path} has no annotator {unknown[0]!r}; it has {listed}.")
    return Imported(segments, tuple(dict.fromkeys(notes)))


def _task(task: Any, ask: Ask, where: str, notes: list[str]) -> list[Segment]:
    data = task.get("data", task)
    media = found_media(ask, _names(data, task, where), where)
    fps = data.get("fps") or (task.get("meta") or {}).get("fps")
    rate = number(fps, f"{where}, fps") if fps else media.fps
    if "data" not in task:
        return _minimal(task, media, rate, where)
    sources = [s for s in task.get("annotations") or [] if not s.get("was_cancelled")]
    left = len(task.get("annotations") or []) - len(sources)
    if left:
        notes.append(f"{left} cancelled annotations were left out.")
    chosen = _annotators(sources, ask, where)
    others = {_person(one.get("completed_by")) for one in sources if one not in chosen and one["result"]}
    if others:
        notes.append(f"Annotations of {', '.join(sorted(others))} were left out.")
    if not task.get("annotations"):
        chosen = (task.get("predictions") or [])[-1:]
    regions = [region for source in chosen for region in source["result"]]
    found: list[Segment] = []
    for region in regions:
        found += _spans(region, media, rate, where, notes)
    if regions and not found:
        kinds = sorted({str(region.get("type")) for region in regions})
        raise LabelError(
            f"{where}: it has regions of the type {', '.join(kinds)}, and none on the time line."
        )
    return found


def _names(data: Mapping[str, Any], task: Mapping[str, Any], where: str) -> list[str]:
    """Possible names of the task's video, the most probable first."""
    urls = [data["video"]] if isinstance(data.get("video"), str) else []
    if not urls:
        urls = [v for k, v in data.items() if isinstance(v, str) and re.search(r"\.\w{2,4}([?#].*)?$", v)]
    if not urls:
        raise LabelError(f"{where}: its data name no video.")
    names: list[str] = []
    for url in [*urls[:1], str(task.get("file_upload") or "")]:
        parsed = urlparse(url)
        local = parse_qs(parsed.query).get("d", [])
        plain = parsed.path if parsed.scheme not in ("", "file") and len(parsed.scheme) > 1 else url
        for text in [*local, plain, unquote(plain)]:
            folder, slash, name = text.rpartition("/")
            names += [text, f"{folder}{slash}{_HASH.sub('', name)}", _HASH.sub("", name)]
    return [name for name in names if name]


def _annotators(sources: list[Any], ask: Ask, where: str) -> list[Any]:
    """The annotations of one task that are read."""
    by_person: dict[str, list[Any]] = {}
    for source in sources:
        by_person.setdefault(_person(source.get("completed_by")), []).append(source)
    if ask.tiers:
        return [source for person in ask.tiers for source in by_person.get(person, [])]
    truth = [source for source in sources if source.get("ground_truth")]
    if truth:
        return truth
    with_regions = {p: own for p, own in by_person.items() if any(source["result"] for source in own)}
    if len(with_regions) > 1:
        raise LabelError(
            f"{where}: {len(with_regions)} people annotated it ({', '.join(with_regions)}), so that an "
            "action may be there more than once. Choose with --tier ANNOTATOR, which may be repeated."
        )
    return sources


def _person(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("email") or value.get("id") or UNKNOWN_ANNOTATOR)
    return UNKNOWN_ANNOTATOR if value is None else str(value)


def _minimal(task: Mapping[str, Any], media: Media, rate: float, where: str) -> list[Segment]:
    """Convert JSON-MIN, in which the labels of a task are beside its data, under the name of their tag."""
    found = []
    for value in task.values():
        if isinstance(value, list) and all(
            isinstance(one, Mapping) and "timelinelabels" in one for one in value
        ):
            for one in value:
                found += _ranges(one, media, None, rate, where)
    lists = any(isinstance(value, list) and value for value in task.values())
    if not found and (lists or not MINIMAL & set(task)):
        raise LabelError(f"{where}: it has no labels on a time line.")
    return found


def _spans(
    region: Mapping[str, Any], media: Media, rate: float, where: str, notes: list[str]
) -> list[Segment]:
    kind, athlete = region.get("type"), _athlete(region)
    value = region.get("value") or {}
    if kind == "timelinelabels":
        return _ranges(value, media, athlete, rate, where)
    if kind == "labels" and {"start", "end", "labels"} <= set(value):
        start_s, end_s = (media.from_player(number(value[end], where)) for end in ("start", "end"))
        return [
            segment(media, start_s, end_s, athlete, label_text(label, where), where)
            for label in value["labels"]
        ]
    notes.append(f"Regions of the type {kind} were left out.")
    return []


def _ranges(
    value: Mapping[str, Any], media: Media, athlete: int | None, rate: float, where: str
) -> list[Segment]:
    if not rate:
        raise LabelError(
            f"{where}: the frame rate of {media.video} is not known; scan it first (`vpd scan`)."
        )
    found = []
    for span in value["ranges"]:
        first, last = (whole(span[end], where) for end in ("start", "end"))
        start_s, end_s = media.from_player((first - 1) / rate), media.from_player(last / rate)
        for label in value["timelinelabels"]:
            found.append(segment(media, start_s, end_s, athlete, label_text(label, where), where))
    return found


def _athlete(region: Mapping[str, Any]) -> int | None:
    for text in (region.get("meta") or {}).get("text") or []:
        digits = str(text).removeprefix(ATHLETE)
        if str(text).startswith(ATHLETE) and digits.isascii() and digits.isdigit():
            return int(digits)
    return None
