"""Working copies of a library in an object store, of several computers, on a store in memory."""

import numpy as np
import pyarrow as pa
import pytest

from tests.library.stores import in_memory
from vpd.errors import ArtefactError, InputError, StaleError
from vpd.library import copy_contents, opening
from vpd.library.artefact import Recipe, check, is_current, map_table, read_table, write_arrow, write_parquet
from vpd.library.label_store import LabelStore, NewLabel
from vpd.library.lock import locked
from vpd.library.opening import copy_of, library_at, sync
from vpd.library.videos import OK, VideoRow, Videos
from vpd.library.working_copy import WorkingCopy
from vpd.types import Segment
from vpd.verbs.remove import RemoveRequest, remove_video

pytest.importorskip("obstore")
RECIPE = Recipe("made", 1)


@pytest.fixture
def store(monkeypatch, tmp_path):
    """A store in memory, in the place of every URL."""
    there = in_memory("s3://bucket/lib")
    monkeypatch.setattr(copy_contents, "store_of", lambda url: there)
    monkeypatch.setattr("vpd.library.working_copy.store_of", lambda url: there)
    monkeypatch.setattr(opening, "open_store", lambda url: there)
    return there


@pytest.fixture
def copy(store, monkeypatch, tmp_path):
    """Makes the working copy of a computer, by its name."""

    def made(name):
        monkeypatch.setenv(opening.FOLDER, str(tmp_path / name))
        return copy_of("s3://bucket/lib")

    return made


@pytest.fixture
def two(copy):
    """A library with one video, made on one computer and opened on another."""
    one = copy("one")
    one.settings.write_text("")
    with locked(one.videos):
        Videos(one, [VideoRow("v", "s3://b/v.mp4", "", 1, 1, "k", frames=250, end_s=10.0, status=OK)]).write()
    sync(one)
    return one, copy("two")


def table(rows=200_000, seed=0):
    """More than is fetched whole."""
    return pa.table({"x": np.random.default_rng(seed).standard_normal(rows)})


def add(layout, label, at=1.0):
    return LabelStore(layout).add([NewLabel(Segment("v", at, at + 1, label=label))])[0]


def named(layout):
    return [label.segment.label for label in LabelStore(layout).read().labels]


def test_another_computer_sees_the_library(two, monkeypatch, tmp_path):
    assert list(Videos.read(two[1]).rows) == ["v"]
    monkeypatch.setenv(opening.FOLDER, str(tmp_path / "three"))
    assert library_at("s3://bucket/lib/").settings.is_file()


def test_what_is_no_library_is_said(store, monkeypatch, tmp_path):
    monkeypatch.setenv(opening.FOLDER, str(tmp_path))
    with pytest.raises(InputError, match=r"s3://bucket/lib is not a library\. Make one with `vpd new"):
        library_at("s3://bucket/lib")
    assert not list(tmp_path.iterdir())  # it is as if nobody had asked


def test_a_copy_of_which_nothing_was_published_is_a_library(copy, store):
    copy("one").settings.write_text("")  # `vpd new` was killed
    assert library_at("s3://bucket/lib").settings.is_file()
    assert store.look("vpd.toml")


def test_edits_of_two_computers_are_both_kept(two):
    one, other = two
    add(one, "a")
    add(other, "b")
    add(one, "c")
    assert named(one) == ["a", "b", "c"]
    sync(other)
    assert named(other) == ["a", "b", "c"]


def test_a_server_that_has_the_library_open_sees_the_others_labels(two):
    one, other = two
    pages = LabelStore(one)
    assert pages.read().labels == []
    add(other, "b")
    assert [label.segment.label for label in pages.read().labels] == ["b"]


def test_undo_undoes_the_last_change_of_whatever_computer(two):
    one, other = two
    add(one, "a")
    add(other, "b")
    LabelStore(one).undo()
    sync(other)
    assert named(other) == ["a"]


def test_an_artefact_is_an_outline_until_it_is_read(two):
    one, other = two
    path = one.crops("v")
    with locked(path):
        write_arrow(table(), path, RECIPE)
    sync(other)
    there, known = other.crops("v"), WorkingCopy(other.root).state.get
    assert not known("crops/v.arrow").whole
    assert is_current(there, RECIPE)
    assert not is_current(there, Recipe("made", 2))
    assert there.stat().st_size == path.stat().st_size
    assert not known("crops/v.arrow").whole
    assert read_table(there).equals(table())
    assert known("crops/v.arrow").whole
    assert there.read_bytes() == path.read_bytes()
    assert is_current(there, RECIPE)


@pytest.mark.parametrize("read", [map_table, read_table, check])
def test_every_way_to_read_brings_the_content(two, read):
    one, other = two
    with locked(one.crops("v")):
        write_arrow(table(), one.crops("v"), RECIPE)
    sync(other)
    read(other.crops("v"))
    assert other.crops("v").read_bytes() == one.crops("v").read_bytes()


def test_parquet_has_outlines_too(two):
    one, other = two
    with locked(one.poses("v")):
        write_parquet(table(), one.poses("v"), RECIPE)
    sync(other)
    assert is_current(other.poses("v"), RECIPE)
    assert read_table(other.poses("v")).equals(table())


