"""Squares hold the athlete of two frames; cutting agrees with a plain numpy reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.crops.geometry import cut_square, squares, to_crop
from vpd.types import Track


def track(frames, boxes):
    n = len(frames)
    return Track(0, np.array(frames), np.arange(n) / 25, np.array(boxes), np.ones(n), np.full(n, "detected"))


def test_square_by_hand():
    found, has_previous = squares(track([3, 4, 6], [[10, 20, 20, 40], [20, 20, 20, 40], [0, 0, 10, 10]]), 0.1)
    assert has_previous.tolist() == [False, True, False]
    # the first: centre (20, 40), side 40 * 1.2; the second: joined x 10..40; the third comes after a gap
    assert found.tolist() == [[-4, 16, 48], [1, 16, 48], [-1, -1, 12]]


@given(st.lists(st.tuples(*[st.floats(-50, 500)] * 2, *[st.floats(0, 300)] * 2), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_boxes_of_both_frames_lie_inside(boxes):
    found, _ = squares(track(range(len(boxes)), boxes), 0.05)
    boxes = np.array(boxes, np.float32).astype(np.float64)
    for i, (x, y, side) in enumerate(found):
        for bx, by, bw, bh in boxes[max(0, i - 1) : i + 1]:
            assert x - 1 <= bx
            assert y - 1 <= by
            assert bx + bw <= x + side + 1
            assert by + bh <= y + side + 1


def test_outside_is_black_and_inside_is_the_picture():
    rng = np.random.default_rng(0)
    picture = rng.integers(1, 256, (30, 40, 3), dtype=np.uint8)
    padded = np.zeros((130, 140, 3), np.uint8)
    padded[50:80, 50:90] = picture
    for x, y in ((-10, -5), (5, 3), (30, 20), (-32, 0), (0, 31)):
        expected = padded[50 + y : 82 + y, 50 + x : 82 + x]
        np.testing.assert_array_equal(cut_square(picture, np.array([x, y, 32]), 32), expected)


def test_far_outside_is_black():
    picture = np.full((30, 40, 3), 200, np.uint8)
    for x, y in ((400, 0), (-400, 0), (0, 400), (0, -400)):
        assert not cut_square(picture, np.array([x, y, 64]), 32).any()


def test_resize_keeps_the_mean():
    picture = np.random.default_rng(1).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    small = cut_square(picture, np.array([0, 0, 128]), 32)
    np.testing.assert_allclose(small, picture.reshape(32, 4, 32, 4, 3).mean((1, 3)), atol=0.51)


def test_points_in_the_crop():
    points = np.array([[[10.0, 20.0], [30.0, 60.0]]])
    np.testing.assert_allclose(to_crop(points, np.array([[10, 20, 40]])), [[[0, 0], [0.5, 1]]])
