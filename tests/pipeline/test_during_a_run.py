"""What happens to a library and its videos while a run works in it."""

import pytest

from tests.pipeline.made import BASE, made_posed_library, make_video, write_boxes
from vpd.errors import LibraryGoneError
from vpd.pipeline.register import add_videos
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run
from vpd.pipeline.status import status

NAMES = ["a", "b", "c"]
SCANNING, PREPARING, EMBEDDING = 1, 4, 7
"""The ends of a video's work after which the run is in these parts."""


class Meanwhile(Silent):
    """Does something once so many videos were done with."""

    def __init__(self, work, after):
        self.work, self.left = work, after

    def ended(self, video, error):
        self.left -= 1
        if self.left == 0:
            self.work()


@pytest.fixture
def layout(tmp_path):
    return made_posed_library(tmp_path, NAMES)


@pytest.mark.parametrize("after", [SCANNING, PREPARING, EMBEDDING])
def test_a_library_that_is_taken_away_is_not_made_again_in_its_place(layout, tmp_path, after):
    with pytest.raises(LibraryGoneError, match=r"vpd\.toml is not there any more"):
        run(layout, listener=Meanwhile(lambda: layout.root.rename(tmp_path / "away"), after))
    assert not layout.root.exists()
    (tmp_path / "away").rename(layout.root)
    assert run(layout).complete
    assert status(layout).up_to_date


@pytest.mark.parametrize("text", ["[[[ broken", BASE + "[crop]\nsize = 64\n"])
def test_settings_that_change_are_for_the_next_run(layout, text):
    report = run(layout, listener=Meanwhile(lambda: layout.settings.write_text(text), PREPARING))
    assert report.complete
    if text.startswith("["):
        layout.settings.write_text(BASE)
        assert status(layout).up_to_date
    else:
        assert not status(layout).up_to_date


def test_videos_that_are_taken_away_are_named_and_done_later(layout, tmp_path):
    folder = tmp_path / "videos"
    report = run(layout, listener=Meanwhile(lambda: folder.rename(tmp_path / "away"), SCANNING))
    assert set(report.set_aside) == set(NAMES)
    assert all("is gone" in why for why in report.set_aside.values())
    (tmp_path / "away").rename(folder)
    assert run(layout).complete


def test_videos_that_are_added_meanwhile_are_not_lost(layout, tmp_path):
    def add():
        add_videos(layout, [make_video(tmp_path / "videos" / "z.mp4", 9)])
        write_boxes(layout, "z")

    assert run(layout, listener=Meanwhile(add, SCANNING)).complete
    assert "z" in status(layout).videos
    assert run(layout).complete
