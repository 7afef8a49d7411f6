"""The text of users is text everywhere: on pages no HTML, in tables no markup, in plots no formula."""

import io
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from rich.console import Console

import vpd.cli
from vpd.metrics.summary import class_figures
from vpd.report import html
from vpd.report.detection_page import write_detection_page
from vpd.report.evaluation_page import draw_confusion
from vpd.report.plots import name_entries, new_figure
from vpd.report.terminal import PlainTable
from vpd.report.timeline import timeline_figure, write_timeline
from vpd.settings import DetectSettings
from vpd.types import Detection, Segment
from vpd.verbs.detect import DetectResult
from vpd.verbs.features import FeatureChoice

HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=("C",)), min_size=1, max_size=20),
    st.sampled_from(
        ["<b>", "</script>", "[bold]x[/]", "$x_1$", "{{data}}", "&amp;", "a\"b'c", "\\1", ":dog:", "%41#?"]
    ),
)


class Reader(HTMLParser):
    """Collects tags, text and the values of attributes."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.values = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [value for _, value in attrs if value]

    def handle_data(self, data):
        self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(str(page))
    reader.close()
    return reader


DEMO = ("facts", "accuracy", "verdict", "found", "query", "clips", "student", "teachers", "same", "results")
DEMO += ("steps", "parts", "library", "span")


def data_of(text):
    return html.script_data({"label": text})


PARTS = {
    "table": lambda text: html.table(["", text], [[text, "1"]]),
    "bars": lambda text: html.bars({text: (1.0, text)}, most=2),
    "card": lambda text: html.card(html.loop(text), text, [text], "query"),
    "picture": lambda text: html.picture(text, text),
    "clip": lambda text: html.clip(text, 1.0),
    "demo page": lambda text: html.fragment("demo_page.html", **dict.fromkeys(DEMO, text)),
    "search page": lambda text: html.fragment(
        "search_page.html", about=text, notes=text, data=data_of(text), warping=html.WARPING
    ),
}


@pytest.mark.parametrize("part", PARTS)
@given(text=HOSTILE)
def test_no_text_becomes_an_element(part, text):
    plain, hostile = read(PARTS[part]("plain")), read(PARTS[part](text))
    assert hostile.tags == plain.tags
    shown = "".join(hostile.texts) + " ".join(hostile.values) + unquote(" ".join(hostile.values))
    assert text in shown or json.dumps(text)[1:-1].replace("<", "\\u003c") in shown


@given(text=HOSTILE)
def test_data_of_a_script_is_read_back(text):
    data = html.script_data({"label": text})
    assert "</" not in data
    assert json.loads(data) == {"label": text}


@given(text=HOSTILE)
def test_a_file_keeps_its_name_in_an_address(text):
    (address,) = read(html.clip(text)).values[:1]
    assert unquote(address) == text
    assert not set("#?") & set(address)


@settings(max_examples=25)
@given(video=HOSTILE, label=HOSTILE)
def test_a_page_of_detections(tmp_path_factory, video, label):
    folder = tmp_path_factory.mktemp("page")

    def page(video, label):
        found = [Detection(video, 1.0, 2.0, 0, label, 0.5)]
        chosen, times_s = FeatureChoice("vipe"), {video: np.arange(100) / 25}
        result = DetectResult(
            found, times_s, (label,), DetectSettings(), chosen, 0.5, "labels", 0.1, {}, None
        )
        out, pictures = folder / "index.html", {video: f"{video}.png"}
        return read(write_detection_page(out, result, pictures, {0: "1.mp4"}).read_text(encoding="utf-8"))

    plain, hostile = page("v", "jump"), page(video, label)
    assert hostile.tags == plain.tags
    assert hostile.tags.count("td") == 7
    assert {video, label} <= set(hostile.texts)


@given(text=HOSTILE)
def test_cells_of_the_terminal_are_shown_as_they_are(text):
    table = PlainTable("a", box=None)
    table.add_row(text)
    out = Console(file=io.StringIO(), width=200, emoji=False)
    out.print(table)
    assert text.strip() in out.file.getvalue()


@pytest.mark.parametrize("text", ["$x^$", "cost $5 or $6", "_hidden", "\\$", "[bold]", "{}"])
def test_plots_show_names_as_they_are(tmp_path, text):
    found = [Detection("v", 1.0, 2.0, 0, text, 0.5)]
    figure = timeline_figure(
        text, [Detection(text, 1.0, 2.0, 0, text, 0.5)], labels=[Segment(text, 3, 4, 0, text)]
    )
    assert [entry.get_text() for entry in figure.legends[0].get_texts()] == [text]
    write_timeline(tmp_path / "t.png", "v", found)
    figures = class_figures(np.array([text, "b"]), np.array([text, text]))
    draw_confusion(figures, text, tmp_path / "c.png")
    assert (tmp_path / "t.png").stat().st_size > 1000
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_entries_of_a_legend_keep_other_labels():
    figure = new_figure(2, 2)
    axes = figure.subplots()
    for label in ("1", "chance", "0"):
        axes.plot([0, 1], label=label)
    legend = axes.legend()
    name_entries(legend, ["_a", "$b$"])
    assert [text.get_text() for text in legend.get_texts()] == ["$b$", "chance", "_a"]


def test_markup_is_kept():
    assert html.join([Markup("<b>"), "<b>"]) == "<b>&lt;b&gt;"
    assert "<td><b>x</b></td>" in html.table(["a"], [[Markup("<b>x</b>")]])


def test_every_command_prints_plain_tables():
    commands = Path(vpd.cli.__file__).parent
    assert [file.name for file in commands.glob("*.py") if "rich.table" in file.read_text("utf-8")] == []
