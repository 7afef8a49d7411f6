"""Labels and detections in the files of other programs, one program a file of this folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError
from vpd.formats.boris import read_boris, write_boris
from vpd.formats.cvat import read_cvat, write_cvat
from vpd.formats.elan import read_elan, write_elan
from vpd.formats.label_studio import read_label_studio, write_label_studio
from vpd.formats.media import FindMedia, Media
from vpd.formats.opensportslab import read_opensportslab, write_opensportslab
from vpd.types import Segment


@dataclass(frozen=True)
class Format:
    """One program: how its files end, and how they are written and read; ``write_one`` writes one a video."""

    suffix: str
    read: Callable[[Path, FindMedia], list[Segment]]
    write_all: Callable[[Path, Sequence[Segment], Mapping[str, Media]], None] | None = None
    write_one: Callable[[Path, Sequence[Segment], Media], None] | None = None


FORMATS = {
    "boris": Format(".csv", read_boris, write_all=write_boris),
    "elan": Format(".eaf", read_elan, write_one=write_elan),
    "label-studio": Format(".json", read_label_studio, write_all=write_label_studio),
    "cvat": Format(".xml", read_cvat, write_one=write_cvat),
    "opensportslab": Format(".json", read_opensportslab, write_all=write_opensportslab),
}


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise InputError(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def export_segments(
    name: str, segments: Sequence[Segment], media: Mapping[str, Media], folder: Path
) -> list[Path]:
    """Write segments, or detections with their scores, for the program ``name`` into ``folder``.

    ``media`` are the videos by id: all of them are written, also those without a segment. Returns the files:
    ``<name><suffix>``, or one a video in a folder ``<name>``. Raises InputError for an unknown program.
    """
    form = _format(name)
    unknown = sorted({s.video for s in segments} - set(media))
    if unknown:
        raise InputError(f"nothing is known of the videos {', '.join(unknown)}")
    if form.write_all is not None:
        path = folder / f"{name}{form.suffix}"
        form.write_all(path, segments, media)
        return [path]
    paths = []
    for video, one in media.items():
        if form.write_one is not None:
            path = folder / name / f"{video}{form.suffix}"
            form.write_one(path, [s for s in segments if s.video == video], one)
            paths.append(path)
    return paths


def import_segments(name: str, path: Path, find: FindMedia) -> list[Segment]:
    """The segments in a file of the program ``name``; ``find`` says which video a file name means.

    Raises LabelError where the file is damaged or names unknown videos.
    """
    return _format(name).read(path, find)


__all__ = ["FORMATS", "FindMedia", "Format", "Media", "export_segments", "import_segments"]
