"""Write CVAT for video 1.1, one XML file a video. Every segment is a track of the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from vpd.formats.media import Media
from vpd.formats.xml_file import write_xml
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
    """Write the segments of one video in frames. The format has no athletes and no scores."""
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
