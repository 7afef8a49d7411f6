"""Labels and detections in the files of other programs, one module of this folder for each program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.errors import InputError, LabelError, unknown_name
from vpd.formats.activitynet import read_activitynet, write_activitynet
from vpd.formats.boris import write_boris
from vpd.formats.boris_reader import is_boris_csv, read_boris
from vpd.formats.csv_labels import read_csv
from vpd.formats.cvat import write_cvat
from vpd.formats.cvat_reader import read_cvat
from vpd.formats.e2e_spot import read_e2e_spot, write_e2e_spot
from vpd.formats.elan import write_elan
from vpd.formats.elan_reader import read_elan
from vpd.formats.json_file import read_json
from vpd.formats.kinovea import read_kinovea
from vpd.formats.label_studio import read_label_studio, write_label_studio
from vpd.formats.media import FindMedia, Media
from vpd.formats.opensportslab import read_opensportslab, write_opensportslab
from vpd.formats.reading import Ask, Imported, Read
from vpd.formats.soccernet import read_soccernet
from vpd.formats.sportscode import read_sportscode, write_sportscode
from vpd.formats.via import read_via
from vpd.formats.xml_file import read_xml
from vpd.types import Segment


@dataclass(frozen=True)
class Format:
    """One program: the suffix of its files, and their writer and reader. ``write_one`` writes one file a
    video. ``by_frame`` says whether what is written counts frames, which those of a scanned video are.
    """

    suffix: str
    read: Read
    write_all: Callable[[Path, Sequence[Segment], Mapping[str, Media]], None] | None = None
    write_one: Callable[[Path, Sequence[Segment], Media], None] | None = None
    by_frame: bool = False

    @property
    def writes(self) -> bool:
        """Whether vpd can write it."""
        return self.write_all is not None or self.write_one is not None


FORMATS = {
    "csv": Format(".csv", read_csv),
    "boris": Format(".csv", read_boris, write_all=write_boris),
    "elan": Format(".eaf", read_elan, write_one=write_elan),
    "label-studio": Format(".json", read_label_studio, write_all=write_label_studio, by_frame=True),
    "cvat": Format(".xml", read_cvat, write_one=write_cvat, by_frame=True),
    "opensportslab": Format(".json", read_opensportslab, write_all=write_opensportslab),
    "soccernet": Format(".json", read_soccernet),
    "e2e-spot": Format(".json", read_e2e_spot, write_all=write_e2e_spot, by_frame=True),
    "via": Format(".json", read_via),
    "activitynet": Format(".json", read_activitynet, write_all=write_activitynet),
    "kinovea": Format(".kva", read_kinovea),
    "sportscode": Format(".xml", read_sportscode, write_one=write_sportscode),
}
"""The programs by name. `vpd.verbs.labels` writes ``csv``, because it knows the user's own columns."""
WRITTEN = tuple(name for name, form in FORMATS.items() if form.writes)
"""Those that are written here."""

WITH_TIERS = ("elan", "label-studio")
"""Programs of whose files tiers, or annotators, are chosen."""

XML_ROOTS = {
    "ANNOTATION_DOCUMENT": "elan",
    "annotations": "cvat",
    "KinoveaVideoAnalysis": "kinovea",
    "file": "sportscode",
}


SAME_FILES = {"hudl": "sportscode", "nacsport": "sportscode", "longomatch": "sportscode"}
"""Programs whose files have the format of another one."""


def _other_name(program: str) -> str:
    same = SAME_FILES.get(program.casefold())
    return f" {program} takes files of {same}." if same else ""


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS, _other_name(name))
    return FORMATS[name]


