"""What happens to a library while its page is open: every answer is right or says what is wrong."""

from __future__ import annotations

import shutil
import time

import pytest
from starlette.testclient import TestClient

from tests.odd_files import make_pipe
from tests.web.made import made_library
from vpd.library.layout import Layout
from vpd.library.videos import Videos
from vpd.web.app import make_app

SPAN = {"video": "v0", "start_s": 1.0, "end_s": 2.0}
GETS = [
    "/api/library", "/api/labels", "/api/jobs", "/", "/api/videos/v0/times", "/api/videos/v0/source",
    "/api/videos/v0/media", "/api/videos/v0/proxy/0", "/api/videos/v0/frames/3.jpg",
    "/api/videos/v0/crops?start=0&end=1", "/api/videos/v0/lanes", "/api/videos/v0/people?frame=3",
    "/api/videos/v0/shots", "/api/videos/v0/person.jpg?shot=0&person=0", "/api/videos/v0/proposals",
]  # fmt: skip
POSTS = [
    ("/api/labels", {**SPAN, "label": "jump"}),
    ("/api/labels/undo", None),
    ("/api/search", {"positive": ["v0@1-2"], "uncut": True}),
    ("/api/compare", {"a": "v0@1-2", "b": "v1@1-2"}),
    ("/api/compare/video", {"a": "v0@1-2", "b": "v1@1-2"}),
    ("/api/overlay", {"spans": ["v0@1-2", "v1@1-2"]}),
    ("/api/export", {"what": "labels", "output": "file", "format": "boris"}),
    ("/api/export", {"what": "labels", "output": "clips"}),
    ("/api/next", {"n": 3}),
    ("/api/measure", None),
    ("/api/picks", {"video": "v0", "time_s": 1.0, "x": 40, "y": 100}),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_library(tmp_path_factory.mktemp("meanwhile"), videos=3, frames=120)


@pytest.fixture
def layout(made, tmp_path):
    """A copy of the library beside a copy of its videos."""
    shutil.copytree(made.root.parent / "videos", tmp_path / "videos", copy_function=shutil.copy2)
    return Layout(shutil.copytree(made.root, tmp_path / "lib"))


def _replaced(path, content):
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def _by_excel(layout):
    rows = layout.labels.read_text().splitlines()
    text = "\r\n".join(row.replace(",", ";").replace(".", ",") for row in rows) + "\r\n"
    _replaced(layout.labels, text.encode("utf-8-sig"))


def _gone(*names):
    def happen(layout):
        for name in names:
            path = layout.root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    return happen


def _nonsense(*names):
    def happen(layout):
        for name in names:
            _replaced(layout.root / name, b"\x00\xff nonsense")

    return happen


def _emptied(layout):
    for path in layout.root.glob("*/**/*.arrow"):
        path.write_bytes(b"")


def _a_folder(*names):
    def happen(layout):
        for name in names:
            _gone(name)(layout)
            (layout.root / name).mkdir(parents=True)

    return happen


def _a_pipe(*names):
    def happen(layout):
        for name in names:
            _gone(name)(layout)
            make_pipe(layout.root / name)

    return happen


def _another_video(layout):
    shutil.copy(layout.root.parent / "videos" / "v2.mp4", layout.root.parent / "videos" / "v0.mp4")


def _a_video_removed(layout):
    table = Videos.read(layout)
    del table.rows["v0"]
    table.write()


HAPPENINGS = {
    "labels by a spreadsheet": _by_excel,
    "labels gone": _gone("labels.csv"),
    "labels nonsense": _nonsense("labels.csv"),
    "labels a folder": _a_folder("labels.csv"),
    "tables are pipes": _a_pipe("labels.csv", "answers.csv", "athletes.csv", "classes.toml"),
    "table of videos gone": _gone("videos.parquet", ".videos-copy.parquet"),
    "table of videos nonsense": _nonsense("videos.parquet"),
    "settings nonsense": _nonsense("vpd.toml"),
    "settings gone": _gone("vpd.toml"),
    "all gone": _gone("."),
    "artefacts gone": _gone("frames", "tracks", "poses", "crops", "features"),
    "artefacts nonsense": _nonsense(
        "frames/v0.parquet", "tracks/v0.parquet", "poses/v0.parquet", "crops/v0.arrow",
        "features/vipe-window/v0.arrow",
    ),
    "artefacts empty": _emptied,
    "results, cache, locks and backups are files": _nonsense("results", "cache", ".locks", "labels.backup"),
    "a video gone": _gone("../videos/v0.mp4"),
    "a video replaced": _another_video,
    "a video a folder": _a_folder("../videos/v0.mp4"),
    "a video taken out": _a_video_removed,
}  # fmt: skip


def _ended(client, key):
    for _ in range(600):
        job = client.get(f"/api/jobs/{key}").json()
        if job.get("state") not in ("waiting", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


QUICK = {"tables are pipes", "artefacts nonsense", "results, cache, locks and backups are files"}
"""Tried by default; the others take as long each."""


@pytest.mark.parametrize(
    "what", [what if what in QUICK else pytest.param(what, marks=pytest.mark.slow) for what in HAPPENINGS]
)
def test_nothing_ends_in_an_unexpected_error(layout, what):
    wrong = []
    with TestClient(
        make_app(layout), base_url="http://127.0.0.1:8000", raise_server_exceptions=False
    ) as client:
        for path in GETS[:9]:
            assert client.get(path).status_code < 400, path  # what the page has looked at before
        HAPPENINGS[what](layout)
        answers = [(path, client.get(path)) for path in GETS]
        answers += [(path, client.post(path, json=body)) for path, body in POSTS]
        for path, answer in answers:
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            if answer.status_code >= 500 or (is_json and "Unexpected" in answer.text):
                wrong.append((path, answer.status_code, answer.text[:200]))
            if is_json and "job" in answer.json():
                job = _ended(client, answer.json()["job"]["id"])
                if "Unexpected" in (job.get("error") or ""):
                    wrong.append((path, job["error"][:200]))
    assert wrong == []
