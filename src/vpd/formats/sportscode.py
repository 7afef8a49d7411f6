"""Sportscode's XML of instances. LongoMatch, Nacsport and others read and write it too.

The format names no video. The file's own name is that of the video, unless the user names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from vpd.errors import LabelError
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media, label_text, number, segment
from vpd.formats.xml_file import read_xml, write_xml
from vpd.types import Segment

_COMMA = re.compile(r"^\s*(\d+),(\d+)\s*$", re.ASCII)

ATHLETE = "athlete"
"""The group of the label with an athlete's number."""


def _text(parent: Element, tag: str, text: object) -> None:
    SubElement(parent, tag).text = str(text)


def write_sportscode(path: Path, segments: Sequence[Segment], media: Media) -> None:
    """Write the segments of one video as instances, and a row for each class."""
    root = Element("file")
    instances = SubElement(root, "ALL_INSTANCES")
    for number_, s in enumerate(sorted(segments, key=lambda s: s.start_s), 1):
        instance = SubElement(instances, "instance")
        _text(instance, "ID", number_)
        _text(instance, "start", f"{media.to_player(s.start_s):.6f}")
        _text(instance, "end", f"{media.to_player(s.end_s):.6f}")
        _text(instance, "code", s.label or "action")
        if s.athlete is not None:
            label = SubElement(instance, "label")
            _text(label, "group", ATHLETE)
            _text(label, "text", s.athlete)
    rows = SubElement(root, "ROWS")
    for code in sorted({s.label or "action" for s in segments}):
        _text(SubElement(rows, "row"), "code", code)
    write_xml(root, path)


def read_sportscode(path: Path, ask: Ask) -> Imported:
    """Read a segment from every code of every instance. The code is the label. The instance's own labels
    become columns named by their groups.

    Raises LabelError.
    """
    root = read_xml(path, "file")
    instances = root.find("ALL_INSTANCES")
    if instances is None:
        raise LabelError(f"{path} has no instances of Sportscode.")
    segments: list[Segment] = []
    own = []
    media: Media | None = None
    for place, instance in enumerate(instances):
        where = f"{path}, instance {instance.findtext('ID') or place}"
        if instance.tag != "instance":
            raise LabelError(f"{where}: <{instance.tag}> is no instance")
        media = media or found_media(ask, [path.stem], str(path))
        start_s, end_s = (media.from_player(_seconds(instance.findtext(e), where)) for e in ("start", "end"))
        labels = _labels(instance)
        athlete = labels.pop(ATHLETE, "")
        known = int(athlete) if athlete.isascii() and athlete.isdigit() else None
        for code in [one.text for one in instance.findall("code")] or [None]:
            segments.append(segment(media, start_s, end_s, known, label_text(code, where), where))
            own.append(labels | ({ATHLETE + " label": athlete} if athlete and known is None else {}))
    return Imported(segments, own=own)


def _seconds(text: str | None, where: str) -> float:
    """Seconds; programs on computers with a decimal comma write one."""
    return number(_COMMA.sub(r"\1.\2", text) if text else text, where)


def _labels(instance: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for label in instance.findall("label"):
        group = (label.findtext("group") or "label text").strip()
        text = (label.findtext("text") or "").strip()
        if text:
            found[group] = f"{found[group]}; {text}" if group in found else text
    return found
