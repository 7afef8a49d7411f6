"""`vpd demo`, the whole of it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vpd.cli.demo import serve_command
from vpd.cli.main import build


@pytest.mark.slow
def test_the_demo_ends_with_a_report_whose_every_part_is_there(tmp_path):
    result = CliRunner().invoke(build(["demo"]), ["demo", "--out", str(tmp_path / "out"), "-j", "1"])
    assert result.exit_code == 0, result.output
    page = tmp_path / "out" / "report" / "index.html"
    assert str(page) in result.output.replace("\n", "")
    html = page.read_text(encoding="utf-8")
    for link in re.findall(r"(?:src|href)=['\"]([^'\"]+)['\"]", html):
        assert (page.parent / link).exists(), link
    assert "$" not in re.sub(r"<(style|script).*?</\1>", "", html, flags=re.S)
    again = CliRunner().invoke(build(["demo"]), ["demo", "--out", str(tmp_path / "out"), "-j", "1"])
    assert again.exit_code == 0
    call = [sys.executable, "-m", "vpd", "demo", "--out", str(tmp_path / "out"), "-j", "1", "--serve"]
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, text=True, env={**os.environ, "BROWSER": "true"}
    ) as run:
        address = next(m[0] for line in run.stdout if (m := re.search(r"http://127\S+", line)))
        assert urllib.request.urlopen(address).status == 200
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130  # interrupted, as every command says it


@pytest.mark.parametrize(
    ("called", "found", "wanted"),
    [
        (".venv/bin/vpd", None, ".venv/bin/vpd serve --library 'my demo/library'"),
        ("bin/vpd", "bin/vpd", "vpd serve --library 'my demo/library'"),
        ("other/vpd", "bin/vpd", "other/vpd serve --library 'my demo/library'"),
        ("pytest", None, "vpd serve --library 'my demo/library'"),
    ],
)
def test_the_demo_says_how_its_library_is_opened(monkeypatch, called, found, wanted):
    monkeypatch.setattr(sys, "argv", [called])
    monkeypatch.setattr("shutil.which", lambda name: found)
    assert serve_command(Path("my demo/library")) == wanted
