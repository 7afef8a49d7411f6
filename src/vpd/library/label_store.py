"""Change the labels of a library one at a time, with ids, versions, a lock of their own, and undo."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from vpd.errors import InputError, StaleError
from vpd.library.backup import Restored, keep, undo
from vpd.library.csv_file import Table
from vpd.library.label_names import label_name
from vpd.library.labels import (
    COLUMNS,
    ID,
    SOURCE,
    TABLE,
    WINDOW,
    FrameTimes,
    Label,
    LabelFile,
    check_span,
    label_at,
    label_cells,
    label_file,
    new_id,
    read_label_file,
)
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.names import unknown_video
from vpd.library.videos import Videos
from vpd.library.working_copy import copy_with
from vpd.strings import Sentence
from vpd.types import Segment

HAND = "hand"
"""The source of a label that a person entered with vpd."""
SHORTEST_PREFIX = 3


@dataclass(frozen=True)
class NewLabel:
    """A label to add: its segment, its source, and cells of the user's own columns."""

    segment: Segment
    source: str = HAND
    own: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Changes:
    """The changes of one label; None keeps a value. ``any_athlete`` clears the athlete."""

    video: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    label: str | None = None
    athlete: int | None = None
    any_athlete: bool = False

    def of(self, segment: Segment) -> Segment:
        """The changed segment. Raises InputError for an empty or reversed span."""
        names = ("video", "start_s", "end_s", "label", "athlete")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(segment, **given | ({"athlete": None} if self.any_athlete else {}))


