"""Take a video out of a library, keep its labels, picks and artefacts, and bring it back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from vpd.athletes.picks import TABLE as PICKS
from vpd.errors import ArtefactError, InputError
from vpd.files import parse_json, read_bytes
from vpd.library.artefact import write_text
from vpd.library.backup import keep
from vpd.library.copy_contents import bring
from vpd.library.csv_file import Columns, Record, Table, read_table
from vpd.library.ids import check_id
from vpd.library.labels import ID, SOURCE
from vpd.library.labels import TABLE as LABELS
from vpd.library.layout import MADE_FOLDERS, USER_FOLDERS, Layout
from vpd.library.lock import locked
from vpd.library.videos import VideoRow, Videos
from vpd.library.working_copy import published

ROW = "video.json"
"""The row of the table of videos, in the folder of a removed video."""
_KEPT_APART = ("cache", "labels.backup", "removed", "results", "students")


@dataclass(frozen=True)
class RemoveRequest:
    """The video to remove. With ``back``, a removed video to bring back."""

    video: str
    back: bool = False


@dataclass(frozen=True)
class RemoveResult:
    """The result of a removal or return.

    Attributes
    ----------
    video : its id.
    folder : where what belongs to it is kept, or was.
    labels, picks : how many rows of labels.csv and athletes.csv went with it.
    """

    video: str
    folder: Path
    labels: int
    picks: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "video": self.video,
            "folder": str(self.folder),
            "labels": self.labels,
            "picks": self.picks,
        }


def remove_video(library: Layout, request: RemoveRequest) -> RemoveResult:
    """Remove a video from the library, or with ``back`` bring it back. The video file is not touched.

    Rows of labels.csv and athletes.csv, boxes, given poses and artefacts move to removed/<video>/ of the
    library. Raises InputError where there is no such video, or it is in the library again; LockedError.
    """
    with locked(library.labels), locked(library.picks), locked(library.videos):
        videos = Videos.read(library)
        return (
            _bring_back(library, videos, request.video)
            if request.back
            else _take_out(library, videos, videos.id_of(request.video))
        )


def _tables(library: Layout, folder: Path) -> tuple[tuple[Path, Path, Columns], ...]:
    """The user's tables with a column video, and the files that keep their rows of a removed video."""
    named = ((library.labels, LABELS), (library.picks, PICKS))
    return tuple((path, folder / path.name, columns) for path, columns in named)


def _notes_of(library: Layout, folder: Path) -> list[Path]:
    """What is written about a removed video, besides its own files."""
    return [folder / ROW, *(aside for _, aside, _ in _tables(library, folder))]


def _take_out(library: Layout, videos: Videos, video: str) -> RemoveResult:
    folder = _free(library.removed(video))
    write_text(json.dumps(asdict(videos.rows[video]), indent=1) + "\n", folder / ROW)
    counts = [_move_rows(videos, video, *table) for table in _tables(library, folder)]
    del videos.rows[video]
    Videos(library, videos.rows.values()).write()
    for path in _files_of(library.root, video):
        _move(path, folder / path.relative_to(library.root))
    published(*_notes_of(library, folder))
    return RemoveResult(video, folder, *counts)


def _free(folder: Path) -> Path:
    number, free = 2, folder
    while free.exists():
        free, number = folder.with_name(f"{folder.name}~{number}"), number + 1
    return free


def _move_rows(videos: Videos, video: str, path: Path, aside: Path, columns: Columns) -> int:
    """Write the rows of a video to another file, then remove them. Returns their number. Unreadable rows
    stay.
    """
    if not path.is_file():
        return 0
    table = read_table(path, columns)
    rows = [r.index for r in table.unchecked() if videos.matches(r.raw("video")) == [video]]
    if rows:
        chosen = [table.rows[index] for index in rows]
        Table(aside, columns, table.header, chosen, delimiter=table.delimiter, newline=table.newline).write()
        keep(path)
        table.remove(rows)
        table.write()
    return len(rows)


def _files_of(root: Path, video: str) -> Iterator[Path]:
    """Artefacts and given files of a video, in every folder of the library with one file a video."""
    name = re.compile(re.escape(video) + r"\.(parquet|arrow|csv|json|json\.gz)")
    for top in (*MADE_FOLDERS, *USER_FOLDERS):
        if top in _KEPT_APART:
            continue
        folder = root / top
        for place in [folder, *(p for p in folder.glob("*") if p.is_dir() and top == "features")]:
            yield from sorted(p for p in place.glob("*") if name.fullmatch(p.name) and p.is_file())


def _move(path: Path, target: Path) -> None:
    bring(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    published(target, path)


def _bring_back(library: Layout, videos: Videos, name: str) -> RemoveResult:
    folder = library.removed(name)
    try:
        check_id(name, folder)
        row = _row(folder / ROW)
    except (OSError, ValueError, TypeError, KeyError, ArtefactError):
        known = sorted(p.parent.name for p in folder.parent.glob(f"*/{ROW}"))
        shown = f"; there are {', '.join(known)}" if known else ""
        raise InputError(f"no removed video is kept as {name!r}{shown}.") from None
    if row.video in videos.rows:
        raise InputError(f"there is a video {row.video!r} again. Remove that one first.")
    videos.put(row)
    videos.write()
    counts = [_rows_back(*table) for table in _tables(library, folder)]
    for path in _files_of(folder, row.video):
        target = library.root / path.relative_to(folder)
        if not target.exists():
            _move(path, target)
    (folder / ROW).unlink()
    published(*_notes_of(library, folder))
    _remove_empty(folder)
    return RemoveResult(row.video, folder, *counts)


def _row(path: Path) -> VideoRow:
    """The former row. Raises ValueError, TypeError or ArtefactError."""
    record = parse_json(read_bytes(path))
    row = VideoRow(**{field.name: record[field.name] for field in fields(VideoRow)})
    check_id(row.video, path)
    return row


def _rows_back(path: Path, aside: Path, columns: Columns) -> int:
    """Put kept rows into the table again, with the user's columns, where they are not there already. Returns
    their number.
    """
    if not aside.is_file():
        return 0
    kept = read_table(aside, columns)
    if not path.is_file():
        kept.write(path)
    else:
        table = read_table(path, columns)
        own = [name for name in kept.header if kept.header.index(name) not in kept.places.values()]
        for name in kept.places:
            table.add_column(name)
        for name in own:
            table.add_own_column(name)
        there = Counter(_content(record) for record in table.unchecked())
        for record in kept.unchecked():
            if there[_content(record)]:  # an undo brought the row back before
                there[_content(record)] -= 1
                continue
            cells = dict(zip(kept.header, record.row.cells, strict=False))
            known = {name: record.raw(name) for name in kept.places}
            table.append(known, {name: cells.get(name, "") for name in own})
        keep(path)
        table.write()
    aside.unlink()
    return len(kept.rows)


def _content(record: Record) -> frozenset[tuple[str, str]]:
    """What a row says, without its id and source, which a change of the table may have added."""
    cells = ((name, record.text(name)) for name in record.table.places if name not in (ID, SOURCE))
    return frozenset((name, text) for name, text in cells if text)


def _remove_empty(folder: Path) -> None:
    for place in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        if not any(place.iterdir()):
            place.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
