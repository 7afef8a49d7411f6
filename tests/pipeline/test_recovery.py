"""The table of videos can be lost: ids come back, and labels stay with their videos."""

import pytest

from tests.pipeline.made import made_library
from vpd.errors import ArtefactError
from vpd.library.recovery import recover
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run


@pytest.fixture
def layout(tmp_path):
    """Two files of one name, the second of which has the plain id."""
    layout = made_library(tmp_path, ["a", "b"])
    for camera in ("cam2", "cam1"):
        (tmp_path / camera).mkdir()
        (tmp_path / camera / "match.mp4").write_bytes(
            (tmp_path / "videos" / "a.mp4").read_bytes() + camera.encode()
        )
        add_videos(layout, [tmp_path / camera])
    run(layout, ["scan"])
    return layout


@pytest.mark.parametrize("lost", ["table", "table and copy"])
def test_ids_come_back(layout, lost):
    rows = Videos.read(layout).rows
    assert rows["match"].path.endswith("cam2/match.mp4")
    layout.videos.write_bytes(layout.videos.read_bytes()[:-50])
    if lost == "table and copy":
        layout.videos_copy.unlink()
    with pytest.raises(ArtefactError, match="vpd run"):
        Videos.read(layout)
    said = recover(layout)[1]
    assert "4 videos" in said
    assert Videos.read(layout).rows == rows


def test_a_run_mends_the_table(layout):
    rows = Videos.read(layout).rows
    layout.videos.write_bytes(b"")
    assert run(layout, ["scan"]).complete
    assert Videos.read(layout).rows == rows


def test_a_table_that_is_gone_is_no_empty_library(layout):
    rows = Videos.read(layout).rows
    layout.videos.unlink()
    with pytest.raises(ArtefactError, match="does not exist"):
        Videos.read(layout)
    run(layout, ["scan"])
    assert Videos.read(layout).rows == rows


def test_nothing_left_to_recover_from(layout):
    layout.videos.write_bytes(b"no table")
    layout.videos_copy.write_bytes(b"no table")
    for frames in layout.frames("x").parent.glob("*.parquet"):
        frames.write_bytes(b"no table")
    with pytest.raises(ArtefactError, match="nothing tells"):
        recover(layout)
