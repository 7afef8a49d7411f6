"""Small files that unpack to much: refused before memory is asked for."""

import gzip
import io
import zipfile

import cv2
import numpy as np
import pytest

from vpd.crops.encoding import jpeg_size, pack_rgb, unpack_rgb
from vpd.errors import ArtefactError, InputError, LabelError
from vpd.formats import json_file
from vpd.formats.json_file import read_json
from vpd.library import npz_file
from vpd.library.npz_file import read_npz
from vpd.paper.label_files import read_text

MB = 2**20


def _gzip_bomb(path, size):
    with gzip.open(path, "wb", 9) as out:
        for _ in range(size // MB):
            out.write(b" " * MB)


def test_gzipped_text_and_json(tmp_path, monkeypatch):
    assert json_file.MOST_BYTES < 2300 * MB  # what 1 MB of gzip can hold
    monkeypatch.setattr(json_file, "MOST_BYTES", 4 * MB)
    path = tmp_path / "poses.json.gz"
    _gzip_bomb(path, 12 * MB)
    for read in (read_json, read_text):
        with pytest.raises(LabelError, match="more than the"):
            read(path)


def test_archives_of_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(npz_file, "MOST_BYTES", 4 * MB)
    np.savez_compressed(tmp_path / "large.npz", a=np.zeros(3 * MB // 8), b=np.zeros(3 * MB // 8))
    with pytest.raises(InputError, match="unpacks to"):
        read_npz(tmp_path / "large.npz")
    assert read_npz(tmp_path / "large.npz", ["a"])["a"].nbytes == 3 * MB


def test_an_array_that_says_it_is_larger_than_its_bytes(tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as out:
        out.writestr("a.npy", head.getvalue() + bytes(64))
    with pytest.raises(InputError, match="says that it has 8000000000000 bytes, and holds"):
        read_npz(tmp_path / "x.npz")


def test_whole_archives_are_read(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(6).reshape(2, 3), b=np.float32(1))
    found = read_npz(tmp_path / "x.npz")
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read_npz(tmp_path / "x.npz", ["b"]).keys() == {"b"}
    with pytest.raises(KeyError):
        read_npz(tmp_path / "x.npz", ["c"])


def test_a_picture_that_says_it_is_huge(tmp_path):
    packed = np.frombuffer(pack_rgb(np.zeros((128, 96, 3), np.uint8), 90), np.uint8)
    assert jpeg_size(packed) == (96, 128)
    assert unpack_rgb(packed).shape == (128, 96, 3)
    huge = packed.copy()
    at = bytes(packed).index(b"\xff\xc0")
    huge[at + 5 : at + 9] = [0xFF, 0xFF, 0xFF, 0xFF]
    assert jpeg_size(huge) == (65535, 65535)
    with pytest.raises(ArtefactError, match="damaged"):
        unpack_rgb(huge)
    grey = cv2.imencode(".jpg", np.zeros((20, 30), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1]
    assert jpeg_size(grey.reshape(-1)) == (30, 20)
