"""What the server says reaches the page as sentences, so that each reader sees them in his own language."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.web.made import job_of, scanned_library
from vpd.library.layout import Layout
from vpd.strings import Sentence, to_page
from vpd.web.app import make_app
from vpd.web.athlete import JobListener
from vpd.web.jobs import Job

VIDEO = "/api/videos/v0"
SPAN = {"video": "v0", "athlete": 0, "start_s": 0.1, "end_s": 0.5}
LABEL = {**SPAN, "label": "a"}
PICK = {"video": "v0", "time_s": 0.2, "x": 5, "y": 5}
REFUSED = [
    ("get", "/api/videos/nobody/times", None, "error_no_such_video"),
    ("get", f"{VIDEO}/frames/9999.jpg", None, "error_no_frame"),
    ("get", f"{VIDEO}/crops?start=0&end=1", None, "error_not_made"),
    ("get", f"{VIDEO}/shots", None, "error_no_athletes"),
    ("get", f"{VIDEO}/proxy/99", None, "error_no_piece"),
    ("get", "/api/jobs/job999", None, "error_no_such_job"),
    ("get", "/api/results/none", None, "error_no_such_file"),
    ("get", "/api/nothing", None, "error_address"),
    ("post", "/api/labels", {**LABEL, "end_s": 99}, "error_span_after"),
    ("post", "/api/labels", {**LABEL, "end_s": 0.05}, "error_span_empty"),
    ("post", "/api/labels", {**LABEL, "label": " "}, "error_label_empty"),
    ("post", "/api/labels", {**LABEL, "label": "a\u0007"}, "error_label_letters"),
    ("post", "/api/labels", {**LABEL, "label": "a" * 999}, "error_too_long"),
    ("post", "/api/labels", {**LABEL, "video": "nobody"}, "error_no_such_video"),
    ("patch", "/api/labels/abcdefgh", {"label": "b"}, "error_no_label"),
    ("post", "/api/labels/undo", {}, "error_nothing_to_undo"),
    ("post", "/api/labels/redo", {}, "error_nothing_to_redo"),
    ("post", "/api/videos", {"path": "v0.mp4"}, "error_whole_path"),
    ("post", "/api/export", {}, "error_no_labels_to_export"),
    ("post", "/api/export", {"what": "detections"}, "error_no_detections_to_export"),
    ("post", "/api/search", {"positive": ["v0"]}, "error_query"),
    ("post", "/api/search", {"positive": ["nobody@0-1"]}, "error_unknown_video"),
    ("post", "/api/search", {"positive": ["V0.mpg@0-1"]}, "error_unknown_video_alike"),
    ("post", "/api/picks", {**PICK, "x": 9e4}, "error_pick_outside"),
    ("post", "/api/picks/batch", {"picks": [PICK, {**PICK, "video": "v1"}]}, "error_picks_mixed"),
    ("post", "/api/compare", {"a": "v0@0.1-0.5", "b": "v0@0.1-0.5"}, "error_no_features"),
]
"""Requests that cannot be answered: method, address, body, and what is said."""
FAILING = [
    ("/api/search", {"positive": ["v0@0.1-0.5"]}, "error_no_features"),
    ("/api/next", {}, "error_no_features"),
    ("/api/learn", {}, "table_at"),
    ("/api/measure", None, "table_at"),
    ("/api/picks/same", PICK, "error_no_box"),
]
"""Work in the background that ends in an error."""


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    return scanned_library(tmp_path_factory.mktemp("languages"), 2, 30)


@pytest.fixture(scope="module")
def client(layout):
    with TestClient(make_app(layout), base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize(("method", "path", "body", "key"), REFUSED)
def test_an_error_is_a_sentence(client, method, path, body, key):
    answer = client.request(method.upper(), path, json=body)
    assert answer.status_code >= 400
    assert answer.json()["said"]["key"] == key
    assert answer.json()["said"]["text"] == answer.json()["error"]


@pytest.mark.parametrize(("path", "body", "key"), FAILING)
def test_work_that_fails_says_so_in_a_sentence(client, path, body, key):
    job = job_of(client, client.post(path, json=body).json()["job"]["id"])
    assert (job["state"], job["said"]["key"]) == ("failed", key)


def test_a_label_that_somebody_changed_and_a_file_of_wrong_rows_are_told_in_sentences(client, layout):
    label = client.post("/api/labels", json=LABEL).json()["label"]
    stale = client.patch(f"/api/labels/{label['id']}", json={"label": "b", "version": "0"})
    assert (stale.status_code, stale.json()["said"]["key"]) == (409, "error_label_is_now")
    kept = layout.labels.read_text()
    layout.labels.write_text(kept.replace("0.1", "early"))
    wrong = client.post("/api/export", json={}).json()["said"]
    layout.labels.write_text(kept)
    assert (wrong["key"], wrong["values"]["count"]) == ("error_label_rows", 1)


def test_requests_of_others_are_refused_in_sentences(client):
    def said(**options):
        return client.post("/api/labels/undo", **options).json()["said"]["key"]

    assert said(headers={"host": "evil.test"}) == "error_host"
    assert said(headers={"origin": "http://evil.test"}) == "error_other_site"
    assert said(content="a=1", headers={"content-type": "text/plain"}) == "error_not_json"
    assert said(content=" " * (2 << 20)) == "error_too_large"


def test_what_became_of_added_files_is_told_in_sentences(client, layout, tmp_path):
    def told(path):
        return client.post("/api/videos", json={"path": str(path)}).json()["sentences"]

    assert [said["key"] for said in told(tmp_path / "none")] == ["videos_added", "video_not_added"]
    assert told(tmp_path)[1]["values"]["why"]["key"] == "place_empty"
    (tmp_path / "a.mp4").write_text("no video")
    answer = client.post("/api/videos", json={"path": str(tmp_path / "a.mp4")})
    assert answer.json()["said"]["key"] == "file_not_opened"


def test_progress_names_steps_as_people_do():
    job = Job("1", "run", "")
    listener = JobListener(job)
    listener.begin("track + pose", 1, 10.0)
    listener.advance(5.0)
    doing = job.to_json()["doing"]
    assert (doing["key"], doing["text"]) == ("steps", "athletes + joints")
    job.progress(0.9, Sentence("doing_features"))
    assert job.to_json()["doing"]["key"] == "doing_features"


def test_words_without_a_translation_are_known_as_such():
    assert to_page("boo") == {"text": "boo"}
