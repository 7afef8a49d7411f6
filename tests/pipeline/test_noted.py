"""Notes of what was up to date save opening files, and never hide what is not."""

import os
import shutil

import pytest

from tests.pipeline.made import made_library, make_video
from vpd.library import artefact
from vpd.machine import WINDOWS
from vpd.pipeline import sources as module
from vpd.pipeline.check import check_library
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.pipeline.status import status


def noted_library(folder):
    """Two videos that are tracked and posed, and whose notes are written."""
    layout = made_library(folder, ["a", "b"])
    shutil.rmtree(layout.boxes("").parent)  # what the user gives is looked at each time
    run(layout, ["teach", "crop"])
    run(layout, ["teach", "crop"])
    assert layout.noted.is_file()
    return layout


@pytest.fixture
def layout(tmp_path):
    return noted_library(tmp_path)


def due(layout):
    return {video: row["due"] for video, row in status(layout).videos.items()}


def counted(monkeypatch):
    """The artefacts whose recipes are read from here on."""
    looked = []
    real = artefact.is_current

    def is_current(path, recipe):
        looked.append(path)
        return real(path, recipe)

    monkeypatch.setattr(module, "is_current", is_current)
    return looked


def test_what_is_noted_is_not_opened(layout, monkeypatch):
    looked = counted(monkeypatch)
    assert due(layout) == {"a": ["embed"], "b": ["embed"]}
    assert {path.parent.name for path in looked} <= {"vpd"}
    run(layout, ["teach", "crop"])
    assert {path.parent.name for path in looked} <= {"vpd"}


@pytest.mark.skipif(WINDOWS, reason="Windows has no such names")
def test_a_folder_may_have_a_name_with_a_star(tmp_path):
    """The star stands for the id in notes."""
    folder = tmp_path / "a * of [stars]"
    folder.mkdir()
    assert due(noted_library(folder)) == {"a": ["embed"], "b": ["embed"]}


@pytest.mark.parametrize("place", [-6, 40], ids=["metadata", "contents"])
def test_what_a_check_found_damaged_is_due_although_it_was_noted(layout, place):
    path = layout.tracks("a")
    content, times = bytearray(path.read_bytes()), path.stat()
    content[place] ^= 0x40
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert [d.path for d in check_library(layout, deep=True).damaged] == [path]
    assert "track" in due(layout)["a"]


def test_notes_may_be_deleted_or_damaged(layout, monkeypatch):
    expected = due(layout)
    layout.noted.write_bytes(layout.noted.read_bytes()[:-40])
    assert due(layout) == expected
    layout.noted.unlink()
    looked = counted(monkeypatch)
    assert due(layout) == expected
    assert {"tracks", "poses", "crops", "frames"} <= {path.parent.name for path in looked}


@pytest.mark.parametrize("change", ["deleted", "written", "replaced"])
def test_an_artefact_that_changed_is_due(layout, change):
    path = layout.tracks("a")
    if change == "deleted":
        path.unlink()
    elif change == "written":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.write_bytes(b"other")
        state = layout.tracks("b").stat()
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert "track" in due(layout)["a"]
    assert due(layout)["b"] == ["embed"]


def test_settings_make_the_later_steps_due_alone(layout):
    layout.settings.write_text(layout.settings.read_text() + "[crop]\npadding = 0.31\n")
    found = due(layout)
    assert "crop" in found["a"]
    assert "track" not in found["a"]
    assert "pose" not in found["a"]


def test_a_pick_makes_its_video_due(layout):
    layout.picks.write_text("video,time_s,x,y\na,0.1,20,30\n")
    found = due(layout)
    assert "track" in found["a"]
    assert found["b"] == ["embed"]


def test_a_replaced_video_and_a_new_one_are_due(layout):
    footage = layout.root.parent / "videos"
    make_video(footage / "b.mp4", seed=7)
    make_video(footage / "c.mp4", seed=8)
    add_videos(layout, [footage])
    found = due(layout)
    assert found["a"] == ["embed"]
    assert "scan" in found["b"]
    assert "scan" in found["c"]
    run(layout, ["teach", "crop"])
    assert due(layout) == {"a": ["embed"], "b": ["embed"], "c": ["embed"]}


def test_a_status_writes_nothing(layout):
    layout.noted.unlink()
    status(layout)
    assert not layout.noted.exists()
