"""Executions in step: the mean is theirs, the spread is what was put in, the joint that differs is named."""

from __future__ import annotations

import numpy as np
import pytest

from tests.web.made import RECIPE, made_library
from vpd.errors import InputError
from vpd.library.poses import read_poses, write_poses
from vpd.pose.skeleton import BODY13
from vpd.types import PoseSequence, Segment
from vpd.verbs.compare import CompareRequest, compare
from vpd.verbs.overlay import OverlayRequest, overlay

WRIST = 10
"""The right wrist among the 17 joints."""
SHIFT = 0.6
"""Torso lengths by which one execution holds the wrist lower."""


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """Three executions of one action, v0, v3 and v6; v3 holds the right wrist lower than the others."""
    layout = made_library(tmp_path_factory.mktemp("overlay"), videos=7, frames=90)
    (pose,) = read_poses(layout.poses("v3"))
    points = pose.keypoints.copy()
    largest = max(
        np.linalg.norm(points[0, a, :2] - points[0, b, :2]) for a in (5, 6, 11, 12) for b in (5, 6, 11, 12)
    )
    points[:, WRIST, 1] += SHIFT * largest
    write_poses(layout.poses("v3"), [PoseSequence(0, pose.frames, points)], RECIPE)
    return layout


def request(*videos: str, **options) -> OverlayRequest:
    return OverlayRequest([Segment(v, 1.0, 2.0, 0) for v in videos], **options)


def test_one_execution_three_times_has_no_spread_and_is_its_own_mean(layout):
    found = overlay(layout, request("v0", "v0", "v0", mirror="no"))
    assert np.nanmax(found.spread) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.mean, found.poses[0])
    np.testing.assert_allclose(found.own_s, np.tile(found.times_s, (3, 1)))
    assert found.distances == [0, 0, 0]


def test_the_joint_that_differs_is_named_with_its_spread(layout):
    found = overlay(layout, request("v0", "v3", "v6", mirror="no"))
    wrist = list(BODY13).index(WRIST)
    # One of three is d away: the mean is d / 3 away from two and 2 d / 3 from one.
    wanted = SHIFT * np.sqrt((2 * (1 / 3) ** 2 + (2 / 3) ** 2) / 3)
    assert np.nanmedian(found.spread[:, wrist]) == pytest.approx(wanted, rel=0.1)
    assert str(found.sentences[0]).startswith("right wrist ")
    others = np.delete(
        found.spread, [wrist, list(BODY13).index(9)], axis=1
    )  # wrists move: steps differ by a frame
    assert np.nanmax(others) < 0.1
    data = found.to_json()
    assert len(data["spread"]) == len(data["times_s"]) == len(data["mean"]) == len(data["poses"][1])
    assert [row["video"] for row in data["segments"]] == ["v0", "v3", "v6"]


def test_where_fewer_than_two_poses_are_known_no_spread_is_told(layout):
    (pose,) = read_poses(layout.poses("v6"))
    kept = pose.frames < 40
    write_poses(layout.poses("v6"), [PoseSequence(0, pose.frames[kept], pose.keypoints[kept])], RECIPE)
    found = overlay(layout, request("v6", "v6", mirror="no"))
    unknown = found.times_s > 39.5 / 30
    assert np.isnan(found.spread[unknown]).all()
    assert np.isfinite(found.spread[~unknown]).all()
    assert found.to_json()["spread_of_all"][-1] is None


def test_one_is_too_few_and_poses_are_needed(layout):
    with pytest.raises(InputError, match="two executions"):
        overlay(layout, request("v0"))
    layout.poses("v5").unlink()
    with pytest.raises(InputError, match=r"no poses of v5: `vpd pose`"):
        overlay(layout, request("v0", "v5"))


def test_a_comparison_names_the_joint_in_words_that_can_be_translated(layout):
    found = compare(
        layout, CompareRequest(Segment("v0", 1.0, 2.0, 0), Segment("v3", 1.0, 2.0, 0), mirror="no")
    )
    (row,) = [d for d in found.to_json()["differences"] if d["sentence"]["key"] == "joint_differs"]
    words = row["sentence"]["values"]
    assert (words["joint"]["key"], words["direction"]["key"]) == ("joint_right_wrist", "lower")
    assert row["text"].startswith("right wrist lower in the second ")
