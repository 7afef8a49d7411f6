"""A run that its listener cancels ends there; no video is set aside for it, and what is made is kept."""

import pytest

from tests.pipeline.made import made_library
from vpd.errors import CancelledError
from vpd.library.videos import OK, SET_ASIDE, Videos
from vpd.pipeline import distill
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run

pytestmark = pytest.mark.usefixtures("quick")


class Cancelling(Silent):
    """Cancels while ``what`` is done."""

    def __init__(self, what):
        self.what, self.now = what, ""

    def begin(self, what, videos, cost_ms):
        self.now = what

    def advance(self, cost_ms):
        if self.now == self.what:
            raise CancelledError("Cancelled.")


def test_no_video_is_set_aside(tmp_path):
    layout = made_library(tmp_path, ["a", "b"])
    run(layout, ["scan"])
    with pytest.raises(CancelledError):
        run(layout, ["track"], listener=Cancelling("track"))
    assert {row.status for row in Videos.read(layout).rows.values()} == {OK}
    with pytest.raises(CancelledError):
        run(layout, ["track"], listener=Cancelling("track"))
    assert run(layout, ["track"]).set_aside == {}
    assert SET_ASIDE not in {row.status for row in Videos.read(layout).rows.values()}


def test_a_cancel_while_the_student_is_trained_is_no_problem_of_the_student(tmp_path, monkeypatch):
    def make(sources, videos, progress):
        raise CancelledError("Cancelled. The training is kept up to 64 of 128 crops.")

    layout = made_library(tmp_path, ["a"])
    monkeypatch.setattr(distill, "make", make)
    with pytest.raises(CancelledError, match="kept up to 64"):
        run(layout, ["distill"])
