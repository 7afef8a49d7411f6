"""Labels are changed one at a time, nothing of a user's is lost, and two writers lose no update."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.indexes import plain_index
from vpd.errors import InputError, StaleError, TableError
from vpd.library import backup, label_store
from vpd.library.artefact import Recipe
from vpd.library.frames import write_index
from vpd.library.label_check import ERROR, check_labels
from vpd.library.label_store import Changes, LabelStore, NewLabel
from vpd.library.labels import read_label_file, read_labels
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.types import Segment, VideoInfo


def library(folder: Path, seconds: int = 100) -> Layout:
    layout = Layout(folder)
    rows = []
    for name in ("one", "two.2024"):
        info = VideoInfo(
            name, Path(f"/v/{name}.mp4"), "k", 64, 48, 0, Fraction(10), np.arange(seconds * 10) / 10
        )
        rows.append(VideoRow(name, str(info.path), "", 1, 1).scanned(info))
    Videos(layout, rows).write()
    return layout


@pytest.fixture
def layout(tmp_path):
    return library(tmp_path)


def new(start_s, label="serve", video="one", athlete=None):
    return NewLabel(Segment(video, start_s, start_s + 1, athlete, label))


def test_add_edit_remove(layout):
    store = LabelStore(layout)
    first, second = store.add([new(1), new(2, "lob", "two.2024", 3)])
    assert first.id != second.id
    changed = store.edit(first.id, Changes(label="smash", start_s=0.5), first.version)
    assert changed.id == first.id
    assert changed.segment == Segment("one", 0.5, 2, None, "smash")
    assert changed.version != first.version
    (gone,) = store.remove([second.id, second.id])  # named twice, it is one
    assert gone.segment == second.segment
    assert read_labels(layout.labels, store.videos) == [changed.segment]
    assert [(label.id, label.source) for label in store.read().labels] == [(first.id, "hand")]


def test_a_version_that_passed_is_refused(layout):
    store = LabelStore(layout)
    (label,) = store.add([new(1)])
    store.edit(label.id, Changes(label="lob"))
    for change in (lambda: store.edit(label.id, Changes(label="smash"), label.version),
                   lambda: store.remove([label.id], label.version)):  # fmt: skip
        with pytest.raises(StaleError, match="is now 'lob', 1 to 2 s"):
            change()
    assert store.get(label.id).segment.label == "lob"


def test_what_does_not_fit_is_refused_and_nothing_changes(layout):
    store = LabelStore(layout)
    (label,) = store.add([new(1)])
    before = layout.labels.read_bytes()
    for change in (
        Changes(end_s=0.5),
        Changes(end_s=1000),
        Changes(label=" "),
        Changes(label="a\nb"),
        Changes(video="x"),
    ):
        with pytest.raises(InputError):
            store.edit(label.id, change)
    for span in (new(500), new(1, ""), new(1, "a", "nobody")):
        with pytest.raises(InputError):
            store.add([span])
    with pytest.raises(InputError, match="there is no label 'nothere'"):
        store.edit("nothere", Changes(label="a"))
    assert layout.labels.read_bytes() == before


OWN = "\r\n".join(
    [
        "sep=;",
        "Coder;video;start_s;Note;end_s;label",
        'anna;one;1,5;"a ""quote""";2,5;serve',
        "",
        "ben;one.mp4;x;;4;lob",
        "",
    ]
)


def test_a_users_columns_order_rows_and_wrong_rows_survive_every_change(layout):
    layout.labels.write_bytes(OWN.encode("utf-8-sig"))
    store = LabelStore(layout)
    (label,) = store.read().labels
    store.edit(label.id, Changes(end_s=3.25))
    (added,) = store.add([new(9.5)])
    text = layout.labels.read_bytes().decode("utf-8-sig")
    lines = text.split("\r\n")
    assert lines[:2] == ["sep=;", "Coder;video;start_s;Note;end_s;label;id;source;athlete"]
    assert lines[2] == f'anna;one;1,5;"a ""quote""";3,25;serve;{label.id};;'
    assert lines[3] == ""
    assert lines[4].startswith("ben;one.mp4;x;;4;lob;")
    assert lines[5] == f";one;9,5;;10,5;serve;{added.id};hand;"
    found = store.read()
    assert [one.id for one in found.labels] == [label.id, added.id]
    assert [error.line for error in found.wrong] == [5]
    store.remove([added.id])
    assert len(layout.labels.read_bytes().decode("utf-8-sig").split("\r\n")) == len(lines) - 1


def test_ids_without_a_column_stay_while_the_file_does(layout):
    layout.labels.write_text("video,start_s,end_s,label\none,1,2,a\none,1,2,a\none,3,4,b\n")
    store = LabelStore(layout)
    names = [label.id for label in store.read().labels]
    assert len(set(names)) == 3
    store.edit(names[2], Changes(label="c"))
    assert [label.id for label in store.read().labels] == names


