"""`vpd demo`, the whole of it."""

import re

import pytest
from typer.testing import CliRunner

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
