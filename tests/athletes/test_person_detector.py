"""NanoDet's input and output, and the people it finds."""

import numpy as np

from tests.shared import shared_path
from vpd.athletes import NanoDet
from vpd.athletes.person_detector import BGR_MEAN, BGR_STD, INPUT, prepare
from vpd.video import frame_at


def test_the_input_is_as_the_network_was_trained() -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (208, 416, 3), np.uint8)
    whole = np.zeros((INPUT, INPUT, 3), np.float32)
    whole[:208] = rgb[:, :, ::-1]
    expected = ((whole - BGR_MEAN) / BGR_STD).transpose(2, 0, 1)
    np.testing.assert_allclose(prepare([rgb])[0], expected, atol=1e-5)


def test_finds_one_person_and_the_same_one_in_a_larger_picture() -> None:
    rgb = frame_at(shared_path("data/clips/whole.mp4"), 0.8)
    detector = NanoDet(0.5, threads=1)
    height, width = rgb.shape[:2]
    padded = np.zeros((height, 2 * width, 3), np.uint8)
    padded[:, :width] = rgb
    (alone,), (beside,) = detector.detect([rgb]), detector.detect([padded])
    assert len(alone) >= 1
    largest, other = (d.boxes[d.boxes[:, 3].argmax()] for d in (alone, beside))
    assert largest[3] > 0.3 * height
    np.testing.assert_allclose(largest, other, atol=0.1 * height)


def test_a_batch_gives_what_its_pictures_give() -> None:
    rgb = frame_at(shared_path("data/tennis/videos/serve_13.mp4"), 0.5)
    detector = NanoDet(0.3, threads=1)
    images = [rgb, np.ascontiguousarray(rgb[:, ::-1])]
    for together, image in zip(detector.detect(images), images, strict=True):
        (single,) = detector.detect([image])
        np.testing.assert_allclose(together.boxes, single.boxes, atol=1e-2)


def test_no_pictures_no_people() -> None:
    assert NanoDet(0.3, threads=1).detect([]) == []
