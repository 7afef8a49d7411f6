"""Videos keep their ids, and are known again by content wherever they lie."""

import os
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.library.remote import Seen
from vpd.library.videos import NEW, OK, SET_ASIDE, Videos
from vpd.types import VideoInfo


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def key_of(paths) -> str:
    return ",".join(path.read_bytes().hex() for path in paths)


@pytest.fixture
def videos(tmp_path):
    (tmp_path / "lib").mkdir()
    return Videos(Layout(tmp_path / "lib"))


def test_ids_are_stems_and_unique_in_any_case(tmp_path, videos):
    names = ["a/cam.mp4", "b/cam.MOV", "b/CAM.avi", "név with spaces.MOV", "e\u0301 x.mp4", "what: is?.mp4"]
    files = [put(tmp_path / name, str(i).encode() * (i + 1)) for i, name in enumerate(names)]
    assert videos.register(files, key_of).added == [
        "cam", "b-cam", "b-CAM-2", "név with spaces", "\u00e9 x", "what_ is_",
    ]  # fmt: skip
    assert videos.register(files, key_of).known == list(videos.rows)


def test_table_round_trip(tmp_path, videos):
    videos.register([put(tmp_path / "a.mp4", b"1"), put(tmp_path / "b.mp4", b"22")], key_of)
    info = VideoInfo(
        "a", tmp_path / "a.mp4", "k", 64, 48, 90, Fraction(30000, 1001), np.array([0.5, 0.6]), "w"
    )
    videos.put(videos["a"].scanned(info))
    videos.put(videos["b"].set_aside("no video stream"))
    videos.write()
    read = Videos.read(videos.layout)
    assert read.rows == videos.rows
    assert (read["a"].status, read["b"].status, read["b"].error) == (OK, SET_ASIDE, "no video stream")
    assert read["a"].fps == Fraction(30000, 1001)
    assert read["a"].end_s == pytest.approx(0.7)
    assert read.usable() == ["a"]


def test_a_moved_file_is_known_again(tmp_path, videos):
    old = put(tmp_path / "a.mp4", b"content")
    videos.register([old], key_of)
    videos.put(videos["a"].scanned(VideoInfo("a", old, key_of([old]), 1, 1, 0, Fraction(25), np.zeros(1))))
    new = tmp_path / "elsewhere" / "renamed.mp4"
    new.parent.mkdir()
    old.rename(new)
    with pytest.raises(InputError, match="is gone"):
        videos.file("a")
    assert videos.register([new], key_of).moved == [(new, "a")]
    assert (videos.file("a"), videos["a"].status, len(videos)) == (new, OK, 1)


def test_the_same_content_twice_is_one_video(tmp_path, videos):
    first, copy = put(tmp_path / "a.mp4", b"content"), put(tmp_path / "b.mp4", b"content")
    other = put(tmp_path / "c.mp4", b"CONTENT")
    result = videos.register([first, copy, other], key_of)
    assert (result.added, result.duplicates) == (["a", "c"], [(copy, "a")])


def test_a_library_moves_with_or_without_its_videos(tmp_path):
    for with_videos in (True, False):
        home = tmp_path / f"home{with_videos}"
        layout = Layout(home / "lib")
        layout.root.mkdir(parents=True)
        videos = Videos(layout)
        videos.register([put(home / "videos" / "a.mp4", b"content")], key_of)
        videos.write()
        away = tmp_path / f"away{with_videos}"
        if with_videos:
            shutil.move(home, away)
            expected = away / "videos" / "a.mp4"
        else:
            shutil.move(home / "lib", away / "lib")
            expected = home / "videos" / "a.mp4"
        assert Videos.read(Layout(away / "lib")).file("a") == expected


def test_a_changed_file_is_noticed(tmp_path, videos):
    path = put(tmp_path / "a.mp4", b"content")
    videos.register([path], key_of)
    assert not videos.changed("a")
    path.write_bytes(b"other content")
    assert videos.changed("a")
    assert videos.stamped("a").bytes == 13
    assert videos["a"].status == NEW


def test_all_are_in_trouble_that_are_so_one_by_one(tmp_path, videos):
    files = [put(tmp_path / f"{name}.mp4", name.encode()) for name in "abcdefg"]
    videos.register(files, key_of, joined=[files[5:7]])
    videos.register_urls(["s3://b/url.mp4"], lambda url: Seen(1, 1))
    videos.put(videos["b"].set_aside("no video stream"))
    videos.write()
    files[2].unlink()
    files[3].write_bytes(b"another")
    files[6].unlink()
    read = Videos.read(videos.layout)
    read.put(read["e"].set_aside("a later step failed"))
    assert read.troubles() == {v: why for v in videos.rows if (why := read.trouble(v))}
    assert list(read.troubles()) == ["b", "c", "d", "e", "f"]
    assert read.content_keys() == {v: row.key for v, row in videos.rows.items()}


def test_names_that_mean_a_video(tmp_path, videos):
    files = [put(tmp_path / name, name.encode()) for name in ("x/cam.mp4", "y/cam.mp4", "y/e\u0301.v2.MOV")]
    videos.register(files, key_of)
    assert videos.id_of("cam") == "cam"
    for name in ("y-cam", "y/cam.mp4", "y/cam", str(files[1]), "y\\cam.mp4", "./y/cam.mp4"):
        assert videos.id_of(name) == "y-cam", name
    for name in ("\u00e9.v2", "e\u0301.v2", "é.v2.MOV", "y/é.v2"):
        assert videos.id_of(name) == "é.v2", name
    with pytest.raises(InputError, match="any of the videos cam, y-cam"):
        videos.id_of("cam.mp4")
    for name in ("", "nothing", "z/cam.mp4", "am.mp4"):
        with pytest.raises(InputError, match="no video"):
            videos.id_of(name)


def test_files_of_a_clock_far_ahead_are_registered_and_unchanged(videos, tmp_path):
    """Nanoseconds after the year 2262 are more than a table holds."""
    path = put(tmp_path / "a.mp4", b"content")
    os.utime(path, (2**34, 2**34))
    videos.register([path], key_of)
    videos.write()
    assert not Videos.read(videos.layout).changed("a")
