"""What the page is told of the library."""

from __future__ import annotations

import subprocess
import sys

import pytest


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
