"""What the page is told of the library."""

from __future__ import annotations

import subprocess
import sys

import pytest
from starlette.testclient import TestClient

from tests.web.made import made_library
from vpd.web.app import make_app


@pytest.fixture
def classes(layout):
    yield layout.classes
    layout.classes.unlink()


def test_the_users_classes_come_in_their_order(client, classes):
    classes.write_text('[throw]\nlead_s = 0.5\nlag_s = 1.5\nhelp = "<b>"\n[block]\nkind = "point"\n')
    found = client.get("/api/library").json()
    assert found["classes"] == [
        {"name": "throw", "kind": "interval", "lead_s": 0.5, "lag_s": 1.5, "help": "<b>"},
        {"name": "block", "kind": "point", "lead_s": 0.0, "lag_s": 0.0, "help": ""},
    ]


def test_a_wrong_table_of_classes_is_said_and_the_page_goes_on(client, classes):
    classes.write_text("[throw]\nlead = 1\n")
    found = client.get("/api/library")
    assert found.status_code == 200
    assert found.json()["classes"] == []
    assert any("class 'throw': lead" in said["text"] for said in found.json()["problems"])


def test_the_server_starts_without_libraries_of_learning():
    """They take up to 400 MB and seconds. Some of the page's work needs them; a search needs none."""
    code = "import sys, vpd.web.app; print({'torch', 'sklearn', 'matplotlib'} & sys.modules.keys())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_a_video_whose_file_is_gone_is_named(tmp_path):
    layout = made_library(tmp_path, videos=1, frames=30)
    (tmp_path / "videos" / "v0.mp4").unlink()
    with TestClient(make_app(layout), base_url="http://127.0.0.1:8000") as client:
        (row,) = client.get("/api/library").json()["videos"]
    assert "v0.mp4 is gone. If it was moved" in row["error"]
