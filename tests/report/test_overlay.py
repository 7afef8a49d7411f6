"""What is drawn lies where it should, in its colour, also over the edge of the picture."""

import numpy as np
import pytest

from vpd.report.overlay import confidence_colour, draw_box, draw_skeleton, draw_text


@pytest.fixture
def black():
    return np.zeros((120, 160, 3), np.uint8)


def test_box(black):
    draw_box(black, np.array([20, 30, 50, 40]), (255, 0, 0))
    rows, columns = np.nonzero(black[..., 0])
    found = [rows.min(), rows.max(), columns.min(), columns.max()]
    np.testing.assert_allclose(found, [30, 70, 20, 70], atol=1)
    assert not black[35:65, 25:65].any()
    solid = np.count_nonzero(black[..., 0])
    dashed = np.zeros_like(black)
    draw_box(dashed, np.array([20, 30, 50, 40]), (255, 0, 0), dashed=True)
    assert 0 < np.count_nonzero(dashed[..., 0]) < 0.8 * solid


def test_skeleton_hides_what_means_nothing(black):
    pose = np.random.default_rng(0).uniform(20, 100, (17, 3)).astype(np.float32)
    pose[:, 2] = 0
    draw_skeleton(black, pose)
    assert not black.any()
    pose[:, 2] = 1
    draw_skeleton(black, pose)
    for x, y, _ in pose:
        assert black[round(float(y)), round(float(x))].any()


def test_confidence_goes_from_red_to_green():
    assert confidence_colour(0)[0] > confidence_colour(0)[1]
    assert confidence_colour(1)[1] > confidence_colour(1)[0]
    assert confidence_colour(2) == confidence_colour(1)


@pytest.mark.parametrize("at", [(10, 50), (-50, -50), (1000, 1000)])
def test_text_stays_inside(black, at):
    draw_text(black, "név 1.25 s", at)
    assert black.any()


def test_drawing_outside_changes_nothing_else(black):
    draw_box(black, np.array([-500, -500, 50, 50]), (255, 255, 255))
    assert not black.any()
