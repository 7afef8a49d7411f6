"""`vpd labels check` names what later commands would refuse, and what is doubtful, by line."""

import numpy as np
import pytest

from tests.indexes import plain_index
from tests.library.test_label_store import library
from tests.shared import shared_path
from vpd.library.artefact import Recipe
from vpd.library.frames import write_index
from vpd.library.label_check import ERROR, check_labels
from vpd.library.labels import read_label_file
from vpd.library.tracks import write_tracks
from vpd.library.videos import VideoRow, Videos
from vpd.types import Track


@pytest.fixture
def layout(tmp_path):
    return library(tmp_path)


def findings(layout, text):
    layout.labels.write_text("video,athlete,start_s,end_s,label\n" + text)
    videos = Videos.read(layout)
    return [(f.level, f.kind, f.line) for f in check_labels(read_label_file(layout.labels, videos), videos)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one,,1,2,a\none,,1,2,a\none,,3,4,a\n", ("error", "duplicate", 3)),
        ("one,,1,2,a\none,0,1,2,a\n", ("error", "duplicate", 3)),
        ("one,,1,2,a\none,,1,2,b\n", ("error", "two labels", 3)),
        ("one,,1,2,Serve\none,,3,4,serve\n", ("error", "labels alike", 3)),
        ("one,,1,2,serve\none,,3,4,Reviewed\n", ("error", "labels alike", 3)),
        ("one,,1,2,top spin\none,,3,4,topspin\n", ("error", "labels alike", 3)),
        ("one,,1,2,top spin\none,,3,4,top  spin\n", ("note", "label spelt otherwise", 3)),
        ("one,,1,2,caf\u00e9\none,,3,4,cafe\u0301\n", ("note", "label spelt otherwise", 3)),
        ("one,,1,2,a\none,,1,200,a\n", ("error", "wrong row", 3)),
        ("one,,1,1.0000001,a\n", ("error", "wrong row", 2)),
        ("one,,1,2,a,b\n", ("error", "wrong row", 2)),
        ("one,,1,2,a\none,,1.5,3,b\n", ("note", "overlap", 3)),
        ("one,,1,2,a\n", ("note", "one example", None)),
        ("one,,1,2,a\none,,3,4,a\n", ("note", "one video", None)),
        ("one,,1,2,=1+1\n", ("note", "formula", 2)),
    ],
)
def test_findings(layout, text, expected):
    assert expected in findings(layout, text)


def test_what_is_allowed(layout):
    text = "one,,0,9,reviewed\none,1,1,2,a\none,2,1,2,a\ntwo.2024,,1,2,a\n"
    assert [f for f in findings(layout, text) if f[0] == ERROR] == []
    assert ("note", "overlap", 3) not in findings(layout, text)


def test_spans_without_a_frame_and_athletes_who_are_not_there(layout):
    times = np.arange(1000) / 10
    write_index(layout.frames("one"), plain_index(times), Recipe("scan", 1))
    boxes = np.tile([1.0, 2, 3, 4], (50, 1))
    track = Track(0, np.arange(50), times[:50], boxes, np.ones(50), np.full(50, "detected"))
    write_tracks(layout.tracks("one"), [track], Recipe("track", 1))
    lines = ["1.01,1.09,a", "2,3,b", "2,3,b", "50,51,b", "4.5,5.5,b", "4.3,5.2,b", "4,9,reviewed"]
    who = ["", "0", "99", "0", "0", "", ""]
    found = findings(layout, "".join(f"one,{w},{line}\n" for w, line in zip(who, lines, strict=True)))
    assert ("error", "no frame", 2) in found
    assert ("error", "no such athlete", 4) in found
    assert ("note", "nobody tracked", 5) in found
    assert ("note", "partly tracked", 6) in found
    assert {kind for _, kind, line in found if line in (3, 7, 8)} <= {"overlap"}


def test_videos_that_are_not_there_yet_or_not_usable(layout):
    videos = Videos.read(layout)
    videos.put(VideoRow("new", "/v/new.mp4", "", 1, 1))
    videos.put(VideoRow("newer", "/v/newer.mp4", "", 1, 1))
    videos.put(VideoRow("bad", "/v/bad.mp4", "", 1, 1).set_aside("empty"))
    videos.write()
    found = findings(layout, "new,,1,2,a\nbad,,1,2,a\nnewer,,1,2,a\n")
    assert [line for _, kind, line in found if kind == "video not scanned"] == [2]  # one note for all
    assert ("note", "video set aside", 3) in found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dup_overlap", [("duplicate", 3), ("two labels", 4)]),
        ("case_labels", [("labels alike", 3), ("labels alike", 5)]),
    ],
)
def test_reported_files(layout, name, expected):
    text = shared_path(f"data/reports/duplicate_and_conflicting_labels/{name}.csv").read_text()
    text = text.replace("match_1", "one").replace("match_2", "two.2024").partition("\n")[2]
    assert [(kind, line) for level, kind, line in findings(layout, text) if level == ERROR] == expected
