"""`vpd labels import` and `export`: options, checks against the video, sources, and nothing lost."""

import json

import pytest

from tests.library.test_label_store import library
from vpd.errors import InputError, LabelError
from vpd.formats.table import FORMATS, export_segments
from vpd.library.label_store import Changes
from vpd.library.labels import write_labels
from vpd.library.videos import Videos
from vpd.types import Segment
from vpd.verbs import labels as verb


@pytest.fixture
def layout(tmp_path):
    return library(tmp_path / "lib")


@pytest.fixture(autouse=True)
def folder(tmp_path):
    (tmp_path / "lib").mkdir(exist_ok=True)


def spans(result):
    return [(x.segment.video, x.segment.start_s, x.segment.end_s, x.segment.label, x.source) for x in result]


def test_options_of_import(layout, tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("file,start_frame,end_frame,action,coder\nelsewhere.mp4,10,20,serve,anna\n")
    with pytest.raises(LabelError, match=r"line 2, column video: there is no video 'elsewhere.mp4'"):
        verb.import_labels(layout, verb.ImportRequest([path]))
    result = verb.import_labels(layout, verb.ImportRequest([path], video="two.2024.mp4", offset_s=3))
    assert spans(result.added) == [("two.2024", 4, 5, "serve", "csv:notes.csv")]
    assert layout.labels.read_text().splitlines()[0] == "video,athlete,start_s,end_s,label,id,source,coder"
    assert any("elsewhere.mp4 was taken for the video two.2024" in note for note in result.notes)
    assert json.loads(json.dumps(result.to_json()))["added"][0]["id"] == result.added[0].id


def test_a_span_outside_of_its_video_is_refused_and_nothing_is_added(layout, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.json"
    good.write_text("video,start_s,end_s,label\none,1,2,a\n")
    bad.write_text(json.dumps([{"video": "one", "fps": 10, "events": [{"frame": 5000, "label": "serve"}]}]))
    with pytest.raises(LabelError, match=r"do not fit their video.*\n.*'serve'.*ends at 500\.1 s"):
        verb.import_labels(layout, verb.ImportRequest([good, bad]))
    assert not layout.labels.exists()


def test_times_in_days_as_of_a_spreadsheet_are_refused(layout, tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("video,start_s,end_s,label\none,2.31E-05,4.05E-05,a\n")
    with pytest.raises(LabelError, match=r"shorter than a tenth of a frame\. Are its times in seconds"):
        verb.import_labels(layout, verb.ImportRequest([path]))


WRITTEN = [verb.CSV, *(name for name, form in FORMATS.items() if form.writes)]


@pytest.mark.parametrize("name", WRITTEN)
def test_names_of_other_programs_are_read_as_those_of_labels_csv(layout, tmp_path, name):
    """A no-break blank gives one name and a note; a letter that joins stays; both are known again."""
    segments = [Segment("one", 1, 2, None, "second\u00a0serve"), Segment("one", 3, 4, None, "تک\u200cدست")]
    media = {"one": verb.MediaOf(Videos.read(layout)).of("one")}
    if name == verb.CSV:
        files = [tmp_path / "labels.csv"]
        write_labels(files[0], segments)
    else:
        files = export_segments(name, segments, media, tmp_path / "out")
    found = verb.import_labels(layout, verb.ImportRequest(files))
    assert [label.segment.label for label in found.added] == ["second serve", "تک\u200cدست"]
    assert [note for note in found.notes if "U+00A0 NO-BREAK SPACE" in note and "'second serve'" in note]
    assert verb.import_labels(layout, verb.ImportRequest(files)).known == 2
    listed = verb.list_labels(layout, verb.ListRequest(labels=["second\u00a0serve"]))
    assert len(listed.labels) == 1


@pytest.mark.parametrize("name", WRITTEN)
def test_export_and_import_again_changes_nothing(layout, tmp_path, name):
    for span, label in (("one@1-2#0", "serve"), ("two.2024@3-4", "=lob, [x]")):
        verb.add_label(layout, verb.AddRequest(span, label))
    files = verb.export_labels(layout, verb.ExportRequest(name, tmp_path / "out")).files
    assert all(file.exists() for file in files)
    result = verb.import_labels(layout, verb.ImportRequest(files, name))
    assert {label.segment.label for label in result.added} <= {"serve", "=lob, [x]"}
    if name in (verb.CSV, "boris", "elan", "opensportslab", "sportscode"):
        assert (len(result.added), result.known) == (0, 2)


def test_edit_by_part_of_an_id(layout):
    (label,) = verb.add_label(layout, verb.AddRequest("one@1-2", "serve")).labels
    edited = verb.edit_label(layout, verb.EditRequest(label.id[:4], Changes(video="two.2024.mp4")))
    assert edited.labels[0].segment.video == "two.2024"
    with pytest.raises(InputError):
        verb.edit_label(layout, verb.EditRequest(label.id[:2], Changes(label="x")))


def test_an_unknown_file_is_an_error(layout, tmp_path):
    path = tmp_path / "x.json"
    for text in ("{}", '"x"', "null", "1", "[]", "[" * 100_000, '{"data": 1}', "[1]", '[{"id": 1}]'):
        path.write_text(text)
        for name in (None, *(name for name, form in FORMATS.items() if form.suffix == ".json")):
            if text == "[]" and name in ("label-studio", "e2e-spot"):
                continue  # no task, and no label, is what such a file may say
            with pytest.raises(LabelError):
                verb.import_labels(layout, verb.ImportRequest([path], name))


def test_a_file_without_a_label_is_named(layout, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("video,start_s,end_s,label\n")
    result = verb.import_labels(layout, verb.ImportRequest([path]))
    assert (result.added, result.notes) == ([], ("empty.csv: there is no label in it.",))
