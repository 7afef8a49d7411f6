"""Poses from outside are taken instead of estimation, and what becomes of wrong ones."""

import gzip
import json
import re

import numpy as np
import pytest

from tests.pipeline.made import made_library, write_given_poses
from vpd.library.artefact import read_recipe
from vpd.library.poses import read_poses
from vpd.pipeline import pose
from vpd.pipeline.run import run
from vpd.pipeline.status import status


@pytest.fixture
def layout(tmp_path):
    return made_library(tmp_path, ["a"])


def test_taken_instead_of_estimation(layout, monkeypatch):
    given = write_given_poses(layout, "a")
    monkeypatch.setattr(pose, "_estimator", None)
    assert run(layout, ["teach"]).complete
    (found,) = read_poses(layout.poses("a"))
    np.testing.assert_allclose(found.keypoints, given, atol=1e-3)
    recipe = read_recipe(layout.poses("a"))
    assert set(recipe["inputs"]) == {"track", "given"}
    assert recipe["notes"] == {"given": "a.json", "program": "COCO"}
    assert run(layout, ["teach"]).made == {}
    write_given_poses(layout, "a", seed=1)
    assert status(layout).steps["pose"].due == 1
    assert run(layout, ["teach"]).made == {"pose": 1, "teach": 1}


def test_the_reference_implementations_file(layout, monkeypatch):
    given = write_given_poses(layout, "a")
    layout.given_poses("a").unlink()
    people = [[frame, [[0.9, [20, 10, 40, 70], pose.tolist()]]] for frame, pose in enumerate(given)]
    packed = layout.given_poses("a").with_suffix(".json.gz")
    packed.write_bytes(gzip.compress(json.dumps(people).encode()))
    monkeypatch.setattr(pose, "_estimator", None)
    assert run(layout, ["pose"]).complete
    np.testing.assert_allclose(read_poses(layout.poses("a"))[0].keypoints, given, atol=1e-3)
    assert read_recipe(layout.poses("a"))["notes"]["given"] == "a.json.gz"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("no json", "cannot be read as JSON"),
        ('[{"frame": 0, "keypoints": [1, 2]}]', "2 numbers are not x, y and score"),
        (json.dumps([{"frame": 0, "keypoints": [900, 900, 1] * 17}]), "no pose of .* lies on a tracked"),
    ],
)
def test_wrong_poses_set_the_video_aside(layout, content, what):
    write_given_poses(layout, "a")
    layout.given_poses("a").write_text(content)
    report = run(layout, ["teach"])
    assert not report.complete
    assert re.search(what, report.set_aside["a"])
    write_given_poses(layout, "a")
    assert run(layout, ["teach"]).complete


def test_poses_that_the_teacher_was_not_trained_for_are_refused(layout):
    write_given_poses(layout, "a")
    report = run(layout, ["teach"], teachers=["vipe"])
    assert "trained for poses of movenet_thunder, not of 'poses_given/a.json'" in report.set_aside["a"]


def test_boxes_and_poses_of_no_video_are_said(layout):
    write_given_poses(layout, "a")
    layout.given_poses("a").rename(layout.given_poses("other"))
    layout.boxes("a").rename(layout.boxes("elsewhere"))
    problems = run(layout, ["scan"]).problems
    assert problems == [
        "boxes/elsewhere.csv is not used: there is no video 'elsewhere'.",
        "poses_given/other.json is not used: there is no video 'other'.",
    ]
