"""ELAN annotation documents (.eaf 3.0), one a video: a tier an athlete, times in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from vpd.errors import InputError, LabelError
from vpd.formats.media import FindMedia, Media
from vpd.formats.xml_file import read_xml, write_xml
from vpd.types import Segment

LINGUISTIC_TYPE = "action"
MIME_TYPES = {".mp4": "video/mp4", ".mpg": "video/mpeg", ".mov": "video/quicktime", ".avi": "video/x-msvideo"}
_TIER = re.compile(r"athlete (\d+)( \(\d+\))?")


def _tiers(segments: Sequence[Segment]) -> dict[str, list[Segment]]:
    """Segments by tier: one an athlete, and more where they overlap, which a tier of ELAN cannot hold."""
    tiers: dict[str, list[Segment]] = {}
    for segment in sorted(segments, key=lambda s: s.start_s):
        name = "actions" if segment.athlete is None else f"athlete {segment.athlete}"
        tier, copy = name, 2
        while tier in tiers and tiers[tier][-1].end_s > segment.start_s:
            tier, copy = f"{name} ({copy})", copy + 1
        tiers.setdefault(tier, []).append(segment)
    return tiers


def write_elan(path: Path, segments: Sequence[Segment], media: Media) -> None:
    """Write the segments of one video. Scores have no place in the format."""
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "vpd",
            "DATE": "2000-01-01T00:00:00+00:00",
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    url = "file://" + quote(media.path if media.path.startswith("/") else f"/{media.path}")
    mime = MIME_TYPES.get(Path(media.name).suffix.lower(), "video/mp4")
    relative = {"RELATIVE_MEDIA_URL": f"./{quote(media.name)}"}
    SubElement(header, "MEDIA_DESCRIPTOR", {"MEDIA_URL": url, "MIME_TYPE": mime} | relative)
    order = SubElement(root, "TIME_ORDER")
    slots = 0
    annotations = 0
    for name, tier_segments in _tiers(segments).items():
        tier = SubElement(root, "TIER", {"LINGUISTIC_TYPE_REF": LINGUISTIC_TYPE, "TIER_ID": name})
        for segment in tier_segments:
            references = {}
            for key, time_s in (("TIME_SLOT_REF1", segment.start_s), ("TIME_SLOT_REF2", segment.end_s)):
                slots += 1
                value = str(round(time_s * 1000))
                SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{slots}", "TIME_VALUE": value})
                references[key] = f"ts{slots}"
            annotations += 1
            holder = SubElement(tier, "ANNOTATION")
            aligned = SubElement(
                holder, "ALIGNABLE_ANNOTATION", {"ANNOTATION_ID": f"a{annotations}"} | references
            )
            SubElement(aligned, "ANNOTATION_VALUE").text = segment.label or ""
    SubElement(
        root,
        "LINGUISTIC_TYPE",
        {
            "GRAPHIC_REFERENCES": "false",
            "LINGUISTIC_TYPE_ID": LINGUISTIC_TYPE,
            "TIME_ALIGNABLE": "true",
        },
    )
    write_xml(root, path)


def _media_of(root: ElementTree.Element, path: Path, find: FindMedia) -> Media:
    for descriptor in root.iter("MEDIA_DESCRIPTOR"):
        url = descriptor.get("RELATIVE_MEDIA_URL") or descriptor.get("MEDIA_URL") or ""
        return find(unquote(url).removeprefix("file://").removeprefix("./").split("/")[-1])
    return find(path.stem)


def read_elan(path: Path, find: FindMedia) -> list[Segment]:
    """Aligned annotations of all tiers; the value is the label, an empty one gets the tier's name.

    Tiers called "athlete N" give the athlete. Raises LabelError for a damaged file.
    """
    root = read_xml(path, "ANNOTATION_DOCUMENT")
    media = _media_of(root, path, find)
    slots = {s.get("TIME_SLOT_ID"): s.get("TIME_VALUE") for s in root.iter("TIME_SLOT")}
    segments = []
    for tier in root.iter("TIER"):
        name = tier.get("TIER_ID") or ""
        athlete = _TIER.fullmatch(name)
        for aligned in tier.iter("ALIGNABLE_ANNOTATION"):
            values = [slots.get(aligned.get(f"TIME_SLOT_REF{i}")) for i in (1, 2)]
            try:
                start_s, end_s = (int(v or "") / 1000 for v in values)
                label = (aligned.findtext("ANNOTATION_VALUE") or "").strip() or name
                number = int(athlete[1]) if athlete else None
                segments.append(Segment(media.video, start_s, end_s, number, label))
            except (ValueError, InputError) as error:
                where = aligned.get("ANNOTATION_ID")
                raise LabelError(f"{path}, annotation {where}: its times cannot be used ({error})") from error
    return segments
