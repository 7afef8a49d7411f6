"""BORIS: several files, offsets, points, states without an end; all its exports and the project."""

import json

import pytest

from vpd.errors import InputError, LabelError
from vpd.formats.table import Media, guess_format, import_segments

MEDIA = {name: Media(name, f"/v/{name}.mp4", 25.0, 2500, 64, 48, 100.0, start_s) for name, start_s in
         (("a", 0.0), ("b", 1.5))}  # fmt: skip
HEAD = (
    "Observation id,Observation date,Observation type,Source,Time offset (s),Media duration (s),"
    "Subject,Behavior"
)
FILES = "Media file(s),player #1:C:\\films\\a.mp4;C:\\films\\b.mp4|player #2:c.mp4,10,100.000;100.000|60.000"


def find(path):
    name = path.replace("\\", "/").rpartition("/")[2].removesuffix(".mp4")
    if name not in MEDIA:
        raise InputError(f"there is no video {path!r}")
    return MEDIA[name]


def read(path, text):
    path.write_text(text, encoding="utf-8")
    assert guess_format(path) == "boris"
    found = import_segments("boris", path, find)
    return [(s.video, s.athlete, round(s.start_s, 6), round(s.end_s, 6), s.label) for s in found.segments]


def test_aggregated_events_run_through_the_files_from_the_offset_on(tmp_path):
    rows = [
        f"{HEAD},Behavior type,Start (s),Stop (s),Duration (s),Media file name",
        f"o,2024-01-01 00:00:00,{FILES},athlete 2,serve,STATE,12.000,13.000,1.000,a.mp4",
        f"o,2024-01-01 00:00:00,{FILES},No focal subject,lob,STATE,111.000,112.500,1.500,b.mp4",
        f"o,2024-01-01 00:00:00,{FILES},,hit,POINT,20.000,20.000,NA,a.mp4",
    ]
    expected = [("a", 2, 2, 3, "serve"), ("b", None, 2.5, 4, "lob"), ("a", None, 10, 10.04, "hit")]
    assert read(tmp_path / "x.csv", "\n".join(rows)) == expected
    assert read(tmp_path / "x.tsv", "\n".join(rows).replace(",", "\t")) == expected


def test_tabular_events_are_paired(tmp_path):
    rows = [f"{HEAD},Behavior type,Time,Media file name,Comment"]
    events = ["serve,START,12", "lob,START,12.5", "serve,STOP,13", "lob,STOP,14", "hit,POINT,15"]
    for behaviour, status, time in (event.split(",") for event in events):
        rows.append(f"o,2024-01-01,{FILES},,{behaviour},{status},{time},a.mp4,")
    expected = [("a", None, 2, 3, "serve"), ("a", None, 2.5, 4, "lob"), ("a", None, 5, 5.04, "hit")]
    assert read(tmp_path / "x.csv", "\n".join(rows)) == expected
    with pytest.raises(LabelError, match="'lob' has no end"):
        read(tmp_path / "x.csv", "\n".join(row for row in rows if "lob,STOP" not in row))
    with pytest.raises(LabelError, match="'lob' stops and never started"):
        read(tmp_path / "x.csv", "\n".join(row for row in rows if "lob,START" not in row))


V7 = """Observation id\to\t\t
\t\t\t
Media file(s)\t\t\t
\t\t\t
Player #1\tfilms/a.mp4\t\t
\t\t\t
Time offset (s)\t1.0\t\t
\t\t\t
Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
3.0\tfilms/a.mp4\t100.0\t25.0\tathlete 1\tserve\t\t\tSTART
4.5\tfilms/a.mp4\t100.0\t25.0\tathlete 1\tserve\t\t\tSTOP
"""


def test_tabular_events_of_version_7(tmp_path):
    assert read(tmp_path / "x.tsv", V7) == [("a", 1, 2, 3.5, "serve")]
    with pytest.raises(LabelError, match=r"2 files.*Import the \.boris project"):
        read(tmp_path / "x.tsv", V7.replace("films/a.mp4\t\t\n", "films/a.mp4\t\t\n\tfilms/b.mp4\t\t\n", 1))


def test_an_old_export_that_does_not_say_which_of_several_files_is_refused(tmp_path):
    text = (
        "Observation id,Media file,Total length,Subject,Behavior,Behavior type,Start (s),Stop (s)\n"
        "o,a.mp4,{},,serve,STATE,1.0,2.0\n"
    )
    assert read(tmp_path / "x.csv", text.format(100.0)) == [("a", None, 1, 2, "serve")]
    with pytest.raises(LabelError, match="several files"):
        read(tmp_path / "x.csv", text.format(200.0))


def project(events, files=("a.mp4", "b.mp4"), **about):
    lengths = dict.fromkeys(("a.mp4", "b.mp4"), 100.0)
    observation = {
        "type": "MEDIA",
        "file": {"1": list(files), "2": ["c.mp4"]},
        "time offset": 10.0,
        "events": events,
    }
    types = {"serve": "State event", "hit": "Point event"}
    return json.dumps(
        {
            "behaviors_conf": {str(i): {"code": c, "type": t} for i, (c, t) in enumerate(types.items())},
            "observations": {"o": observation | {"media_info": {"length": lengths}} | about},
        }
    )


def test_a_project(tmp_path):
    events = [[12.0, "", "serve", "", ""], [15.0, "x", "hit", "", "note"], [13.0, "", "serve", "", ""],
              [120.0, "", "serve", "", "", 7], [121.0, "", "serve", "", "", 8]]  # fmt: skip
    path = tmp_path / "x.boris"
    assert sorted(read(path, project(events))) == [
        ("a", None, 2, 3, "serve"), ("a", None, 5, 5.04, "hit"), ("b", None, 11.5, 12.5, "serve"),
    ]  # fmt: skip
    found = import_segments("boris", path, find)
    assert [dict(own) for own in found.own] == [{}, {"comment": "note", "subject": "x"}, {}]
    assert any("c.mp4" in note for note in found.notes)
    with pytest.raises(LabelError, match="'serve' at 121 s has no end"):
        read(path, project([*events[:3], events[4]]))
    with pytest.raises(LabelError, match=r"begins in a\.mp4 and ends in b\.mp4"):
        read(path, project([[105.0, "", "serve", "", ""], [115.0, "", "serve", "", ""]]))
    with pytest.raises(LabelError, match="how long each"):
        read(path, project(events, media_info={}))
    moved = {"length": {"a.mp4": 100.0}, "offset": {"1": 0.5}}
    with pytest.raises(LabelError, match=r"player 1 is moved by 0\.5 s"):
        read(path, project(events[:3], files=("a.mp4",), media_info=moved))
