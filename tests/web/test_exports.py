"""What the page exports lies in a new folder of the library: nothing that is there is touched."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.web.made import ended, job_of, made_library, result_of
from vpd import Library
from vpd.errors import InputError, LabelError
from vpd.library.frames import Recording, read_times
from vpd.library.label_store import LabelStore, NewLabel
from vpd.library.labels import REVIEWED, read_labels
from vpd.library.layout import Layout
from vpd.library.own_folder import MARK
from vpd.library.videos import VideoRow, Videos
from vpd.report.detection_video import write_reel
from vpd.report.playlist import write_playlist
from vpd.types import Detection, Segment
from vpd.web.app import make_app
from vpd.web.exports import WRITTEN

FOREIGN = (
    "reel.mp4", "compare.mp4", "0001.mp4", "labels.csv", "export/reel.mp4", "export-1/0001.mp4", "boris.csv",
    "compare/compare.mp4", "few_shot/notes.txt", "export-20260101-000000/reel.mp4", "index.html",
)  # fmt: skip
BODIES = [
    *({"output": "file", "format": name} for name in WRITTEN),
    {"output": "reel"},
    {"output": "clips"},
    {"output": "playlist"},
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_library(tmp_path_factory.mktemp("exports"), videos=3, frames=120)


@pytest.fixture
def layout(made, tmp_path):
    """A copy of the library whose results are full of files of somebody else."""
    copy = Layout(shutil.copytree(made.root, tmp_path / "lib"))
    for name in FOREIGN:
        path = copy.results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"precious {name}")
    return copy


def _contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_exports_touch_nothing_that_is_there(client, layout):
    before = _contents(layout.root)
    for body in BODIES:
        done = result_of(client, client.post("/api/export", json={"what": "labels", **body}))
        place = layout.root / done["folder"]
        assert place.parent == layout.results, body
        assert (place / MARK).is_file()
        assert done["files"], body
        for file in done["files"]:
            sent = client.get(f"/api/results/{file['id']}")
            assert sent.content == Path(file["path"]).read_bytes(), body
            assert place in Path(file["path"]).parents, body
    spans = {"a": "v0@1-2", "b": "v1@1-2"}
    result_of(client, client.post("/api/compare/video", json=spans))
    after = _contents(layout.root)
    assert {path: after[path] for path in before} == before


def test_labels_without_pictures_are_in_files_and_named_beside_clips(client, layout):
    videos = Videos.read(layout)
    videos.put(VideoRow("broken", "/videos/broken.mp4", "", 1, 1).set_aside("it is empty"))
    videos.write()
    LabelStore(layout).add([NewLabel(Segment("broken", 1.0, 2.0, None, "kick"))])
    LabelStore(layout).add([NewLabel(Segment("v1", 0.0, 2.0, None, REVIEWED))])
    for name in ("csv", "boris"):
        body = {"output": "file", "format": name}
        (file, *_) = result_of(client, client.post("/api/export", json=body))["files"]
        text = Path(file["path"]).read_text()
        assert "broken" in text
        assert REVIEWED in text
    body = {"output": "file", "format": "cvat"}
    done = result_of(client, client.post("/api/export", json=body))
    assert "1 label in broken is left out: cvat counts frames" in done["notes"][0]["text"]
    for name in ("cvat", "label-studio", "e2e-spot"):
        found = Library(layout.root).export_labels(name)
        assert [note.values["video"] for note in found.notes] == ["broken"]
        assert found.segments == len(Library(layout.root).list_labels().labels) - 1
    with pytest.raises(LabelError, match="cvat counts frames"):
        Library(layout.root).export_labels("cvat", videos="broken")
    for output in ("playlist", "clips"):
        body = {"output": output, "classes": ["kick"]}
        done = result_of(client, client.post("/api/export", json=body))
        (note,) = [note["text"] for note in done["notes"]]
        assert note == "1 action in broken is left out: the video broken is set aside: it is empty"
    alone = client.post("/api/export", json={"output": "reel", "videos": ["broken"]})
    assert "is set aside" in job_of(client, alone.json()["job"]["id"])["error"]


def test_one_video_alone_is_exported_as_a_playlist_of_its_actions(client, layout):
    body = {"output": "playlist", "videos": ["v1"]}
    (file,) = result_of(client, client.post("/api/export", json=body))["files"]
    lines = Path(file["path"]).read_text().splitlines()
    place = Videos.read(layout).file("v1").as_uri()
    entry = ["#EXTINF:1.000,kick - v1", "#EXTVLCOPT:start-time=1.000", "#EXTVLCOPT:stop-time=2.000", place]
    assert lines[:5] == ["#EXTM3U", *entry]
    assert lines[5:] == [line.replace("=2.", "=4.").replace("=1.", "=3.") for line in entry]
    refused = client.post("/api/export", json={"output": "playlist", "videos": ["v9"]})
    assert refused.status_code == 400


def test_a_reel_of_labels_names_them_and_gives_no_score(client, layout, tmp_path):
    done = result_of(client, client.post("/api/export", json={"output": "reel", "videos": ["v0"]}))
    (label, *others) = [s for s in read_labels(layout.labels, Videos.read(layout)) if s.video == "v0"]
    times_s = {"v0": read_times(layout.frames("v0"))}
    files = {"v0": Videos.read(layout).recording("v0")}
    found = [Detection("v0", s.start_s, s.end_s, s.athlete, s.label, score=1.0) for s in (label, *others)]
    plates = []
    for scores in (False, True):
        write_reel(tmp_path / "reel.mp4", files, times_s, Fraction(30), found, scores)
        plates.append(plate_of(tmp_path / "reel.mp4"))
    assert plate_of(Path(done["files"][0]["path"])) == plates[0] < plates[1]


def plate_of(reel: Path) -> int:
    """Width in pixels of the dark plate under the name, in the first picture of a reel."""
    with av.open(str(reel)) as file:
        picture = next(file.decode(video=0)).to_ndarray(format="gray")
    return int((picture[8:12] < 40).all(axis=0).sum())


def test_the_first_format_is_a_table_that_vpd_reads_again(client, layout):
    assert client.get("/api/library").json()["formats"][0] == "csv"
    (file,) = result_of(client, client.post("/api/export", json={"classes": ["kick", "throw"]}))["files"]
    assert file["name"] == "labels.csv"
    videos = Videos.read(layout)
    wanted = [s for s in read_labels(layout.labels, videos) if s.label != "jump"]
    assert read_labels(Path(file["path"]), videos) == wanted


def test_detections_that_are_not_made_yet_are_asked_for_where_they_are_made(client):
    answer = client.post("/api/export", json={"what": "detections"})
    assert answer.status_code == 400
    assert "Learn and detect" in answer.json()["error"]


def test_a_playlist_of_a_video_of_several_files_is_refused(tmp_path):
    files = {"a": Recording(tmp_path / "1.mp4", more=(tmp_path / "2.mp4",))}
    with pytest.raises(InputError, match="several files"):
        write_playlist(tmp_path / "p.m3u", [Segment("a", 1, 2)], files, {"a": np.arange(9.0)})


def _into_a_link(layout, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    layout.results.rename(tmp_path / "old")
    layout.results.symlink_to(tmp_path / "precious")


def _into_a_file(layout, tmp_path):
    layout.results.rename(tmp_path / "old")
    layout.results.write_text("mine")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(_into_a_link, "is a link"), (_into_a_file, "one of its folders is a file")],
    ids=["link", "file"],
)
def test_what_cannot_be_written_into_is_named_and_stays(layout, tmp_path, spoil, why):
    spoil(layout, tmp_path)
    before = _contents(tmp_path)
    with TestClient(make_app(layout), base_url="http://127.0.0.1:8000") as client:
        job = client.post("/api/export", json={"what": "labels", "output": "reel"}).json()["job"]
        with pytest.raises(AssertionError, match=why):
            ended(client, job["id"])
    after = _contents(tmp_path)
    assert {path: after[path] for path in before} == before
    if (tmp_path / "precious").exists():
        assert [p.name for p in (tmp_path / "precious").iterdir()] == ["file"]
