"""People are told apart by their clothes, wherever they stand and however large they are."""

from __future__ import annotations

import numpy as np

from vpd.athletes.appearance import appearance, likeness

RED, BLUE, GREEN, WHITE = (200, 30, 30), (20, 40, 180), (30, 150, 40), (240, 240, 240)


def picture(*people: tuple[int, int, int, int, tuple, tuple]) -> np.ndarray:
    """Grey, with people of an upper and a lower colour in boxes (x, y, w, h)."""
    rgb = np.full((180, 320, 3), 110, np.uint8)
    for x, y, w, h, upper, lower in people:
        rgb[y : y + h // 2, x : x + w], rgb[y + h // 2 : y + h, x : x + w] = upper, lower
    return rgb


def test_the_same_clothes_are_alike_in_another_size_and_place_and_others_are_not():
    near = appearance(picture((20, 10, 60, 160, RED, BLUE)), (20, 10, 60, 160))
    rgb = picture((220, 60, 20, 50, RED, BLUE), (140, 60, 20, 50, GREEN, WHITE), (60, 60, 20, 50, BLUE, RED))
    same, other, swapped = (appearance(rgb, (x, 60, 20, 50)) for x in (220, 140, 60))
    np.testing.assert_allclose(near.sum(axis=1), 1)
    assert likeness(near, same) > 0.9
    assert max(likeness(near, other), likeness(near, swapped)) < 0.2


def test_a_box_outside_of_the_picture_is_like_nobody():
    outside = appearance(picture(), (400, 200, 40, 80))
    assert (outside.sum(), likeness(outside, outside)) == (0, 0)
