"""Labels and queries mean segments, or every wrong row is listed with its line."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpd.errors import InputError, LabelError
from vpd.library.cells import parse_time
from vpd.library.labels import parse_query, read_labels, write_labels
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.types import Segment, VideoInfo


def video(name, path, seconds):
    info = VideoInfo(name, Path(path), "k", 64, 48, 0, Fraction(10), np.arange(seconds * 10) / 10)
    return VideoRow(name, path, "", 1, 1).scanned(info)


@pytest.fixture
def videos(tmp_path):
    rows = [video("one", "/v/one.mp4", 10), video("court-two", "/v/court/two.mov", 100)]
    return Videos(Layout(tmp_path), [*rows, VideoRow("bad", "/v/bad.mp4", "", 1, 1).set_aside("empty")])


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_round_trip(tmp_path, videos):
    segments = [
        Segment("one", 0.25, 1.5, 3, "serve, flat"),
        Segment("court-two", 0.1 + 0.2, 9, None, "smash"),
    ]
    write_labels(tmp_path / "labels.csv", segments)
    assert read_labels(tmp_path / "labels.csv", videos) == [
        segments[0], Segment("court-two", 0.3, 9, None, "smash"),
    ]  # fmt: skip


def test_windows_survive_a_file_and_half_a_window_is_refused(tmp_path, videos):
    segments = [Segment("one", 2, 3, None, "jump", window_s=(0.5, 3.5)), Segment("one", 5, 6, None, "spin")]
    write_labels(tmp_path / "labels.csv", segments)
    assert read_labels(tmp_path / "labels.csv", videos) == segments
    path = write(
        tmp_path, "video,start_s,end_s,label,window_start_s,window_end_s\none,1,2,a,0.5,\none,1,2,a,3,2\n"
    )
    with pytest.raises(
        LabelError,
        match=r"(?s)line 2, column window_end_s: of window_start_s and window_end_s one is empty.*line 3",
    ):
        read_labels(path, videos)


def test_names_columns_and_times_as_people_write_them(tmp_path, videos):
    text = "\n".join(
        [
            "label; start_s ;end_s;video;by whom",
            "serve;1;2;one.mp4;anna",
            ";;;;",
            "smash;0:30.5;1:01;court/two.mov;ben",
            "lob;99;100.1;two;",
        ]
    )
    assert read_labels(write(tmp_path, text, "utf-8-sig"), videos) == [
        Segment("one", 1, 2, None, "serve"),
        Segment("court-two", 30.5, 61, None, "smash"),
        Segment("court-two", 99, 100.1, None, "lob"),
    ]


def test_every_wrong_row_is_listed_with_its_line(tmp_path, videos):
    text = """video,athlete,start_s,end_s,label
one,,1,2,good
nobody,,1,2,a
one,,-1,2,a
one,,3,2,a
one,,9,10.3,a
one,,nan,2,a
one,,1,later,a
one,x,1,2,a
one,,1,2,
one,,9,10.05,good
"""
    with pytest.raises(LabelError) as error:
        read_labels(write(tmp_path, text), videos)
    lines = str(error.value).splitlines()
    assert "8 rows are wrong" in lines[0]
    expected = [
        (3, "no video 'nobody'"),
        (4, "-1 to 2 s"),
        (5, "3 to 2 s"),
        (6, "ends at 10.3 s, the video one at 10.000 s"),
        (7, "'nan'"),
        (8, "'later'"),
        (9, "athlete 'x'"),
        (10, "label is empty"),
    ]
    for (line, what), said in zip(expected, lines[1:], strict=True):
        assert f"line {line}," in said
        assert what in said


@pytest.mark.parametrize(
    ("text", "what"),
    [("", "column video"), ("video,start_s,label\n", "column end_s"), ("\x00\xff", "cannot be read|missing")],
)
def test_a_file_that_is_no_labels(tmp_path, videos, text, what):
    with pytest.raises(LabelError, match=what):
        read_labels(write(tmp_path, text, "latin-1"), videos)


def test_no_labels_file(tmp_path, videos):
    with pytest.raises(LabelError, match="does not exist"):
        read_labels(tmp_path / "labels.csv", videos)


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("one@1-2.5", Segment("one", 1, 2.5)),
        ("court/two.mov@0:30.5-1:01#2", Segment("court-two", 30.5, 61, 2)),
        (" one.mp4@0-10 ", Segment("one", 0, 10)),
    ],
)
def test_query(videos, text, segment):
    assert parse_query(text, videos) == segment


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("one", "not a query"),
        ("one@1", "not a query"),
        ("one@1-x", "not a time"),
        ("one@2-1", "reversed"),
        ("one@2-20", "ends at 20 s"),
        ("three@1-2", "no video 'three'"),
        ("bad@1-2", "set aside: empty"),
        ("one@1:75-2:00", "below 60"),
    ],
)
def test_wrong_query(videos, text, what):
    with pytest.raises(InputError, match=what):
        parse_query(text, videos)


@given(st.integers(0, 99), st.integers(0, 59), st.floats(0, 59.999))
def test_clock_times(hours, minutes, seconds):
    expected = 3600 * hours + 60 * minutes + seconds
    assert parse_time(f"{hours}:{minutes}:{seconds:.6f}") == pytest.approx(expected, abs=1e-5)
    assert parse_time(repr(expected)) == expected
