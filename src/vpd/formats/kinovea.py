"""Read Kinovea's annotation files (.kva): key images that the user gave a title."""

from __future__ import annotations

import re
from pathlib import Path

from vpd.counting import counted
from vpd.errors import LabelError
from vpd.formats.reading import Ask, Imported, found_media, label_text, moment, number
from vpd.formats.xml_file import read_xml
from vpd.types import Segment

_DEFAULT_TITLE = re.compile(r"[\d:.,\s]*(ms|s|f)?")
"""Titles that Kinovea makes of the time, before the user writes one."""


def read_kinovea(path: Path, ask: Ask) -> Imported:
    """Read a moment of one frame from every titled key image. Raises LabelError.

    Its time stamp counts from the first frame. The file states the number of its units in a frame.
    """
    root = read_xml(path, "KinoveaVideoAnalysis")
    names = [root.findtext(tag) or "" for tag in ("FullPath", "OriginalFilename")]
    per_frame = number(root.findtext("AverageTimeStampsPerFrame"), f"{path}, AverageTimeStampsPerFrame")
    first = number(root.findtext("FirstTimeStamp") or "0", f"{path}, FirstTimeStamp")
    if not per_frame > 0:
        raise LabelError(f"{path}: a frame has {per_frame:g} time stamps.")
    segments: list[Segment] = []
    untitled = 0
    for place, image in enumerate(root.iter("Keyframe")):
        where = f"{path}, key image {place + 1}"
        title = (image.findtext("Title") or "").strip()
        if _DEFAULT_TITLE.fullmatch(title):
            untitled += 1
            continue
        stamp = image.findtext("Timestamp") or image.findtext("Position")
        media = found_media(ask, [name for name in (*names, path.stem) if name], where)
        frame = round((number(stamp, where) - first) / per_frame)
        if frame < 0:
            raise LabelError(f"{where}: it lies before the first frame")
        segments.append(moment(media, media.time_of(frame), None, label_text(title, where), where))
    watches = sum(len(list(root.iter(tag))) for tag in ("Chrono", "Chronometer"))
    if watches and not segments:
        raise LabelError(f"{path} has chronometers and no titled key image, which alone are read.")
    left = (
        (untitled, "key image without a title was", "key images without a title were"),
        (watches, "chronometer was", "chronometers were"),
    )
    return Imported(segments, tuple(f"{counted(*one)} left out." for one in left if one[0]))
