"""A run does what is missing or out of date, and nothing else, past videos that fail."""

import errno
import os
import platform
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.pipeline.made import FRAMES, made_library, make_video, set_settings, write_boxes
from vpd.errors import DiskFullError, SettingsError
from vpd.library.poses import read_poses
from vpd.library.tracks import read_tracks
from vpd.library.videos import OK, SET_ASIDE, Videos
from vpd.pipeline import table
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.pipeline.status import status
from vpd.verbs.remove import RemoveRequest, remove_video

VIDEO_STEPS = ["track", "pose", "crop", "teach"]
pytestmark = pytest.mark.usefixtures("quick")


def artefacts(layout):
    """Every artefact and when it was written."""
    tops = ("frames", "tracks", "poses", "crops", "features", "students")
    return {
        str(path.relative_to(layout.root)): path.stat().st_mtime_ns
        for top in tops
        for path in sorted((layout.root / top).rglob("*"))
        if path.is_file()
    }


def steps_made(layout, before):
    """Folders in which something was written since."""
    return sorted({path.split("/")[0] for path, at in artefacts(layout).items() if before.get(path) != at})


def test_the_whole_way_and_nothing_twice(tmp_path):
    layout = made_library(tmp_path, ["a", "b"])
    report = run(layout)
    assert report.complete
    assert report.made == {"scan": 2, "track": 2, "pose": 2, "crop": 2, "teach": 2, "distill": 1, "embed": 2}
    assert len(read_tracks(layout.tracks("a"))[0].frames) == FRAMES
    assert len(read_poses(layout.poses("a"))[0].frames) == FRAMES
    assert layout.feature_names() == ["joints2d", "vpd"]
    assert status(layout).up_to_date
    before = artefacts(layout)
    again = run(layout)
    assert (again.made, again.complete) == ({}, True)
    assert artefacts(layout) == before


def test_what_a_change_makes_out_of_date(tmp_path):
    layout = made_library(tmp_path, ["a"])
    run(layout)
    for settings, made in (
        ("[crop]\npadding = 0.2\n", ["crops", "features", "students"]),
        ("[crop]\npadding = 0.2\n[pose]\nbatch = 3\n", []),
        ("[crop]\npadding = 0.2\n[pose]\nsecond_pass_below = 0.0\n", ["features", "poses", "students"]),
        ("[crop]\npadding = 0.2\n[pose]\nsecond_pass_below = 0.0\n[search]\n", []),
    ):
        before = artefacts(layout)
        set_settings(layout, settings)
        run(layout)
        assert steps_made(layout, before) == made, settings
    before = artefacts(layout)
    write_boxes(layout, "a", x=25)
    run(layout)
    assert steps_made(layout, before) == ["crops", "features", "poses", "students", "tracks"]


def test_new_videos_need_no_pose_and_no_training(tmp_path):
    layout = made_library(tmp_path, ["a", "b"])
    run(layout)
    add_videos(layout, [make_video(tmp_path / "videos" / "c.mp4", 7)])
    write_boxes(layout, "c")
    report = run(layout)
    assert report.made == {"scan": 1, "track": 1, "crop": 1, "embed": 1}
    assert not layout.poses("c").exists()
    found = status(layout)
    assert found.up_to_date
    assert (found.student["learned_from"], found.student["new"]) == (2, 1)
    assert found.steps["pose"].spared == 1
    report = run(layout, redistill=True)
    assert report.made == {"pose": 1, "teach": 1, "distill": 1, "embed": 3}
    assert status(layout).student["learned_from"] == 3
    assert run(layout, redistill=True).made == {}


def test_a_removed_video_counts_as_learned_from_until_the_student_is_made_again(tmp_path):
    layout = made_library(tmp_path, ["a", "b", "c"])
    run(layout)
    remove_video(layout, RemoveRequest("b"))
    counts = ("learned_from", "removed", "new")
    assert [status(layout).student[name] for name in counts] == [3, 1, 0]
    assert run(layout).made == {}
    assert run(layout, redistill=True).made == {"distill": 1, "embed": 2}
    assert [status(layout).student[name] for name in counts] == [2, 0, 0]


def test_a_video_that_splits_csv_tests_is_not_new_to_the_student(tmp_path):
    layout = made_library(tmp_path, ["a", "b"])
    with (layout.root / "trainer.toml").open("a") as trainer:
        trainer.write('learn_from = "training"\n')
    layout.splits.write_text("video,split\na,train\nb,test\n")
    run(layout)
    assert (status(layout).student["learned_from"], status(layout).student["new"]) == (1, 0)


def test_a_step_by_its_name_does_what_it_needs(tmp_path):
    layout = made_library(tmp_path, ["a"])
    assert run(layout, ["crop"]).made == {"scan": 1, "track": 1, "crop": 1}
    assert not layout.poses("a").exists()
    assert run(layout, ["teach"]).made == {"pose": 1, "teach": 1}


