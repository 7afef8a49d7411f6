"""One function from what a person writes to a video."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vpd.errors import InputError
from vpd.library.csv_file import Columns, csv_text, parse_table
from vpd.library.ids import new_id
from vpd.library.layout import Layout
from vpd.library.names import VideoNames
from vpd.library.videos import VideoRow, Videos

LETTERS = st.sampled_from([*"aAéÅß打 .@#%-_'+()[]{}&=~$!,;0123456789", "e\u0301", "\u212b"])
NAMES = st.lists(LETTERS, min_size=1, max_size=8).map("".join).filter(lambda name: name.strip(" ."))
FOLDERS = st.sampled_from(["cam1", "cam2", "2024.05", "a b"])
FILES = st.lists(st.tuples(FOLDERS, NAMES, st.sampled_from([".mp4", ".MOV", ".ts"])), min_size=1, max_size=5)


def library(files) -> Videos:
    """A table of videos with the ids that registering gives them."""
    taken, rows = set(), []
    for path in dict.fromkeys(unicodedata.normalize("NFC", f"/films/{f}/{n}{s}") for f, n, s in files):
        video = new_id(Path(path), taken)
        taken.add(video.casefold())
        rows.append(VideoRow(video, path, "", 1, 1))
    return Videos(Layout(Path("/lib")), rows)


@settings(max_examples=200, deadline=None)
@given(FILES, st.sampled_from(["NFC", "NFD"]))
def test_ids_paths_and_names_mean_their_video_or_are_ambiguous(files, form):
    videos = library(files)
    for row in videos.rows.values():
        assert videos.id_of(unicodedata.normalize(form, row.video)) == row.video
        path = Path(row.path)
        for name in (row.path, path.name, f"{path.parent.name}/{path.name}", path.with_suffix("").as_posix()):
            written = unicodedata.normalize(form, name)
            for spelt in (
                written,
                written.replace("/", "\\"),
                f"./{written}" if name != row.path else written,
            ):
                found = videos.matches(spelt)
                exact = unicodedata.normalize("NFC", spelt) in videos.rows
                assert row.video in found or exact
                if len(found) > 1:
                    with pytest.raises(InputError, match="may be any of"):
                        videos.id_of(spelt)


@settings(max_examples=200, deadline=None)
@given(FILES)
def test_an_id_written_into_a_table_is_read_back_as_itself(files):
    videos = library(files)
    text = csv_text(["video"], ([video] for video in videos.rows))
    table = parse_table(text, Path("t.csv"), Columns(("video",)))
    assert [videos.id_of(record.raw("video")) for record in table.records()] == list(videos.rows)


@given(FILES, NAMES)
def test_a_name_that_no_file_has_means_nothing(files, name):
    videos = library(files)
    folded = unicodedata.normalize("NFC", name).casefold().strip()
    known = [text.casefold() for r in videos.rows.values() for text in (Path(r.path).name, r.video)]
    assume(not any(folded in other or other.strip() == folded for other in known))
    with pytest.raises(InputError, match="there is no video"):
        videos.id_of(f"{name}")


NAMED = VideoNames(
    [
        ("final.2023", "/v/final.2023.mp4"),
        ("final.2024", "/v/final.2024.mp4"),
        ("match", "/v/cam1/match.mp4"),
        ("cam2-match", "/v/cam2/match.mp4"),
        ("Émile #1 100%@home", "/v/Émile #1 100%@home.MOV"),
        ("on windows", "C:/Films/On Windows.mp4"),
    ]
)


@pytest.mark.parametrize(
    ("text", "video"),
    [
        ("final.2023", "final.2023"),
        ("final.2024.mp4", "final.2024"),
        ("FINAL.2024.MP4", "final.2024"),
        ("match", "match"),
        ("cam2/match.mp4", "cam2-match"),
        ("CAM2\\Match", "cam2-match"),
        ("../cam2/match.mp4", "cam2-match"),
        (" E\u0301mile #1 100%@home.MOV ", "Émile #1 100%@home"),
        (r"C:\Films\On Windows.mp4", "on windows"),
        (r"films\on windows.mp4", "on windows"),
    ],
)
def test_names(text, video):
    assert NAMED.find(text) == video


@pytest.mark.parametrize(
    "text", ["final", "match.mov", "/other/cam2/match.mp4", "", ".", "/", "..", "%C3%89mile"]
)
def test_no_names(text):
    with pytest.raises(InputError, match="there is no video"):
        NAMED.find(text)


def test_an_ambiguous_name_lists_the_candidates():
    with pytest.raises(InputError, match=r"'match\.mp4' may be any of the videos cam2-match, match"):
        NAMED.find("match.mp4")


def test_a_misspelt_name_is_answered_with_what_is_like_it():
    with pytest.raises(InputError, match=r"Did you mean 'final\.202"):
        NAMED.find("finall.2023.mp4")


@pytest.mark.parametrize(
    ("path", "video"),
    [
        ("/home/anna/films/cam2/match.mp4", "cam2-match"),
        (r"D:\season\final.2024.mp4", "final.2024"),
        ("/data/cam1/match", "match"),
    ],
)
def test_paths_of_other_computers(path, video):
    assert NAMED.find_from_elsewhere(path) == video


def test_a_path_of_another_computer_may_be_ambiguous():
    with pytest.raises(InputError, match="may be any of"):
        NAMED.find_from_elsewhere("/home/anna/match.mp4")


@pytest.mark.parametrize("text", ["one.mp4/", "one/", "cam1/one.mp4\\", "/films/cam1/one.mp4/ ", "/", "\\"])
def test_a_path_of_a_folder_names_no_video(text):
    assert library([("cam1", "one", ".mp4")]).names.matches(text) == []
