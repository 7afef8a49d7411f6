"""CVAT for video 1.1, one XML file a video: every segment is a track of the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from vpd.errors import InputError, LabelError
from vpd.formats.media import FindMedia, Media
from vpd.formats.xml_file import read_xml, write_xml
from vpd.types import Segment


def _text(parent: Element, tag: str, text: object) -> Element:
    element = SubElement(parent, tag)
    element.text = str(text)
    return element


def _box(track: Element, frame: int, media: Media, outside: bool) -> None:
    corners = {"xtl": "0.00", "ytl": "0.00", "xbr": f"{media.width:.2f}", "ybr": f"{media.height:.2f}"}
    state = {"frame": str(frame), "outside": str(int(outside)), "occluded": "0", "keyframe": "1"}
    SubElement(track, "box", state | corners | {"z_order": "0"})


def write_cvat(path: Path, segments: Sequence[Segment], media: Media) -> None:
    """Write the segments of one video by its frames. Athletes and scores have no place in the format."""
    root = Element("annotations")
    _text(root, "version", "1.1")
    task = SubElement(SubElement(root, "meta"), "task")
    _text(task, "name", media.video)
    _text(task, "size", media.frames)
    _text(task, "mode", "interpolation")
    labels = SubElement(task, "labels")
    for name in sorted({s.label or "action" for s in segments}):
        label = SubElement(labels, "label")
        _text(label, "name", name)
        SubElement(label, "attributes")
    size = SubElement(task, "original_size")
    _text(size, "width", media.width)
    _text(size, "height", media.height)
    _text(task, "source", media.name)
    for number, segment in enumerate(sorted(segments, key=lambda s: s.start_s)):
        first = media.frame_at(segment.start_s)
        stop = max(first + 1, media.frame_at(segment.end_s))
        track = SubElement(
            root, "track", {"id": str(number), "label": segment.label or "action", "source": "vpd"}
        )
        _box(track, first, media, outside=False)
        if stop - 1 > first:
            _box(track, stop - 1, media, outside=False)
        if not media.frames or stop < media.frames:
            _box(track, stop, media, outside=True)
    write_xml(root, path)


def read_cvat(path: Path, find: FindMedia) -> list[Segment]:
    """Every stretch in which a track is in the picture is a segment. Raises LabelError for a damaged file."""
    root = read_xml(path, "annotations")
    name = root.findtext("meta/task/source") or root.findtext("meta/task/name") or path.stem
    media = find(name)
    segments = []
    for track in root.iter("track"):
        try:
            shapes = sorted((int(s.get("frame", "")), s.get("outside") == "1") for s in track)
            first = None
            for frame, outside in shapes:
                if outside and first is not None:
                    segments.append(_segment(media, first, frame, track))
                    first = None
                elif not outside and first is None:
                    first = frame
            if first is not None:
                segments.append(_segment(media, first, shapes[-1][0] + 1, track))
        except (ValueError, InputError) as error:
            raise LabelError(f"{path}, track {track.get('id')}: it cannot be used ({error})") from error
    return segments


def _segment(media: Media, first: int, stop: int, track: Element) -> Segment:
    return Segment(
        media.video, media.time_of(first), media.time_of(stop), None, track.get("label") or "action"
    )
