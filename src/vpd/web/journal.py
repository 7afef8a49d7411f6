"""Undo and redo of labels. Every change is on the disk with its inverse, so that undo survives a restart."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeGuard

from vpd.errors import InputError, StaleError, VpdError
from vpd.library.json_lines import add_line, read_lines
from vpd.library.label_store import Changes, LabelStore, NewLabel
from vpd.library.labels import Label
from vpd.library.layout import Layout
from vpd.strings import Sentence
from vpd.types import Segment

MOST = 1000
"""Largest number of changes that can be undone."""

Plain = dict[str, Any]


def plain(label: Label) -> Plain:
    """A label as plain values, with its id and version."""
    s = label.segment
    return {
        "id": label.id,
        "version": label.version,
        "source": label.source,
        "video": s.video,
        "athlete": s.athlete,
        "start_s": s.start_s,
        "end_s": s.end_s,
        "label": s.label,
    }


_KINDS: dict[str, tuple[type, ...]] = {
    "id": (str,), "version": (str,), "source": (str,), "video": (str,), "athlete": (int, type(None)),
    "start_s": (int, float), "end_s": (int, float), "label": (str,),
}  # fmt: skip


def _are_labels(rows: object) -> TypeGuard[list[Plain]]:
    """Whether they are what `plain` gives: the file may be made by others."""
    return isinstance(rows, list) and all(
        isinstance(row, dict) and all(isinstance(row.get(name), kinds) for name, kinds in _KINDS.items())
        for row in rows
    )


def _segment(row: Plain) -> Segment:
    return Segment(row["video"], row["start_s"], row["end_s"], row["athlete"], row["label"])


def _changes(row: Plain) -> Changes:
    return Changes(
        row["video"],
        row["start_s"],
        row["end_s"],
        row["label"],
        row["athlete"],
        any_athlete=row["athlete"] is None,
    )


@dataclass
class Change:
    """Labels before and after one change, in the same order. The first is empty for an addition, the second
    for a removal.
    """

    before: list[Plain]
    after: list[Plain]

    @property
    def what(self) -> str:
        """The changed labels, in words."""
        rows = self.after or self.before
        return rows[0]["label"] if len(rows) == 1 else f"{len(rows)} x {rows[0]['label']}"


class Journal:
    """The changes of labels by the page, with undo and redo."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.path: Path = layout.root / "labels.backup" / "page.jsonl"
        self._lock = Lock()
        self._done, self._undone = self._read(), list[Change]()

    def _read(self) -> list[Change]:
        try:
            rows = read_lines(self.path)
        except InputError:
            return []
        done: list[Change] = []
        for row in rows:
            before, after = row.get("before"), row.get("after")
            if row.get("undo") is True:
                del done[-1:]
            elif _are_labels(before) and _are_labels(after):
                done.append(Change(before, after))
        return done[-MOST:]

    def _write(self, row: Plain) -> None:
        with suppress(VpdError):  # the labels are changed; what is lost is the undo after a restart
            add_line(self.path, row)

    def _keep(self, change: Change) -> None:
        self._done.append(change)
        del self._done[:-MOST]
        self._write({"before": change.before, "after": change.after})

    def add(self, new: Sequence[NewLabel]) -> list[Label]:
        """Add labels. Raises as `LabelStore.add`."""
        with self._lock:
            added = LabelStore(self.layout).add(new)
            self._undone.clear()
            self._keep(Change([], [plain(label) for label in added]))
            return added

    def edit(self, name: str, changes: Changes, version: str | None) -> Label:
        """Change a label. Raises as `LabelStore.edit`."""
        with self._lock:
            store = LabelStore(self.layout)
            before = plain(store.get(name))
            after = store.edit(name, changes, version or before["version"])
            self._undone.clear()
            self._keep(Change([before], [plain(after)]))
            return after

    def remove(self, name: str, version: str | None) -> Label:
        """Remove a label. Raises as `LabelStore.remove`."""
        with self._lock:
            (gone,) = LabelStore(self.layout).remove([name], version)
            self._undone.clear()
            self._keep(Change([plain(gone)], []))
            return gone

    def undo(self) -> str:
        """Undo the last change. Returns its description.

        Raises InputError where there is none, StaleError where somebody changed the labels since.
        """
        with self._lock:
            if not self._done:
                raise InputError(Sentence("error_nothing_to_undo"))
            change = self._done[-1]
            self._apply(change.after, change.before)
            self._done.pop()
            self._undone.append(change)
            self._write({"undo": True})
            return change.what

    def redo(self) -> str:
        """Redo the change that was undone last. Raises as `undo`."""
        with self._lock:
            if not self._undone:
                raise InputError(Sentence("error_nothing_to_redo"))
            change = self._undone[-1]
            self._apply(change.before, change.after)
            self._undone.pop()
            self._keep(change)
            return change.what

    def _apply(self, present: list[Plain], wanted: list[Plain]) -> None:
        """Change labels from one state to another. ids and versions of ``wanted`` become those in the
        file.
        """
        store = LabelStore(self.layout)
        if present and wanted:
            for now, then in zip(present, wanted, strict=True):
                then |= plain(store.edit(now["id"], _changes(then), now["version"]))
        elif present:
            for now in present:
                if store.get(now["id"]).version != now["version"]:
                    raise StaleError(Sentence("error_label_changed", {"id": now["id"]}))
            store.remove([now["id"] for now in present])
        else:
            added = store.add([NewLabel(_segment(row), row["source"]) for row in wanted])
            for row, label in zip(wanted, added, strict=True):
                self._renamed(row["id"], plain(label))
                row |= plain(label)

    def _renamed(self, old: str, label: Plain) -> None:
        """Update ids in earlier changes, because a restored label may have another id."""
        for change in [*self._done, *self._undone]:
            for row in [*change.before, *change.after]:
                if row["id"] == old:
                    row["id"] = label["id"]
