"""What a run meets in files and folders: each ends in a sentence, and nothing is lost."""

import re

import numpy as np
import pytest

from tests.pipeline.made import made_library, make_video
from tests.shared import shared_path
from vpd.crops import CropFile
from vpd.errors import ArtefactError, InputError
from vpd.library.features import read_features
from vpd.library.frames import read_times
from vpd.library.labels import on_set_aside, read_labels
from vpd.library.layout import Layout
from vpd.library.tracks import read_tracks
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.pipeline.status import status

CLIPS = {
    "whole.mp4": 100,
    "truncated.mp4": 48,
    "corrupt_middle.mp4": 83,
    "vfr.mp4": 76,
    "rotated.mp4": 60,
    "one_frame.mp4": 1,
    "odd_size.mp4": 40,
    "név with spaces.MOV": 60,
    "no_person.mp4": 60,
}
"""Small clips that can be read, with the frames that decode at least."""
UNREADABLE = {
    "truncated_no_index.mp4": "cannot be opened as a video",
    "garbage.mp4": "cannot be opened as a video",
    "empty.mp4": "the file is empty",
    "audio_only.mp4": "no video stream",
}
LARGE = {
    "sports2d_demo.mp4": 230,
    **{f"pose2sim_single_cam0{n}.mp4": 100 for n in (1, 2, 3, 4)},
    **{f"pose2sim_multi_cam0{n}.mp4": 100 for n in (1, 2)},
}


def library_of(folder, names) -> Layout:
    clips = shared_path("data/clips")
    layout = make_library(folder / "lib")
    add_videos(layout, [clips / name for name in names])
    return layout


def test_every_clip_is_read_or_set_aside_with_its_reason(tmp_path):
    layout = library_of(tmp_path, [*CLIPS, *UNREADABLE])
    report = run(layout, ["scan"], jobs=1)
    assert not report.complete
    assert set(report.set_aside) == {name.removesuffix(".mp4") for name in UNREADABLE}
    for name, reason in UNREADABLE.items():
        assert name in report.set_aside[name.removesuffix(".mp4")]
        assert reason in report.set_aside[name.removesuffix(".mp4")]
    videos = Videos.read(layout)
    for name, least in CLIPS.items():
        row = videos[name]
        exact = row.frames == least if name != "truncated.mp4" else least <= row.frames <= 50
        assert exact, (name, row.frames)
        assert len(read_times(layout.frames(row.video))) == row.frames
    assert set(report.warnings) >= {"truncated", "corrupt_middle"}
    assert (videos["rotated"].width, videos["rotated"].height) == (360, 640)
    assert (videos["odd_size"].width, videos["odd_size"].height) == (359, 641)
    assert run(layout, ["scan"]).made == {}, "what cannot be read is not tried again before it changes"


def test_the_folder_of_clips_is_taken_whole(tmp_path):
    clips = shared_path("data/clips")
    layout = make_library(tmp_path / "lib")
    added = add_videos(layout, [clips]).added
    names = {row.path.rsplit("/", 1)[1] for row in Videos.read(layout).rows.values()}
    assert names == {*CLIPS, *UNREADABLE, *LARGE}
    assert len(added) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("names", [list(CLIPS), list(LARGE)], ids=["small", "large"])
def test_every_readable_clip_goes_the_whole_way(tmp_path, names):
    layout = library_of(tmp_path, names)
    report = run(layout, ["crop", "teach"])
    assert report.set_aside == {}
    for video, row in Videos.read(layout).rows.items():
        tracks = read_tracks(layout.tracks(video))
        crops = CropFile(layout.crops(video))
        sequences = read_features(layout.features("joints2d", video))
        assert len(crops) == sum(len(t.frames) for t in tracks), video
        assert (sum(len(s) for s in sequences) > 0) == (video != "no_person"), video
        assert all(t.frames.max() < row.frames for t in tracks)
        for s in sequences:
            np.testing.assert_array_equal(s.times_s, read_times(layout.frames(video))[s.frames])


def test_a_folder_without_rights(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    opened = type(layout.root).open

    def refused(path, mode="r", *args, **kwargs):
        if path.is_relative_to(layout.root) and mode not in ("r", "rb"):
            raise PermissionError(13, "Permission denied")
        return opened(path, mode, *args, **kwargs)

    monkeypatch.setattr(type(layout.root), "open", refused)
    with pytest.raises(InputError, match=r"lib.* cannot be written \(Permission denied\)\. Check the rights"):
        run(layout)


def test_one_folder_without_rights_names_it(tmp_path, monkeypatch):
    layout = made_library(tmp_path, ["a"])
    made = type(layout.root).mkdir

    def refused(path, *args, **kwargs):
        if path.name == "tracks":
            raise PermissionError(13, "Permission denied")
        made(path, *args, **kwargs)

    monkeypatch.setattr(type(layout.root), "mkdir", refused)
    reason = run(layout, ["track"]).set_aside["a"]
    assert re.search(r"track: .*tracks/a\.parquet cannot be written \(Permission denied\)", reason)


def test_a_library_where_none_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="one of its folders is a file"):
        make_library(tmp_path / "file" / "lib")


def test_a_damaged_table_of_videos_is_said_and_mended(tmp_path):
    layout = made_library(tmp_path, ["a", "b"])
    run(layout, ["track"])
    layout.videos.write_bytes(layout.videos.read_bytes()[:-20])
    with pytest.raises(ArtefactError, match="damaged"):
        status(layout)
    assert run(layout, ["track"]).made == {}
    assert status(layout).steps["track"].current == 2


def test_labels_of_set_aside_videos_are_counted(tmp_path):
    layout = made_library(tmp_path, ["a"])
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    add_videos(layout, [tmp_path / "bad.mp4"])
    run(layout, ["scan"])
    layout.labels.write_text("video,start_s,end_s,label\na,0,0.1,jump\nbad,0,1,jump\nbad,1,2,spin\n")
    videos = Videos.read(layout)
    assert on_set_aside(read_labels(layout.labels, videos), videos) == {"bad": 2}


def test_a_video_that_became_another_one(tmp_path):
    layout = made_library(tmp_path, ["a"])
    run(layout, ["track"])
    make_video(tmp_path / "videos" / "a.mp4", seed=5)
    assert run(layout, ["track"]).made == {"scan": 1, "track": 1}