def test_what_another_has_made_meanwhile_is_found_under_the_lock(two):
    one, other = two
    with locked(one.crops("v")):
        write_arrow(table(), one.crops("v"), RECIPE)
    with locked(other.crops("v")):
        assert is_current(other.crops("v"), RECIPE)


def test_an_artefact_that_was_not_published_is_by_the_next_command(two, store):
    one, other = two
    write_arrow(
        table(), one.crops("v"), RECIPE
    )  # as where the program was killed before it let go of the lock
    sync(one)
    sync(other)
    assert read_table(other.crops("v")).equals(table())


def test_a_damaged_artefact_is_not_published(two):
    one, other = two
    path = one.crops("v")
    with locked(path):
        write_arrow(table(), path, RECIPE)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()  # the store in memory maps the file itself
    path.write_bytes(data)
    sync(one)
    sync(other)
    assert read_table(other.crops("v")).equals(table())
    assert read_table(one.crops("v")).equals(table())


def test_what_is_deleted_under_its_lock_is_gone(two):
    one, other = two
    with locked(one.crops("v")):
        write_arrow(table(), one.crops("v"), RECIPE)
    sync(other)
    with locked(other.crops("v")):
        other.crops("v").unlink()
    sync(one)
    assert not one.crops("v").exists()


def test_a_file_that_is_deleted_otherwise_comes_back(two):
    one, _ = two
    with locked(one.crops("v")):
        write_arrow(table(), one.crops("v"), RECIPE)
    one.crops("v").unlink()
    sync(one)
    assert read_table(one.crops("v")).equals(table())


def test_an_outline_whose_object_is_gone_says_so(two, store):
    one, other = two
    with locked(one.crops("v")):
        write_arrow(table(), one.crops("v"), RECIPE)
    sync(other)
    store.delete("crops/v.arrow")
    with pytest.raises(ArtefactError, match="is gone from the store"):
        read_table(other.crops("v"))


def test_a_hand_edit_is_published_by_the_next_command(two):
    one, other = two
    one.settings.write_text("[search]\ntop = 7\n")
    sync(one)
    sync(other)
    assert "top = 7" in other.settings.read_text()


def test_of_two_hand_edits_both_are_kept(two):
    one, other = two
    one.settings.write_text("# one\n")
    other.settings.write_text("# two\n")
    sync(one)
    said = []
    sync(other, said.append)
    assert other.settings.read_text() == "# one\n"
    assert (other.root / "vpd.unpublished.toml").read_text() == "# two\n"
    assert "changed here, and meanwhile on another computer" in said[0]
    sync(one)
    assert one.settings.read_text() == "# one\n"


def test_an_edit_on_top_of_a_hand_edit_that_was_overtaken_is_refused(two):
    one, other = two
    add(one, "a")
    sync(other)
    text = other.labels.read_text()
    other.labels.write_text(text.replace(",a,", ",mine,"))
    add(one, "b")
    with pytest.raises(StaleError, match=r"labels\.unpublished\.csv"):
        add(other, "c")
    assert named(other) == ["a", "b"]
    add(other, "c")
    assert named(other) == ["a", "b", "c"]


def test_a_student_comes_as_a_whole(two, store):
    one, other = two
    folder = one.student("vpd")
    for key in ("1", "2"):
        with locked(folder):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "student.safetensors").write_text(f"weights {key}")
            assert [s.key for s in store.listed("students/")] in ([], ["students/vpd.tar"])
            (folder / "config.json").write_text(f"config {key}")
        sync(other)
        found = other.student("vpd")
        assert (found / "student.safetensors").read_text() == f"weights {key}"
        assert (found / "config.json").read_text() == f"config {key}"


def test_a_training_that_has_not_ended_stays_here(two, store):
    one, _ = two
    with locked(one.student("vpd")):
        one.student("vpd").mkdir(parents=True)
        (one.student("vpd") / "checkpoint.safetensors").write_text("half")
    assert store.listed("students/") == []


def test_a_removed_video_is_removed_for_all_and_comes_back(two):
    one, other = two
    add(one, "a")
    with locked(one.crops("v")):
        write_arrow(table(), one.crops("v"), RECIPE)
    sync(other)
    remove_video(other, RemoveRequest("v"))
    sync(one)
    assert (list(Videos.read(one).rows), named(one), one.crops("v").exists()) == ([], [], False)
    remove_video(one, RemoveRequest("v", back=True))
    sync(other)
    assert named(other) == ["a"]
    assert read_table(other.crops("v")).equals(table())
    assert not [path for path in (other.root / "removed").rglob("*") if path.is_file()]


def test_results_locks_and_indexes_belong_to_one_computer(two, store):
    one, _ = two
    for name in ("results/search/a.csv", "index/vpd/a.arrow", ".noted.parquet", "note.txt"):
        (one.root / name).parent.mkdir(parents=True, exist_ok=True)
        (one.root / name).write_text("x")
    sync(one)
    left = {seen.key for seen in store.listed() if not seen.key.startswith(".locks/")}
    assert left == {"videos.parquet", "vpd.toml"}
