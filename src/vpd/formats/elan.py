"""Write ELAN annotation documents (.eaf 3.0), one a video, with a tier for each athlete and times in
milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from vpd.formats.media import Media
from vpd.formats.xml_file import write_xml
from vpd.types import Segment

LINGUISTIC_TYPE = "action"
MIME_TYPES = {".mp4": "video/mp4", ".mpg": "video/mpeg", ".mov": "video/quicktime", ".avi": "video/x-msvideo"}
NO_ATHLETE, ATHLETE = "actions", "athlete "
"""Names of tiers: of no particular athlete, and of athlete N."""


def _tiers(segments: Sequence[Segment]) -> dict[str, list[Segment]]:
    """Segments by tier. An athlete has one tier, and more where segments overlap, which a tier of ELAN cannot
    hold.
    """
    tiers: dict[str, list[Segment]] = {}
    for segment in sorted(segments, key=lambda s: s.start_s):
        name = NO_ATHLETE if segment.athlete is None else f"{ATHLETE}{segment.athlete}"
        tier, copy = name, 2
        while tier in tiers and tiers[tier][-1].end_s > segment.start_s:
            tier, copy = f"{name} ({copy})", copy + 1
        tiers.setdefault(tier, []).append(segment)
    return tiers


def write_elan(path: Path, segments: Sequence[Segment], media: Media) -> None:
    """Write the segments of one video. The format has no scores."""
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
                value = str(round(media.to_player(time_s) * 1000))
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