def test_a_damaged_artefact_is_made_again(tmp_path):
    layout = made_library(tmp_path, ["a"])
    run(layout)
    for path in (layout.tracks("a"), layout.poses("a"), layout.crops("a"), layout.frames("a")):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        assert not status(layout).up_to_date
        run(layout)
        assert path.read_bytes() == whole
        assert status(layout).up_to_date


def test_a_lost_table_is_found_in_the_artefacts(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    run(layout)
    rows = Videos.read(layout).rows
    layout.videos.unlink()
    layout.videos_copy.unlink()
    add_videos(layout, [tmp_path / "videos"])
    monkeypatch.setattr("vpd.pipeline.scan.scan_video", None)
    run(layout)
    assert Videos.read(layout).rows == rows


def test_a_failing_video_is_set_aside_and_tried_again(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a", "b", "c"])
    (tmp_path / "videos" / "d.mp4").write_bytes(b"no video")
    add_videos(layout, [tmp_path / "videos"])
    pose = table.STEPS["pose"]

    def fails(work, wanted):
        if work.video == "b":
            raise ValueError("odd")
        pose.make(work, wanted)

    monkeypatch.setitem(table.STEPS, "pose", replace(pose, make=fails, watch=None))
    report = run(layout)
    assert not report.complete
    assert set(report.set_aside) == {"b", "d"}
    assert report.set_aside["b"].startswith("pose: unexpected ValueError: odd")
    assert "cannot be opened" in report.set_aside["d"]
    assert (report.made["pose"], report.made["embed"]) == (2, 2)
    monkeypatch.setitem(table.STEPS, "pose", pose)
    assert set(run(layout, redistill=True).set_aside) == {"d"}
    videos = Videos.read(layout)
    assert (videos["b"].status, videos["d"].status) == (OK, SET_ASIDE)
    make_video(tmp_path / "videos" / "d.mp4", 9)
    write_boxes(layout, "d")
    assert run(layout).complete
    assert layout.features("vpd", "d").exists()


def test_a_file_that_is_gone(tmp_path):
    layout = made_library(tmp_path, ["a", "b"])
    run(layout)
    (tmp_path / "videos" / "a.mp4").unlink()
    report = run(layout)
    assert report.made == {}, "nothing is to do that needs the file"
    assert "is gone" in report.missing["a"]
    assert not report.complete
    set_settings(layout, "[crop]\npadding = 0.2\n")
    report = run(layout)
    assert "is gone" in report.set_aside["a"]
    assert report.made["crop"] == 1


def test_a_library_that_moved(tmp_path):
    layout = made_library(tmp_path / "here", ["a"])
    run(layout)
    (tmp_path / "here").rename(tmp_path / "there")
    moved = type(layout)(tmp_path / "there" / "lib")
    assert run(moved).made == {}
    assert status(moved).up_to_date


def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a", "b"])
    run(layout, ["track"])
    rows = Videos.read(layout).rows
    sync = os.fsync

    def full(descriptor):
        written = os.fstat(descriptor)
        if any(os.path.samestat(written, path.stat()) for path in (layout.root / "poses").iterdir()):
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="The disk is full"):
        run(layout)
    assert Videos.read(layout).rows == rows
    monkeypatch.setattr(os, "fsync", sync)
    assert run(layout).complete


def test_a_wrong_setting_is_named(tmp_path):
    layout = made_library(tmp_path, ["a"], "[crop]\npading = 0.2\n")
    with pytest.raises(SettingsError, match=r"crop\.pading"):
        run(layout)


def test_what_killed_runs_left_is_removed(tmp_path):
    layout = made_library(tmp_path, ["a"])
    layout.tracks("a").parent.mkdir(exist_ok=True)
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    host = platform.node()[:24]
    left = layout.tracks("a").with_name(f".a.parquet.{host}.{int(ended.stdout)}.0123abcd.part")
    in_work = layout.tracks("a").with_name(f".a.parquet.{host}.{os.getpid()}.0123abcd.part")
    elsewhere = layout.tracks("a").with_name(f".a.parquet.other-host.{int(ended.stdout)}.0123abcd.part")
    for part in (left, in_work, elsewhere):
        part.write_bytes(b"half")
    run(layout, ["scan"])
    assert not left.exists()
    assert in_work.exists()
    assert elsewhere.exists()
    os.utime(elsewhere, (0, 0))
    run(layout, ["scan"])
    assert not elsewhere.exists()


def test_a_checkpoint_that_a_kill_left_behind_the_end_of_a_training_is_removed(tmp_path, quick):
    layout = made_library(tmp_path, ["a"])
    assert run(layout).complete
    left = layout.student("vpd") / "checkpoint.safetensors"
    left.write_bytes(b"82 MB")
    assert run(layout).made == {}
    assert not left.exists()