_ARCHIVE = "is an archive. Unpack it, and import what is in it."
_TABLE = "Write its times and names into a table (CSV) with the columns video, start_s, end_s and label."
_SUBTITLES = f"holds subtitles. {_TABLE}"
_CUTS = f"is of an editing program. {_TABLE}"
_SPREADSHEET = "is a spreadsheet. Save it as CSV (in Excel: CSV UTF-8), and import that."
NOT_AS_IT_IS = {
    ".zip": _ARCHIVE, ".gz": _ARCHIVE, ".7z": _ARCHIVE, ".rar": _ARCHIVE,
    ".xlsx": _SPREADSHEET, ".xls": _SPREADSHEET, ".ods": _SPREADSHEET, ".numbers": _SPREADSHEET,
    **dict.fromkeys((".srt", ".vtt", ".ass", ".ssa"), _SUBTITLES),
    **dict.fromkeys((".edl", ".fcpxml", ".prproj", ".drp", ".otio", ".aaf"), _CUTS),
    ".textgrid": "is of Praat. ELAN imports it; save it there, and import the .eaf file.",
    ".opf": f"is of Datavyu. {_TABLE}",
    ".etf": "is a template of ELAN, without annotations. Import the .eaf file.",
    ".pfsx": "holds preferences of ELAN. Import the .eaf file.",
}  # fmt: skip
"""Files from which another one must be made, or beside which it lies, by suffix: what to do."""


def guess_format(path: Path) -> str:
    """Guess the format of a file from suffix and content. Raises LabelError for an unknown one."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        return "boris" if is_boris_csv(path) else "csv"
    if suffix in (".eaf", ".xml", ".kva"):
        return XML_ROOTS[read_xml(path, *XML_ROOTS).tag]
    if suffix == ".boris":
        return "boris"
    if suffix == ".json":
        name = _json_format(read_json(path))
        if name is not None:
            return name
    if suffix in NOT_AS_IT_IS:
        raise LabelError(f"{path} {NOT_AS_IT_IS[suffix]}")
    raise LabelError(f"{path} is of no format that is known. Name it with --format: {', '.join(FORMATS)}.")


def _json_format(content: Any) -> str | None:
    if isinstance(content, dict):
        keys = set(content)
        if "observations" in keys and "behaviors_conf" in keys:
            return "boris"
        if "UrlLocal" in keys:
            return "soccernet"
        if "database" in keys or "results" in keys:
            return "activitynet"
        if "metadata" in keys and "file" in keys:
            return "via"
        if isinstance(content.get("data"), dict) and keys & {"annotations", "predictions"}:
            return "label-studio"
        return "opensportslab" if keys & {"data", "videos"} else None
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return "e2e-spot" if {"video", "events"} <= set(content[0]) else "label-studio"
    return None


def written_format(name: str, *others: str) -> Format:
    """The format called ``name``. ``others`` are names that the caller writes itself, to be listed.

    Raises InputError where there is none, or it can only be read.
    """
    written = (*others, *WRITTEN)
    if name not in FORMATS:
        raise unknown_name("written format", name, written, _other_name(name))
    if name not in WRITTEN:
        raise InputError(f"{name} is read and not written; written are {', '.join(written)}")
    return FORMATS[name]


def export_segments(
    name: str, segments: Sequence[Segment], media: Mapping[str, Media], folder: Path
) -> list[Path]:
    """Write segments, or detections with their scores, for the program ``name`` into ``folder``.

    ``media`` are the videos by id. All of them are written, also those without a segment. Returns the files:
    ``<name><suffix>``, or one a video in a folder ``<name>``. Raises InputError for an unknown program, or
    one that can only be read.
    """
    form = written_format(name)
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


def import_segments(
    name: str, path: Path, find: FindMedia, tiers: tuple[str, ...] = (), encoding: str | None = None
) -> Imported:
    """Read the segments in a file of the program ``name``. ``find`` finds the video that a file name means.

    Raises LabelError where the file is damaged, is not fully understood, or names unknown videos; InputError
    for ``tiers`` of a program that has none.
    """
    if tiers and name not in WITH_TIERS:
        raise InputError(
            f"files of {name} have no tiers to choose; there are some in {', '.join(WITH_TIERS)}."
        )
    return _format(name).read(path, Ask(find, tiers, encoding))


__all__ = [
    "FORMATS",
    "FindMedia",
    "Format",
    "Imported",
    "Media",
    "export_segments",
    "guess_format",
    "import_segments",
]
