"""Tables and figures of the documents are those of the result files."""

import json
import subprocess
import sys

import pytest

from tests.docs.pages import DOCS, ROOT
from vpd.pipeline.table import STEPS

TOOL = ROOT / "tools" / "measurements.py"


def check(root, *options):
    return subprocess.run([sys.executable, TOOL, "--root", root, *options], capture_output=True, text=True)


@pytest.fixture
def small(tmp_path):
    """A README with a table, a part of it and one figure."""
    results = tmp_path / "docs" / "results"
    results.mkdir(parents=True)
    content = {
        "title": "Speed", "command": "python x.py", "machine": "two cores", "commit": "abc",
        "columns": ["what", "fast", "slow"], "rows": [["a", "1.5", "2"], ["b", "3", "4"]],
        "views": {"short": {"columns": ["slow"], "rows": ["b"]}},
    }  # fmt: skip
    (results / "speed.json").write_text(json.dumps(content))
    (tmp_path / "README.md").write_text(
        "It takes 9<!-- speed | a | fast --> s.\n\n<!-- table: speed -->\n<!-- end -->\n\n"
        "<!-- table: speed short -->\nold\n<!-- end -->\n"
    )
    return tmp_path


def test_documents_show_what_the_result_files_hold():
    found = check(ROOT)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_steps_cost_what_the_documents_say():
    """The costs by which a run estimates its end are those of docs/scale.md."""
    rows = json.loads((DOCS / "results" / "scale_frame.json").read_text(encoding="utf-8"))["rows"]
    measured = {row[0].split(",")[0]: float(row[-1]) for row in rows}
    for name in {"track", "pose", "crop"} & set(measured):
        assert STEPS[name].cost_ms == pytest.approx(measured[name], rel=0.25)


def test_differences_are_found_and_written(small):
    assert check(small).returncode == 1
    assert check(small, "--write").returncode == 0
    text = (small / "README.md").read_text()
    assert "It takes 1.5<!-- speed | a | fast --> s." in text
    assert "| a | 1.5 | 2 |" in text
    assert "Command: `python x.py`. Machine: two cores. Commit: abc." in text
    assert "| what | slow |\n|---|---|\n| b | 4 |\n" in text
    assert check(small).returncode == 0


def test_a_figure_that_the_file_does_not_have_is_refused(small):
    (small / "README.md").write_text("9<!-- speed | c | fast -->\n")
    found = check(small)
    assert found.returncode != 0
    assert "no cell 'c'" in found.stderr


def test_every_result_is_shown_and_says_how_it_was_measured():
    shown = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    for path in (DOCS / "results").glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        assert f"<!-- table: {path.stem}" in shown, f"no page shows {path.name}"
        assert all(content[key] for key in ("title", "command", "machine", "commit"))
