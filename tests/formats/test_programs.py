"""Exports load in the readers of the other programs' own makers, where these are installed.

pip install pympi-ling label-studio-sdk datumaro
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.formats.test_formats import MEDIA
from vpd.errors import InputError, LabelError
from vpd.formats.table import FORMATS, export_segments, guess_format, import_segments
from vpd.types import Detection, Segment

FOUND = [
    Detection("match 1", 1.0, 2.0, 0, "serve", 0.9),
    Detection("match 1", 1.5, 3.0, 0, "smash & lob", 0.8),
    Detection("b", 0.0, 0.2, None, "serve", 0.7),
]


def test_elan(tmp_path):
    pympi = pytest.importorskip("pympi")
    paths = export_segments("elan", FOUND, MEDIA, tmp_path)
    read = []
    for path in paths:
        file = pympi.Eaf(str(path))
        read += [a for tier in file.get_tier_names() for a in file.get_annotation_data_for_tier(tier)]
    assert sorted(read) == [(0, 200, "serve"), (1000, 2000, "serve"), (1500, 3000, "smash & lob")]


def test_label_studio(tmp_path):
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    (path,) = export_segments("label-studio", FOUND, MEDIA, tmp_path)
    interface = sdk.LabelInterface(path.with_name("label-studio_config.xml").read_text(encoding="utf-8"))
    interface.validate()
    for task in json.loads(path.read_text(encoding="utf-8")):
        assert interface.validate_task({"data": task["data"]})
        assert all(interface.validate_prediction(p) for p in task["predictions"])


def test_cvat(tmp_path):
    datumaro = pytest.importorskip("datumaro")
    paths = export_segments("cvat", FOUND, MEDIA, tmp_path)
    for path in paths:
        data = datumaro.Dataset.import_from(str(path), "cvat")
        names = {c.name for c in data.categories()[datumaro.AnnotationType.label]}
        assert names >= {d.label for d in FOUND if MEDIA[d.video].video.endswith(path.stem)}
        assert any(item.annotations for item in data)


def find(name):
    for media in MEDIA.values():
        if name in (media.path, media.name, media.video):
            return media
    raise InputError(f"there is no video {name!r}")


def read(name, path, tiers=()):
    found = import_segments(name, path, find, tiers).segments
    return sorted((s.video, round(s.start_s, 6), round(s.end_s, 6), s.label) for s in found)


def test_what_pympi_writes_is_read(tmp_path):
    """A time origin, a subdivided tier whose inner slots have no time, a tier that hangs on another."""
    pympi = pytest.importorskip("pympi")
    file = pympi.Eaf(author="a")
    file.add_linked_file(
        "file:///films/b.mov", relpath="./b.mov", mimetype="video/quicktime", time_origin=500
    )
    file.add_linguistic_type("strokes", timealignable=True)
    file.add_linguistic_type("hands", constraints="Symbolic_Association", timealignable=False)
    file.add_tier("strokes", "strokes")
    file.add_tier("hands", "hands", "strokes")
    for start, end, value in ((1000, 2500, "serve"), (4000, 5000, "lob & smash")):
        file.add_annotation("strokes", start, end, value)
    file.add_ref_annotation("hands", "strokes", 1100, "left")
    file.remove_tier("default")
    path = tmp_path / "b.eaf"
    file.to_file(str(path))
    strokes = [("b", 1.5, 3.0, "serve"), ("b", 4.5, 5.5, "lob & smash")]
    assert read("elan", path, ("strokes",)) == strokes
    assert read("elan", path, ("hands",)) == [("b", 1.5, 3.0, "left")]
    assert read("elan", path, ("all",)) == sorted([*strokes, ("b", 1.5, 3.0, "left")])


def test_what_label_studios_sdk_makes_is_read(tmp_path):
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    interface = sdk.LabelInterface(
        '<View><TimelineLabels name="a" toName="v"><Label value="serve"/><Label value="lob"/>'
        '</TimelineLabels><Video name="v" value="$video" frameRate="$fps"/></View>'
    )
    control = interface.get_control("a")
    regions = [
        control.label(label=[name], ranges=[{"start": first, "end": last}])
        for name, first, last in (("serve", 26, 50), ("lob", 101, 125))
    ]
    regions = [json.loads(json.dumps(region._dict())) for region in regions]
    annotation = {**interface.generate_sample_annotation(), "completed_by": 1, "result": regions}
    cancelled = {**annotation, "was_cancelled": True, "result": regions[:1]}
    task = {"id": 1, "data": {"video": "/data/upload/1/0a1b2c3d-b.mov", "fps": 25}}
    assert interface.validate_task({"data": task["data"]})
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{**task, "annotations": [annotation, cancelled]}]))
    assert read("label-studio", path) == [("b", 1.0, 2.0, "serve"), ("b", 4.0, 5.0, "lob")]
    other = {**annotation, "completed_by": 2, "result": regions[1:]}
    path.write_text(json.dumps([{**task, "annotations": [annotation, other]}]))
    with pytest.raises(LabelError, match=r"2 people annotated it \(1, 2\)"):
        read("label-studio", path)
    assert read("label-studio", path, ("2",)) == [("b", 4.0, 5.0, "lob")]
    # JSON-MIN: values of the annotation beside the data of the task
    values = [region["value"] for region in regions]
    path.write_text(json.dumps([{**task["data"], "id": 1, "a": values, "annotator": 1}]))
    assert read("label-studio", path) == [("b", 1.0, 2.0, "serve"), ("b", 4.0, 5.0, "lob")]


def test_what_datumaro_writes_as_cvat_is_read(tmp_path):
    dm = pytest.importorskip("datumaro")
    items = [
        dm.DatasetItem(
            id=f"frame_{i:06d}",
            media=dm.Image.from_numpy(np.zeros((8, 8, 3), np.uint8)),
            attributes={"frame": i},
            annotations=[dm.Label(0)] if i < 30 or i > 40 else [],
        )
        for i in range(25, 50)
    ]
    dm.Dataset.from_iterable(items, categories=["serve"]).export(
        str(tmp_path / "out"), "cvat", save_media=False
    )
    (written,) = (tmp_path / "out").rglob("*.xml")
    path = written.with_name("b.xml")
    path.write_text(written.read_text().replace("<name>default</name>", "<name>b.mov</name>"))
    assert read("cvat", path) == [("b", 1.0, 1.2, "serve"), ("b", 1.64, 2.0, "serve")]


VIA = {
    "project": {"pid": "__VIA_PROJECT_ID__", "rev": "__VIA_PROJECT_REV_ID__", "pname": "strokes",
                "data_format_version": "3.1.2", "creator": "VGG Image Annotator", "vid_list": ["1"]},
    "config": {"file": {"loc_prefix": {"1": "", "2": "", "3": "", "4": ""}}, "ui": {}},
    "attribute": {"1": {"aname": "TEMPORAL-SEGMENTS", "anchor_id": "FILE1_Z2_XY0", "type": 4, "desc": "",
                        "options": {"0": "serve", "1": "lob"}, "default_option_id": ""}},
    "file": {"1": {"fid": "1", "fname": "b.mov", "type": 4, "loc": 1, "src": "b.mov"}},
    "metadata": {"1_aXbY": {"vid": "1", "flg": 0, "z": [1.25, 2.5], "xy": [], "av": {"1": "0"}},
                 "1_cZdW": {"vid": "1", "flg": 0, "z": [7.0], "xy": [], "av": {"1": "1"}}},
    "view": {"1": {"fid_list": ["1"]}},
}  # fmt: skip
KINOVEA = """<?xml version="1.0" encoding="utf-8"?>
<KinoveaVideoAnalysis>
  <FormatVersion>2.0</FormatVersion>
  <Producer>Kinovea.0.9.5</Producer>
  <OriginalFilename>b.mov</OriginalFilename>
  <FullPath>C:\\films\\b.mov</FullPath>
  <ImageSize>1280;720</ImageSize>
  <AverageTimeStampsPerFrame>512</AverageTimeStampsPerFrame>
  <CaptureFramerate>25</CaptureFramerate>
  <UserFramerate>25</UserFramerate>
  <FirstTimeStamp>1024</FirstTimeStamp>
  <SelectionStart>1024</SelectionStart>
  <Keyframes>
    <Keyframe id="0c8f1ea6-4ad3-4b0e-8d2d-6a58e1b5d5e6">
      <Position UserTime="0:00:01:00">13824</Position>
      <Title>impact</Title>
      <Comment></Comment>
    </Keyframe>
    <Keyframe id="5f8b1a8e-0f5a-4f38-a3f5-c5a2d37bd8d0">
      <Position UserTime="0:00:02:00">26624</Position>
      <Title>0:00:02:00</Title>
    </Keyframe>
  </Keyframes>
</KinoveaVideoAnalysis>
"""


def test_projects_of_via_and_kinovea(tmp_path):
    via, kva = tmp_path / "strokes.json", tmp_path / "b.kva"
    via.write_text(json.dumps(VIA))
    kva.write_text(KINOVEA, encoding="utf-8-sig")
    assert (guess_format(via), guess_format(kva)) == ("via", "kinovea")
    assert read("via", via) == [("b", 1.25, 2.5, "serve"), ("b", 7.0, 7.04, "lob")]
    assert read("kinovea", kva) == [("b", 1.0, 1.04, "impact")]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.writes])
def test_ten_thousand_labels_there_and_back(tmp_path, name):
    long = {"b": replace(MEDIA["b"], frames=1_000_000, duration_s=40_000.0)}
    labels = [Segment("b", i * 2.0, i * 2.0 + 0.4, None, f"label {i % 7}") for i in range(10_000)]
    (path,) = export_segments(name, labels, long, tmp_path)
    back = import_segments(name, path, lambda _: long["b"]).segments
    assert len(back) == 10_000
    assert [s.label for s in sorted(back, key=lambda s: s.start_s)] == [s.label for s in labels]
