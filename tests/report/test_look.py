"""The web page and the pages that commands write have one look and one way to bring executions in step."""

from __future__ import annotations

import re

import vpd.report.html as html
from vpd.report.html import HERE, LOOK, Markup, write_page
from vpd.web.app import STATIC

COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(", re.I)
OWN = [HERE / "page.css", *HERE.glob("*.html"), STATIC / "style.css"]


def test_colours_are_defined_in_one_place():
    assert [(path.name, found) for path in OWN if (found := COLOUR.findall(path.read_text()))] == []
    names = set(re.findall(r"(--[\w-]+):", (LOOK / "look.css").read_text()))
    used = {name for path in OWN for name in re.findall(r"var\((--[\w-]+)\)", path.read_text())}
    assert used - names <= {"--class"}  # the colour of a class is set where the class is shown


def test_a_written_page_has_the_look_in_itself(tmp_path):
    text = write_page(tmp_path / "index.html", "A page", Markup("<h1>A page</h1>")).read_text()
    assert (LOOK / "look.css").read_text() in text
    assert not re.search(r"(src|href)=", text)


def test_executions_are_brought_in_step_by_one_script():
    scripts = [*STATIC.rglob("*.js"), *HERE.glob("*.html"), *LOOK.glob("*.js")]
    own = [path.name for path in scripts if "function inStep" in path.read_text()]
    assert own == ["warping.js"]
    assert "inStep" in (STATIC / "crops.js").read_text()
    assert "inStep" in html.WARPING
