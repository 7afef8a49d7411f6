"""What is found at the end of a video ends with it, so that it can be a label."""

import shutil
from dataclasses import replace

import pytest

from vpd import Library
from vpd.library.layout import Layout
from vpd.library.videos import Videos

END_S = 1.5
"""The videos end here by their table: their last frames are shorter than the ticks of the features."""


@pytest.fixture
def library(layout, tmp_path):
    own = Layout(shutil.copytree(layout.root, tmp_path / "lib"))
    videos = Videos.read(own)
    for row in list(videos.rows.values()):
        videos.put(replace(row, end_s=END_S))
    videos.write()
    return Library(own.root)


def test_detections_end_with_their_video(library):
    found = library.detect("new2", method="search", at_least=0.0)
    assert max(one.end_s for one in found.detections) == END_S


def test_moments_to_label_end_with_their_video(library):
    (found,) = {one.segment.end_s for one in library.suggest(n=2).items}
    assert found == END_S
    library.answer("new2@0-1.5", "accepted", label="b")
