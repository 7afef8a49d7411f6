"""Folders are searched for recordings, whatever their names; what is left out has a reason."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.odd_files import make_pipe
from tests.shared import shared_path
from vpd.errors import VideoError
from vpd.library.layout import Layout
from vpd.pipeline.register import add_videos
from vpd.video import find_videos, read_video_info, write_video
from vpd.video.card import Card
from vpd.video.chapters import chapters


@pytest.fixture
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "a.mp4"
    write_video(np.zeros((2, 16, 16, 3), np.uint8), 10, path)
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path, content):
    for name in (
        "plain.mp4",
        "sub/UPPER.MOV",
        "sub/no suffix",
        "sub/odd.suffix",
        ".hidden.mp4",
        ".cache/a.mp4",
        "lib/results/a.mp4",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "lib" / "vpd.toml").write_text("")
    (tmp_path / "damaged.mkv").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("serve, smash\n" * 50)
    (tmp_path / "labels.csv").write_text("video,label\n")
    return tmp_path


def names(files, folder):
    return [path.relative_to(folder).as_posix() for path in files]


def test_folder(folder):
    found = find_videos([folder])
    right = ["damaged.mkv", "plain.mp4", "sub/UPPER.MOV", "sub/no suffix", "sub/odd.suffix"]
    assert names(found.videos, folder) == right
    assert not found.problems


def test_named_files_are_taken_as_they_are_and_once(folder):
    named = [folder / "notes.txt", folder / "plain.mp4", folder / "plain.mp4"]
    assert find_videos(named).videos == named[:2]


def test_one_bad_path_does_not_end_the_search(folder):
    (folder / "empty").mkdir()
    (folder / "sub" / "gone.mp4").symlink_to("nowhere/else.mp4")
    (folder / "sub" / "round").symlink_to(folder)
    make_pipe(folder / "sub" / "pipe.mp4")
    found = find_videos([folder / "absent.mp4", folder / "empty", folder / "sub", Path("/dev/null")])
    reasons = {path.name: str(reason) for path, reason in found.problems}
    assert reasons["absent.mp4"] == "does not exist"
    assert reasons["empty"] == "has no video in it"
    assert "nowhere/else.mp4, which is not there" in reasons["gone.mp4"]
    assert reasons["pipe.mp4"] == reasons["null"] == "is not a file"
    # The link that loops is followed once: all other files of the folder are found through it.
    assert {path.name for path in found.videos} >= {"UPPER.MOV", "no suffix", "odd.suffix"}


def test_folder_without_rights(folder, monkeypatch):
    """Simulated, since some users may read everything."""

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    (_, reason), *_ = find_videos([folder]).problems
    assert reason == "is a folder that cannot be read (Permission denied)"


def test_a_camera_card(tmp_path):
    card = shared_path("data/reports/camera_card/DCIM")
    found = find_videos([card])
    assert [path.name for path in found.videos] == ["DJI_0001.MP4", "GX010012.MP4", "seg0.ts"]
    reasons = {path.name: reason for path, reason in found.left_out}
    assert "proxy" in reasons["DJI_0001.LRF"]
    assert reasons["GL010012.LRV"].endswith("of GX010012.MP4")
    assert reasons["GX010012.THM"] == "a thumbnail"
    assert {reasons[name] for name in ("live.m3u8", "list.ffconcat")} == {"a list of other files"}
    assert {reasons[n] for n in ("anim.gif", "still.avif", "poster.webp", "poster.jpg")} == {"a picture"}
    assert "AppleDouble" in reasons["._GX010012.MP4"]
    result = add_videos(Layout(tmp_path), [card])
    assert result.added == ["DJI_0001", "GX010012", "seg0"]
    info = read_video_info(card / "100GOPRO" / "DJI_0001.MP4")
    assert (info.width, info.height) == (320, 240)


@pytest.mark.parametrize("name", ["live.m3u8", "list.ffconcat", "anim.gif", "still.avif", "poster.webp"])
def test_lists_and_pictures_are_never_opened(name):
    with pytest.raises(VideoError, match=r"list that names other files|picture"):
        read_video_info(shared_path("data/reports/camera_card/DCIM/100GOPRO") / name)


def test_lists_under_a_videos_name_are_not_opened(tmp_path, content):
    """A playlist called .mp4 must not pull in what it names."""
    (tmp_path / "real.mp4").write_bytes(content)
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile real.mp4\n")
    (tmp_path / "b.mp4").write_text("#EXTM3U\n#EXTINF:1,\nreal.mp4\n#EXT-X-ENDLIST\n")
    (tmp_path / "c.mp4").write_text("\n\n#EXTM3U\n/etc/passwd\n")
    found = find_videos([tmp_path])
    assert names(found.videos, tmp_path) == ["real.mp4"]
    for name in "abc":
        with pytest.raises(VideoError):
            read_video_info(tmp_path / f"{name}.mp4")


def test_proxies_by_name():
    files = [Path(name) for name in (
        "D/GX010012.MP4", "D/GL010012.LRV", "D/GOPR0013.MP4", "D/GOPR0013.LRV", "D/DJI_1.MP4", "D/DJI_1.LRF",
        "D/alone.LRV", "I/VID_20230101_120000_00_001.insv", "I/LRV_20230101_120000_01_001.insv",
        "S/CLIP/C0001.MP4", "S/SUB/C0001S03.MP4", "B/A001.mov", "B/Proxy/A001.mp4", "C/x.mp4",
        "C/x_proxy.mp4", "sub/ordinary.mp4",
    )]  # fmt: skip
    card = Card(files)
    proxies = [file.as_posix() for file in files if card.proxy(file)]
    assert proxies == [
        "D/GL010012.LRV", "D/GOPR0013.LRV", "D/DJI_1.LRF", "D/alone.LRV", "I/LRV_20230101_120000_01_001.insv",
        "S/SUB/C0001S03.MP4", "B/Proxy/A001.mp4", "C/x_proxy.mp4",
    ]  # fmt: skip
    assert "not here" in card.proxy(Path("D/alone.LRV"))


@pytest.mark.parametrize("name", ["$RECYCLE.BIN", "@eaDir", "System Volume Information", "Render Files"])
def test_folders_of_systems_and_programs_are_no_footage(tmp_path, content, name):
    for path in (tmp_path / "a.mp4", tmp_path / name / "deep" / "b.mp4"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = find_videos([tmp_path])
    assert found.videos == [tmp_path / "a.mp4"]
    assert [path for path, _ in found.left_out] == [tmp_path / name]
    assert not found.problems
    named = find_videos([tmp_path / name])  # by its own name it is searched
    assert named.videos == [tmp_path / name / "deep" / "b.mp4"]


@pytest.mark.parametrize("name", ["b.mp4.part", "b.mp4.crdownload", "b.mkv.tmp"])
def test_files_that_are_not_complete_are_left_out(tmp_path, content, name):
    for path in (tmp_path / "a.mp4", tmp_path / name):
        path.write_bytes(content)
    found = find_videos([tmp_path])
    assert found.videos == [tmp_path / "a.mp4"]
    assert found.left_out == [(tmp_path / name, "a file that is not complete yet (a download?)")]


def test_chapters():
    found = chapters(
        Path(name)
        for name in ["GX020012.MP4", "GX010012.MP4", "GX010013.MP4", "GP010014.MP4", "GOPR0014.MP4", "a.mp4"]
    )
    assert [[path.name for path in parts] for parts in found] == [
        ["GX010012.MP4", "GX020012.MP4"],
        ["GOPR0014.MP4", "GP010014.MP4"],
    ]


def test_long_names_have_short_ids_and_names_in_two_cases_two(tmp_path, content):
    long = "Roland_Garros_Finale_" + "x" * 220 + ".mp4"
    for name, more in ((long, b"1"), ("八" * 80 + ".mp4", b"2"), ("Cam.mp4", b"3"), ("cam.mp4", b"4")):
        (tmp_path / name).write_bytes(content + more)
    layout = Layout(tmp_path / "library")
    layout.root.mkdir()
    result = add_videos(layout, [tmp_path])
    assert len(result.added) == 4
    assert len({video.casefold() for video in result.added}) == 4
    assert max(len(video.encode()) for video in result.added) <= 120
    from vpd.library.videos import Videos

    assert {Path(row.path).name for row in Videos.read(layout).rows.values()} >= {long}


def test_a_name_that_is_not_utf8_is_said_and_the_rest_registered(tmp_path, content):
    (tmp_path / "good.mp4").write_bytes(content)
    bad = os.fsencode(tmp_path) + b"/latin1_\xe9t\xe9.mp4"
    try:
        Path(os.fsdecode(bad)).write_bytes(content + b"1")
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    result = add_videos(Layout(tmp_path / "library"), [tmp_path])
    assert result.added == ["good"]
    assert "not valid UTF-8" in result.problems[0][1]


def test_a_link_to_a_file_that_was_not_fetched(tmp_path):
    """As DataLad and git-annex leave a folder."""
    session = shared_path("data/reports/broken_symlink/session1.ts")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "session1.ts").write_bytes(session.read_bytes())
    (tmp_path / "data" / "session2.mp4").symlink_to(".git/annex/objects/xx/session2.mp4")
    done = subprocess.run(
        [sys.executable, "-m", "vpd", "new", str(tmp_path / "lib"), str(tmp_path / "data")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "1 video added" in done.stdout.replace("\n", " ")
    assert "session2.mp4" in " ".join((done.stdout + done.stderr).split())
    assert (tmp_path / "lib" / "videos.parquet").exists()
