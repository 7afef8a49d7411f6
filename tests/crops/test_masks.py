"""Masks that were given: kept whole, cut like the crops, refused where they are none."""

import cv2
import numpy as np
import pytest

from vpd.crops.geometry import cut_square
from vpd.crops.masks import GivenMask, MaskFile, png_size, unpack_mask, write_masks
from vpd.errors import ArtefactError, InputError


def png(mask):
    return cv2.imencode(".png", np.where(mask, 255, 0).astype(np.uint8))[1].tobytes()


@pytest.mark.parametrize("square", [(10, 20, 40), (-15, -5, 50), (40, 30, 24), (30, 25, 8), (300, 300, 30)])
@pytest.mark.parametrize("size", [16, 64])
def test_a_mask_is_cut_like_the_picture(tmp_path, square, size):
    mask = np.random.default_rng(0).random((30, 20)) < 0.3
    write_masks(tmp_path / "v.arrow", [GivenMask(7, 1, 25, 12, png(mask))], "x")
    found = MaskFile(tmp_path / "v.arrow").crop(7, 1, np.array(square), size)
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[12:42, 25:45] = 255 * mask[..., None]
    np.testing.assert_array_equal(found, cut_square(picture, np.array(square), size)[..., 0] > 0)


def test_frames_and_athletes_without_a_mask(tmp_path):
    write_masks(tmp_path / "v.arrow", [GivenMask(7, 1, 0, 0, png(np.ones((2, 2))))], "x")
    file = MaskFile(tmp_path / "v.arrow")
    assert file.crop(7, 0, np.array([0, 0, 4]), 4) is None
    assert file.crop(6, 1, np.array([0, 0, 4]), 4) is None


def test_what_is_no_mask_is_refused(tmp_path):
    with pytest.raises(InputError, match="no PNG"):
        png_size(b"GIF89a")
    with pytest.raises(InputError, match="cannot be read"):
        unpack_mask(png(np.ones((9, 9)))[:40])
    write_masks(tmp_path / "v.arrow", [GivenMask(7, 1, 0, 0, png(np.ones((2, 2))))], "x")
    content = bytearray((tmp_path / "v.arrow").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "v.arrow").write_bytes(content)
    with pytest.raises(ArtefactError):
        MaskFile(tmp_path / "v.arrow")