class LabelStore:
    """The labels.csv of a library. Every change reads the file again under its lock, and keeps the earlier
    state.

    Rows that are not changed keep their text, also those that cannot be read.
    """

    def __init__(self, layout: Layout, videos: Videos | None = None) -> None:
        self.layout, self.path = layout, layout.labels
        self.videos = videos or Videos.read(layout)

    def read(self) -> LabelFile:
        """The labels as they are now; none where there is no file. Raises LabelError, StaleError."""
        if (copy := copy_with(self.path)) is not None:
            copy.look_again(self.path)
        if not self.path.exists():
            return label_file(Table(self.path, TABLE, COLUMNS), self.videos)
        return read_label_file(self.path, self.videos)

    def get(self, name: str) -> Label:
        """The label with this id, or the only one whose id begins with it. Raises InputError."""
        return _find(self.read().labels, name)

    @contextmanager
    def _changing(self) -> Iterator[LabelFile]:
        """Yield the labels to change in place. They are written when the block ends without an error."""
        with locked(self.path):
            found = self.read()
            table = found.table
            for record in found.copied:
                raise record.fail(
                    ID, f"another row has the id {record.text(ID)!r}. Empty one of the two cells"
                )
            for column in (ID, SOURCE):
                table.add_column(column)
            for name, record in found.unnamed:
                table.set(record.index, {ID: name})
            yield found
            keep(self.path)
            table.write()

    def add(self, new: Sequence[NewLabel]) -> list[Label]:
        """Append labels. Returns them as they stand in the file. Raises InputError for one that does not fit
        its video.
        """
        new = self._checked(new)
        with self._changing() as found:
            added = self._append(found, new)
        return added

    def edit(self, name: str, changes: Changes, version: str | None = None) -> Label:
        """Change one label.

        Raises InputError where there is no such label or the changed one does not fit its video; StaleError
        where ``version`` is given and is not the label's present one.
        """
        with self._changing() as found:
            label = _find(found.labels, name)
            _check_version(label, version)
            segment = self._fitting(changes.of(label.segment))
            self._set(found.table, label, segment)
            changed = label_at(found.table, label.record.index, self.videos, FrameTimes(self.videos))
        return changed

    def remove(self, names: Sequence[str], version: str | None = None) -> list[Label]:
        """Remove labels. Returns them. Raises as `edit`."""
        with self._changing() as found:
            named = (_find(found.labels, name) for name in names)
            gone = list({label.id: label for label in named}.values())
            for label in gone:
                _check_version(label, version)
            found.table.remove(label.record.index for label in gone)
        return gone

    def import_(self, new: Sequence[NewLabel], in_place_of_all: bool = False) -> tuple[list[Label], int]:
        """Add the labels that are not there yet. Returns those added, and the number that were there.

        ``in_place_of_all`` removes all other rows, readable or not.
        """
        new = self._checked(new)
        with self._changing() as found:
            if in_place_of_all:
                found.table.remove(range(len(found.table.rows)))
            there = set() if in_place_of_all else {_rounded(label.segment) for label in found.labels}
            fresh: list[NewLabel] = []
            for one in new:
                if _rounded(one.segment) not in there:
                    there.add(_rounded(one.segment))
                    fresh.append(one)
            added = self._append(found, fresh)
        return added, len(new) - len(fresh)

    def merge(self, new: Sequence[NewLabel], key: Callable[[Segment], Hashable], source: str) -> int:
        """Make the labels of a ``source`` those that are given, and return how many it no longer has.

        A row whose segment has the same ``key`` as a new label takes its cells and keeps the user's own
        columns. Labels without such a row are added. Rows of the source that no new label has are removed;
        rows of other sources stay. Raises InputError as `add`.
        """
        new = self._checked(new)
        wanted = {key(one.segment) for one in new}
        with self._changing() as found:
            there = {key(label.segment): label for label in found.labels}
            for one in new:
                if (label := there.get(key(one.segment))) is not None:
                    self._set(found.table, label, one.segment)
            used = {label.record.index for label in found.labels if key(label.segment) in wanted}
            gone = [row.index for row in found.rows_of(source) if row.index not in used]
            self._append(found, [one for one in new if key(one.segment) not in there])
            found.table.remove(gone)
        return len(gone)

    def undo(self) -> Restored:
        """Restore the state before the last change. Raises InputError where none is kept."""
        with locked(self.path):
            return undo(self.path)

    def _checked(self, new: Sequence[NewLabel]) -> list[NewLabel]:
        return [replace(one, segment=self._fitting(one.segment)) for one in new]

    def _fitting(self, segment: Segment) -> Segment:
        """The segment with the name that its label means. Raises InputError where one does not fit."""
        if segment.video not in self.videos.rows:
            raise unknown_video(segment.video)
        segment = replace(segment, label=label_name("" if segment.label is None else segment.label))
        check_span(segment, self.videos.rows[segment.video])
        return segment

    def _set(self, table: Table, label: Label, segment: Segment) -> None:
        new, old = label_cells(segment, table), label_cells(label.segment, table)
        old["label"] = label.record.text("label")
        changed = {name: text for name, text in new.items() if text != old.get(name)}
        for end in ("start", "end"):
            if f"{end}_s" in changed and f"{end}_frame" in table.places:
                changed[f"{end}_frame"] = ""
        for name in changed:
            table.add_column(name)
        table.set(label.record.index, changed)

    def _append(self, found: LabelFile, new: Sequence[NewLabel]) -> list[Label]:
        """Append rows. Returns the labels as they stand in the table."""
        table, first = found.table, len(found.table.rows)
        for column in COLUMNS:
            table.add_column(column)
        for one in new:
            cells = label_cells(one.segment, table)
            for column in WINDOW:
                if column in cells:
                    table.add_column(column)
            for column in one.own or {}:
                table.add_own_column(column)
            table.append(cells | {ID: new_id(found, cells), SOURCE: one.source}, one.own)
        frames = FrameTimes(self.videos)
        return [label_at(table, index, self.videos, frames) for index in range(first, len(table.rows))]


def _find(labels: Sequence[Label], name: str) -> Label:
    found = [label for label in labels if label.id == name]
    if not found and len(name) >= SHORTEST_PREFIX:
        found = [label for label in labels if label.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{name!r} begins several ids: {', '.join(label.id for label in found[:5])}")
    raise InputError(Sentence("error_no_label", {"id": repr(name)}))


def _check_version(label: Label, version: str | None) -> None:
    if version is not None and version != label.version:
        values = {
            "id": label.id,
            "label": repr(label.segment.label),
            "start": f"{label.segment.start_s:g}",
            "end": f"{label.segment.end_s:g}",
            "version": label.version,
        }
        raise StaleError(Sentence("error_label_is_now", values))


def _rounded(segment: Segment) -> tuple[object, ...]:
    return tuple(label_cells(segment).values())
