"""Videos are added by their path on the computer that serves the library, as `vpd new` adds them."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.web.made import constant, made_library, write_coded
from vpd.library.videos import Videos
from vpd.web.app import make_app


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return made_library(tmp_path_factory.mktemp("adding"), videos=1, frames=30)


def said(answer) -> str:
    return " ".join(sentence["text"] for sentence in answer.json()["sentences"])


def test_a_folder_of_videos_is_added_and_what_became_of_each_is_said(client, layout, tmp_path):
    write_coded(tmp_path / "new one.mp4", constant(30), tint=200)
    write_coded(tmp_path / "again.mp4", constant(30), tint=60)  # the content of v0
    answer = client.post("/api/videos", json={"path": f" {tmp_path} "})
    assert answer.status_code == 200, answer.text
    (added,) = answer.json()["added"]
    assert Videos.read(layout).rows[added].path == (tmp_path / "new one.mp4").as_posix()
    assert added in [row["video"] for row in client.get("/api/library").json()["videos"]]
    assert "1 video added" in said(answer)
    assert "its content is that of v0" in said(answer)


@pytest.mark.parametrize(
    "path", ["", ".", "v0.mp4", "../videos", "~", "s3://bucket/videos", "https://x.test/v.mp4"]
)
def test_only_whole_paths_are_taken(client, path):
    answer = client.post("/api/videos", json={"path": path})
    assert answer.status_code == 400
    assert "whole path" in answer.json()["error"]


def test_what_is_no_video_is_named_and_never_shown(client, layout, tmp_path):
    before = set(Videos.read(layout).rows)
    (tmp_path / "secret.txt").write_text("my secret")
    answer = client.post("/api/videos", json={"path": str(tmp_path / "secret.txt")})
    assert answer.status_code == 400
    assert "secret.txt" in answer.json()["error"]
    missing = client.post("/api/videos", json={"path": str(tmp_path / "nothing")})
    assert "does not exist" in said(missing)
    assert set(Videos.read(layout).rows) == before
    # In a folder the name counts, as for `vpd new`; until a scan has found pictures in it, it is not sent.
    (tmp_path / "secret.mp4").write_text("my secret")
    (added,) = client.post("/api/videos", json={"path": str(tmp_path)}).json()["added"]
    sent = client.get(f"/api/videos/{added}/media")
    assert sent.status_code == 404
    assert "my secret" not in sent.text


def test_on_another_host_nothing_is_added_without_the_token(layout, tmp_path):
    with TestClient(make_app(layout, "token", ["192.168.1.5"]), base_url="http://192.168.1.5") as client:
        assert client.post("/api/videos", json={"path": str(tmp_path)}).status_code == 401
