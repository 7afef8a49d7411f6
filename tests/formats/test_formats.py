"""Labels survive the way to other programs and back; damaged files are refused with a sentence."""

import csv
import json
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vpd.errors import InputError, LabelError
from vpd.formats.table import FORMATS, Media, export_segments, import_segments, written_format
from vpd.types import Detection, Segment

MEDIA = {
    "match 1": Media("match 1", "/films/Match 1 (é).mp4", 30.0, 3000, 640, 360, 100.0),
    "b": Media("b", "/films/b.mov", 25.0, 2500, 1280, 720, 100.0),
}
SEGMENTS = [
    Segment("match 1", 1.0, 2.0, 0, "serve"),
    Segment("match 1", 1.5, 3.0, 0, "smash & lob"),
    Segment("match 1", 10.0, 11.0, 1, "serve"),
    Segment("b", 0.0, 0.2, None, "serve"),
]


def find(name):
    for media in MEDIA.values():
        if name in (media.path, media.name, media.video):
            return media
    raise InputError(f"there is no video {name!r}")


SPANS = [name for name, form in FORMATS.items() if form.writes and name != "e2e-spot"]
"""Formats that are written and know spans."""
ATHLETES = [name for name in SPANS if name not in ("cvat", "activitynet")]


def sorted_by_time(segments):
    return sorted(segments, key=lambda s: (s.video, s.start_s, s.end_s))


@pytest.mark.parametrize("name", SPANS)
def test_there_and_back(name, tmp_path):
    paths = export_segments(name, SEGMENTS, MEDIA, tmp_path)
    back = sorted_by_time([s for path in paths for s in import_segments(name, path, find).segments])
    expected = sorted_by_time(SEGMENTS)
    assert [(s.video, s.label) for s in back] == [(s.video, s.label) for s in expected]
    times = [[(s.start_s, s.end_s) for s in segments] for segments in (back, expected)]
    np.testing.assert_allclose(*times, atol=1e-6)
    if name in ATHLETES:
        assert [s.athlete for s in back] == [s.athlete for s in expected]


@pytest.mark.parametrize("name", SPANS)
def test_detections_are_written(name, tmp_path):
    found = [Detection("b", 1.0, 2.0, None, "serve", 0.75)]
    (path,) = export_segments(name, found, {"b": MEDIA["b"]}, tmp_path)
    back = import_segments(name, path, find).segments
    assert [(s.start_s, s.end_s, s.label) for s in back] == [(1.0, 2.0, "serve")]


@pytest.mark.parametrize("name", SPANS)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 200)), max_size=6),
    label=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8),
)
def test_whole_frames_come_back_exactly(name, spans, label, tmp_path):
    segments = [Segment("b", first / 25, (first + n) / 25, None, label) for first, n in spans]
    (path,) = export_segments(name, segments, {"b": MEDIA["b"]}, tmp_path)
    back = import_segments(name, path, find).segments
    assert sorted((round(s.start_s * 25), round(s.end_s * 25)) for s in back) == sorted(
        (first, first + n) for first, n in spans
    )
    assert {s.label for s in back} <= {label}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"nonsense", b"<a/>", b'[{"data": 3}]'])
def test_damaged_files_are_refused(name, content, tmp_path):
    path = tmp_path / "b.x"
    path.write_bytes(content)
    with pytest.raises(LabelError):
        import_segments(name, path, find)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "latin-1"])
def test_entities_are_refused(tmp_path, encoding):
    path = tmp_path / "b.eaf"
    text = '<!DOCTYPE x [<!ENTITY a "aaaa">]><ANNOTATION_DOCUMENT>&a;</ANNOTATION_DOCUMENT>'
    named = f'<?xml version="1.0" encoding="{encoding.removesuffix("-be")}"?>'
    path.write_bytes((named + text).encode(encoding))
    with pytest.raises(LabelError, match="entities"):
        import_segments("elan", path, find)


def test_unknown_video_and_format(tmp_path):
    with pytest.raises(InputError, match="nothing is known"):
        export_segments("boris", SEGMENTS, {}, tmp_path)
    (path,) = export_segments("boris", SEGMENTS[:1], {"match 1": MEDIA["match 1"]}, tmp_path)
    with pytest.raises(LabelError, match="no video"):
        import_segments("boris", path, lambda name: find("another"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("word", "there is no written format 'word'; there are csv, "),
        ("hudl", "hudl takes files of sportscode."),
        ("kinovea", "kinovea is read and not written; written are csv, "),
    ],
)
def test_a_format_that_is_not_written_is_answered_with_those_that_are(name, said):
    with pytest.raises(InputError) as raised:
        written_format(name, "csv")
    assert said in str(raised.value)
    named = str(raised.value).split("are ")[1]
    assert ("via" not in named, "activitynet" in named) == (True, True)


def test_elan_tiers_never_overlap(tmp_path):
    path = export_segments("elan", SEGMENTS, MEDIA, tmp_path)[0]
    root = ElementTree.parse(path).getroot()
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE")) for s in root.iter("TIME_SLOT")}
    assert len(list(root.iter("TIER"))) == 3
    for tier in root.iter("TIER"):
        spans = [
            (slots[a.get("TIME_SLOT_REF1")], slots[a.get("TIME_SLOT_REF2")])
            for a in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_boris_project_pairs_state_events(tmp_path):
    (path,) = export_segments("boris", SEGMENTS, MEDIA, tmp_path)
    project = json.loads(path.with_suffix(".boris").read_text(encoding="utf-8"))
    events = project["observations"]["match 1"]["events"]
    assert [e[0] for e in events] == [1.0, 1.5, 2.0, 3.0, 10.0, 11.0]
    assert {b["code"] for b in project["behaviors_conf"].values()} == {"serve", "smash & lob"}
    with path.open(encoding="utf-8", newline="") as file:
        assert [row["Behavior type"] for row in csv.DictReader(file)] == ["STATE"] * 4


def test_label_studio_counts_frames_from_one(tmp_path):
    (path,) = export_segments("label-studio", SEGMENTS, MEDIA, tmp_path)
    task = next(
        t for t in json.loads(path.read_text(encoding="utf-8")) if t["data"]["video"].endswith("b.mov")
    )
    assert task["annotations"][0]["result"][0]["value"]["ranges"] == [{"start": 1, "end": 5}]


def test_irregular_frames_keep_their_times(tmp_path):
    times = np.cumsum(np.r_[0.0, np.random.default_rng(0).uniform(0.01, 0.08, 400)])
    media = Media("b", "/films/b.mov", 25.0, len(times), 640, 360, times[-1], times_s=times)
    segment = Segment("b", times[20], times[60], None, "serve")
    (path,) = export_segments("cvat", [segment], {"b": media}, tmp_path)
    (back,) = import_segments("cvat", path, lambda _: media).segments
    np.testing.assert_allclose([back.start_s, back.end_s], [times[20], times[60]])
    # Label Studio counts time at a constant rate, whatever the frames do.
    (path,) = export_segments("label-studio", [segment], {"b": media}, tmp_path)
    (back,) = import_segments("label-studio", path, lambda _: media).segments
    np.testing.assert_allclose([back.start_s, back.end_s], [times[20], times[60]], atol=0.5 / 25 + 1e-9)
