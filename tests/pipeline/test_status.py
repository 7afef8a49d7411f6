"""What `vpd status` costs."""

import pytest

from tests.pipeline.made import made_library, write_given_poses
from vpd.library import artefact
from vpd.pipeline import pose, track
from vpd.pipeline.run import run
from vpd.pipeline.status import status


@pytest.mark.usefixtures("quick")
def test_each_recipe_is_computed_once_a_video(tmp_path, monkeypatch):
    """Boxes and poses that a user gave are hashed once, and their recipes enter those of all later steps."""
    layout = made_library(tmp_path, ["a", "b", "c"])
    for video in "abc":
        write_given_poses(layout, video)
    assert run(layout).complete
    hashed, compared = [], []
    for step in (track, pose):
        monkeypatch.setattr(step, "file_key", lambda path: hashed.append(path) or "key")
    monkeypatch.setattr(artefact.checksum, "is_whole", lambda path, checksum: compared.append(path) or True)
    status(layout)
    assert len(hashed) == 2 * 3
    tables = [path for path in compared if path.suffix != ".json"]  # what is small is compared at each look
    assert tables == [layout.videos], "artefacts that nobody touched are not read"
