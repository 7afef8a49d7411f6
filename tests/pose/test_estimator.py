"""Cutting crops out of pictures, and putting keypoints back."""

import numpy as np
import pytest

from vpd.crops.geometry import cut_window
from vpd.pose.estimator import crop_window, in_picture


def test_a_square_crop_is_centred_and_as_long_as_the_longer_side_padded() -> None:
    assert crop_window(np.array([100, 50, 40, 100]), (256, 256), 1.35).tolist() == [52, 32, 135, 135]


def test_a_crop_of_another_shape_holds_the_box() -> None:
    x, y, w, h = crop_window(np.array([100, 50, 200, 100]), (192, 256), 1.25)
    assert w / h == pytest.approx(192 / 256, abs=0.01)
    assert w == 250
    assert x + w / 2 == pytest.approx(200, abs=1)
    assert y + h / 2 == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    "box", [(-30, -20, 100, 80), (250, 150, 100, 80), (20, 10, 200, 90), (900, 900, 5, 5)]
)
def test_outside_the_picture_is_black_and_inside_is_the_picture(box: tuple[int, ...]) -> None:
    rgb = np.random.default_rng(0).integers(1, 255, (200, 300, 3), np.uint8)
    x, y, w, h = box
    padded = np.zeros((3000, 3000, 3), np.uint8)
    padded[1000:1200, 1000:1300] = rgb
    expected = padded[1000 + y : 1000 + y + h, 1000 + x : 1000 + x + w]
    np.testing.assert_array_equal(cut_window(rgb, np.array(box), (w, h)), expected)


def test_a_point_found_in_a_crop_is_where_it_is_in_the_picture() -> None:
    rgb = np.zeros((200, 300, 3), np.uint8)
    rgb[80:84, 150:154] = 255
    window = crop_window(np.array([120, 40, 50, 90]), (256, 256), 1.35)
    crop = cut_window(rgb, window, (256, 256))
    y, x = np.nonzero(crop[:, :, 0] > 127)
    # Coordinates count from the edge of the first pixel, so a pixel's middle is half a pixel on.
    pose = np.zeros((1, 17, 3), np.float32)
    pose[..., 0], pose[..., 1] = x.mean() + 0.5, y.mean() + 0.5
    found = in_picture(pose, window[None], (256, 256))
    np.testing.assert_allclose(found[0, 0, :2], [152, 82], atol=0.3)
