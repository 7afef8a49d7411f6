"""Small rules of the pipeline: ranks, progress, reasons, figures."""

from dataclasses import replace

import pytest

from tests.pipeline.made import made_library, set_settings
from vpd.library.sealed_files import read_json, write_json
from vpd.pipeline import distill, ranks, table
from vpd.pipeline.report import RunReport, Silent
from vpd.pipeline.run import open_sources, run

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize(
    ("size", "rank", "helps"), [(None, None, False), ("1", "0", False), ("2", "0", False), ("2", "1", True)]
)
def test_only_torchruns_later_processes_help(monkeypatch, size, rank, helps):
    for name, value in (("WORLD_SIZE", size), ("RANK", rank)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert ranks.is_helper() == helps


class Counting(Silent):
    """Adds up the announced and the reported cost of each part of a run."""

    def __init__(self):
        self.announced, self.done, self.now = {}, {}, ""

    def begin(self, what, videos, cost_ms):
        self.now = what
        self.announced[what] = self.announced.get(what, 0) + cost_ms

    def advance(self, cost_ms):
        self.done[self.now] = self.done.get(self.now, 0) + cost_ms


def test_what_is_reported_as_done_is_what_was_announced(tmp_path):
    layout, told = made_library(tmp_path, ["a", "b"]), Counting()
    report = run(layout, listener=told)
    assert report.complete
    for what, cost_ms in told.announced.items():
        if what != "distill":
            assert told.done[what] == pytest.approx(cost_ms, rel=0.01), what


@pytest.fixture
def distilled(tmp_path):
    layout = made_library(tmp_path, ["a"])
    run(layout, ["distill"])
    return layout


@pytest.mark.parametrize("weights", ["0" * 32, "z" * 32])
def test_weights_that_are_others_than_those_written_are_damaged(distilled, weights):
    sources = open_sources(distilled)
    assert distill.state(sources).due == ""
    path = distill.folder(sources) / distill.CONFIG
    write_json(path, read_json(path) | {"weights": weights})
    assert distill.state(open_sources(distilled)).due == "the student's weights are damaged"


def test_the_settings_that_changed_are_named_and_no_others(distilled):
    set_settings(distilled, "seed = 3\n")
    assert distill.state(open_sources(distilled)).due == "its settings changed: seed"


def test_nothing_is_distilled_anew_without_new_videos(distilled):
    assert "distill" not in run(distilled, ["distill"], redistill=True).made
    assert "distill" not in run(distilled, ["distill"]).made


def test_seconds_are_told_to_the_millisecond():
    assert RunReport(seconds={"scan": 1.23456}).to_json()["seconds"] == {"scan": 1.235}


def test_poses_are_not_inverted_unless_asked(tmp_path, monkeypatch):
    layout, seen = made_library(tmp_path, ["a"]), []
    make = table.STEPS["teach"].make

    def noted(work, wanted):
        seen.append(work.sources.settings.teach.invert)
        make(work, wanted)

    monkeypatch.setitem(table.STEPS, "teach", replace(table.STEPS["teach"], make=noted))
    run(layout, ["teach"])
    assert seen == [False]
