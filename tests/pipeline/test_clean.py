"""Crops that nothing needs any more are named and freed, and a run does not make them again."""

import pytest
from typer.testing import CliRunner

from tests.pipeline import made
from tests.pipeline.made import made_library, make_video, write_boxes
from vpd.cli.main import build
from vpd.library.sealed_files import write_json
from vpd.pipeline import distill
from vpd.pipeline.clean import clean
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.pipeline.status import status


@pytest.fixture
def layout(tmp_path, quick):
    """A library whose student learned from a and b, and that has c besides, embedded."""
    layout = made_library(tmp_path, ["a", "b"])
    assert run(layout).complete
    make_video(tmp_path / "videos" / "c.mp4", 7)
    add_videos(layout, [tmp_path / "videos"])
    write_boxes(layout, "c")
    assert run(layout).complete
    return layout


def test_crops_of_a_video_that_is_embedded_and_not_learned_from_are_freed(layout):
    size = layout.crops("c").stat().st_size
    said = clean(layout)
    assert (said.crops, said.bytes, said.freed) == ({"c": size}, size, False)
    assert layout.crops("c").is_file()
    assert clean(layout, free=True).freed
    assert [layout.crops(v).is_file() for v in "abc"] == [True, True, False]
    assert "No crops are free" in clean(layout).kept

    found = status(layout)
    assert found.up_to_date
    assert (found.steps["crop"].current, found.steps["crop"].spared) == (2, 1)
    assert run(layout).made == {}
    # Features that are gone, or a training that wants it, bring them back; so does `vpd crop`.
    next(layout.root.glob("features/*/c.arrow")).unlink()
    assert run(layout).made == {"crop": 1, "embed": 1}
    clean(layout, free=True)
    assert run(layout, ["crop"]).made == {"crop": 1}
    clean(layout, free=True)
    assert run(layout, redistill=True).made["crop"] == 1


def test_crops_are_kept_where_a_student_must_be_trained_or_cannot_be_read(layout):
    other = layout.root / "students" / "other"
    other.mkdir()
    (other / distill.CONFIG).write_text("[]")
    assert "cannot be read" in clean(layout, free=True).kept
    write_json(other / distill.CONFIG, {"recipe": {"inputs": {"c": "x"}}})
    assert "No crops are free" in clean(layout, free=True).kept
    made.set_settings(layout, "[crop]\npadding = 0.3\n")
    assert "Crops are kept" in clean(layout, free=True).kept
    assert layout.crops("c").is_file()


def test_the_command_says_and_frees(layout):
    for arguments, said in (((), "can be freed"), (("--yes",), "were freed"), ((), "No crops are free")):
        call = ["clean", "--library", str(layout.root), *arguments]
        result = CliRunner().invoke(build(call), call)
        assert result.exit_code == 0
        assert said in result.output