def test_one_id_in_two_rows_is_named_and_not_written_over(layout):
    layout.labels.write_text("id,video,start_s,end_s,label\n7,one,1,2,a\n7,one,3,4,b\n")
    store = LabelStore(layout)
    found = store.read()
    assert len({label.id for label in found.labels}) == 2
    assert [f.kind for f in check_labels(found, store.videos) if f.level == ERROR] == ["id twice"]
    with pytest.raises(TableError, match="line 3, column id: another row has the id '7'"):
        store.add([new(5)])


def test_a_row_with_surplus_cells_never_comes_to_mean_something_else(layout):
    content = "video,start_s,end_s,label\none,1,2,forehand, slice\none,3,4,b\n"
    layout.labels.write_text(content)
    with pytest.raises(TableError, match="line 2, column 5"):
        LabelStore(layout).add([new(5)])
    assert layout.labels.read_text() == content


def test_frames_give_way_to_seconds_where_a_label_is_moved(layout):
    write_index(layout.frames("one"), plain_index(np.arange(1000) / 10), Recipe("scan", 1))
    layout.labels.write_text("video,start_frame,end_frame,label\none,10,20,a\n")
    store = LabelStore(layout)
    (label,) = store.read().labels
    assert label.segment == Segment("one", 1, 2, None, "a")
    assert store.edit(label.id, Changes(start_s=0.55)).segment == Segment("one", 0.55, 2, None, "a")


def test_import_adds_what_is_not_there_and_keeps_columns(layout):
    layout.labels.write_text("mine,video,start_s,end_s,label\nx,one,1,2,serve\n")
    store = LabelStore(layout)
    again = NewLabel(Segment("one", 1, 2, None, "serve"), "csv:a.csv")
    fresh = NewLabel(Segment("one", 5, 6, None, "lob"), "csv:a.csv", {"their": "y"})
    added, known = store.import_([again, fresh])
    assert ([label.segment.label for label in added], known) == (["lob"], 1)
    header, first, second = layout.labels.read_text().splitlines()
    assert header.startswith("mine,video,start_s,end_s,label,id,source")
    assert header.endswith(",their")
    assert first.startswith("x,one,1,2,serve,")
    assert second.endswith(",y")


def test_undo_goes_back_five_states_and_keeps_what_it_undid(layout):
    store = LabelStore(layout)
    for start_s in range(8):
        store.add([new(start_s)])
    for left in (7, 6, 5, 4, 3):
        assert store.undo().undone.exists()
        assert len(store.read().labels) == left
    with pytest.raises(InputError, match="no earlier state"):
        store.undo()
    assert len(read_label_file(backup.folder(layout.labels) / "undone.csv", store.videos).labels) == 4


def test_a_damaged_state_is_named_and_not_restored(layout):
    store = LabelStore(layout)
    for start_s in range(3):
        store.add([new(start_s)])
    before, last = layout.labels.read_bytes(), backup.states(layout.labels)[-1]
    last.write_bytes(last.read_bytes().replace(b"serve", b"sepve"))
    with pytest.raises(InputError, match=f"{last.name} is damaged.*Delete it"):
        store.undo()
    assert layout.labels.read_bytes() == before
    last.unlink()
    assert store.undo().left == 0
    assert len(store.read().labels) == 1


def test_a_change_reads_the_labels_once(layout, monkeypatch):
    store, reads = LabelStore(layout), []

    def counted(*arguments):
        reads.append(arguments)
        return read_label_file(*arguments)

    monkeypatch.setattr(label_store, "read_label_file", counted)
    store.add([new(0)])
    (label,) = store.add([new(1)])
    assert len(reads) == 1, "of the first there is no file yet"
    assert store.edit(label.id, Changes(label="lob")).segment.label == "lob"
    assert len(reads) == 2


WRITER = """
import sys
from pathlib import Path
from vpd.library.label_store import Changes, LabelStore, NewLabel
from vpd.library.layout import Layout
from vpd.types import Segment
store, me, edits = LabelStore(Layout(Path(sys.argv[1]))), sys.argv[2], int(sys.argv[3])
mine = store.add([NewLabel(Segment("one", 1.0, 2.0, None, f"{me}-{i}")) for i in range(4)])
for n in range(edits):
    label = mine[n % 4]
    if n % 10 == 9:
        store.remove([label.id])
        (mine[n % 4],) = store.add([NewLabel(Segment("one", 1.0, 2.0, None, f"{me}-{n % 4}"))])
    else:
        store.edit(label.id, Changes(end_s=2 + n / 100, label=f"{me}-{n % 4} edit {n}"))
"""


@pytest.mark.parametrize("edits", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_two_writers_lose_no_update(layout, edits):
    """Edits from two processes, interleaved: each writer's last word on each of its labels stands."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(layout.root), me, str(edits)])
        for me in ("a", "b")
    ]
    assert [writer.wait(timeout=240) for writer in writers] == [0, 0]
    labels = LabelStore(layout).read().labels
    last = {n % 4: n for n in range(edits)}
    expected = {
        f"{me}-{i}" if n % 10 == 9 else f"{me}-{i} edit {n}" for me in ("a", "b") for i, n in last.items()
    }
    assert {label.segment.label for label in labels} == expected
    assert len({label.id for label in labels}) == len(labels) == 8
