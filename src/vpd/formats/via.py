"""Read projects of the VGG Image Annotator 3: temporal segments of videos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpd.errors import LabelError
from vpd.formats.json_file import read_json
from vpd.formats.reading import Ask, Imported, found_media, label_text, moment, number, segment
from vpd.types import Segment


def read_via(path: Path, ask: Ask) -> Imported:
    """Read every temporal segment whose attributes have one value. Several times are spans from each to the
    next.

    A single time is a moment of one frame. Regions in pictures are left out. Raises LabelError.
    """
    content = read_json(path)
    try:
        files, views = content["file"], content.get("view", {})
        attributes, metadata = content.get("attribute", {}), list(content["metadata"].items())
    except (KeyError, TypeError, AttributeError) as error:
        raise LabelError(f"{path} is no project of VIA 3: {error!r} is missing or wrong.") from error
    segments: list[Segment] = []
    left = 0
    for name, one in metadata:
        where = f"{path}, metadata {name}"
        try:
            times = [number(t, where) for t in one["z"]]
            if one.get("xy") or not times:
                left += 1
                continue
            fid = views[one["vid"]]["fid_list"][0] if one["vid"] in views else one["vid"]
            media = found_media(
                ask, [str(files[str(fid)]["fname"]), str(files[str(fid)].get("src", ""))], where
            )
            label = _label(one["av"], attributes, where)
            if len(times) == 1:
                segments.append(moment(media, media.from_player(times[0]), None, label, where))
                continue
            for start_s, end_s in zip(times[::2], times[1::2], strict=True):
                span = media.from_player(start_s), media.from_player(end_s)
                segments.append(segment(media, *span, None, label, where))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise LabelError(f"{where}: {error!r} is missing or wrong.") from error
    if left and not segments:
        raise LabelError(f"{path} has {left} regions of pictures and no temporal segment.")
    return Imported(segments, (f"{left} regions of pictures were left out.",) if left else ())


def _label(values: Mapping[str, Any], attributes: Mapping[str, Any], where: str) -> str:
    """The single value of the attributes. An option's number stands for its name."""
    said = []
    for key, value in values.items():
        options = (attributes.get(key) or {}).get("options") or {}
        text = options.get(str(value), value)
        if str(text).strip():
            said.append(label_text(text, where))
    if len(said) != 1:
        raise LabelError(f"{where}: it has {len(said)} attributes, and one is needed for the label")
    return said[0]
