"""Splits, subsets, queries, picks and given files all take a name for the video that labels take it for."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.library.test_names import FILES, library
from vpd.athletes.picks import Pick, read_picks, write_picks
from vpd.errors import InputError, LabelError
from vpd.library.csv_file import write_rows
from vpd.library.user_files import UserFiles
from vpd.recognition.actions import action_key, segment_key, video_meant
from vpd.recognition.queries import read_queries
from vpd.recognition.split import Place, read_split, write_split
from vpd.recognition.subsets import read_subsets
from vpd.types import Segment

SPELLINGS = {
    "id": lambda row: row.video,
    "file": lambda row: Path(row.path).name,
    "path": lambda row: row.path,
    "windows": lambda row: row.path.replace("/", "\\"),
    "decomposed": lambda row: unicodedata.normalize("NFD", Path(row.path).name),
    "large": lambda row: Path(row.path).name.upper(),
    "blanks": lambda row: f" {row.video} ",
}


@settings(max_examples=40, deadline=None)
@given(FILES, st.sampled_from(sorted(SPELLINGS)))
def test_every_list_means_the_video_that_labels_mean(tmp_path_factory, files, spelling):
    videos, folder = library(files), tmp_path_factory.mktemp("lists")
    meant = {}
    for row in videos.rows.values():
        written = SPELLINGS[spelling](row)
        if "/" in row.video or videos.matches(written) != [row.video]:
            continue  # ambiguous, or another video's id
        meant[row.video] = written
    segments = [Segment(video, 1.0, 2.5, label="a") for video in meant]
    write_rows(folder / "splits.csv", ["video", "split"], ([name, "train"] for name in meant.values()))
    if meant:
        assert set(read_split(folder / "splits.csv", videos.names)) == set(meant)
    for number, (video, written) in enumerate(meant.items()):
        assert video_meant(written, videos.names) == video
        action = f"{written.strip()}@0:01-2.50"
        if not videos.matches(action):
            assert action_key(action, videos.names) == segment_key(segments[number])
            (folder / "subsets.json").write_text(json.dumps({"1": [[action]]}))
            assert read_subsets(folder / "subsets.json", segments, videos.names)[1][0].tolist() == [number]
            write_rows(folder / "queries.csv", ["video"], [[action]])
            assert read_queries(folder / "queries.csv", segments, videos.names) == [number]
    write_picks(folder / "athletes.csv", [Pick(name.strip(), 1, 2, 3) for name in meant.values()])
    found = {pick.video for pick in read_picks(folder / "athletes.csv", videos.names)}
    assert found == set(meant)


@settings(max_examples=25, deadline=None)
@given(FILES)
def test_a_split_that_was_written_is_read_back(tmp_path_factory, files):
    videos, path = library(files), tmp_path_factory.mktemp("split") / "splits.csv"
    places = {video: Place(f"scene {i}", "train") for i, video in enumerate(videos.rows)}
    write_split(path, places)
    assert read_split(path, videos.names) == places


@pytest.mark.parametrize("name", ["b.csv", "B.mp4.csv", "B.CSV", "cam.v2.csv", "cam.v2.MP4.csv", "x@1-2.csv"])
def test_boxes_are_found_by_any_name_of_their_video(tmp_path, name):
    videos = library([("f", "b", ".mp4"), ("f", "cam.v2", ".MP4"), ("f", "x@1-2", ".mp4")])
    videos.layout = type(videos.layout)(tmp_path)
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / name).write_text("frame,x,y,w,h\n")
    files = UserFiles(videos.layout, videos.names)
    assert files.problems == []
    (video,) = files.boxes
    assert video.casefold() == name.casefold().removesuffix(".csv").removesuffix(".mp4")


def test_an_ambiguous_name_is_refused_everywhere(tmp_path):
    names = library([("cam1", "a", ".mp4"), ("cam2", "a", ".mp4")]).names
    path = tmp_path / "splits.csv"
    path.write_text("video,split\na.mp4,train\n")
    with pytest.raises(LabelError, match=r"line 2, column video: 'a\.mp4' may be any of the videos"):
        read_split(path, names)
    (tmp_path / "s.json").write_text('{"1": [["a.mp4@1-2"]]}')
    with pytest.raises(LabelError, match=r"'a\.mp4' may be any of"):
        read_subsets(tmp_path / "s.json", [Segment("a", 1, 2)], names)
    (tmp_path / "p.csv").write_text("video,time_s,x,y\na.mp4,1,2,3\n")
    with pytest.raises(InputError, match=r"'a\.mp4' may be any of"):
        read_picks(tmp_path / "p.csv", names)
