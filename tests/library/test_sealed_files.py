"""Arrays, weights and JSON with a checksum: every flipped byte is found."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from vpd.library import verified
from vpd.library.artefact import sealed
from vpd.library.sealed_files import BLANK, read_array, read_json, tensors_are_whole, write_array, write_json

VALUES = np.arange(60, dtype=np.float16).reshape(5, 12)


def _write_tensors(path):
    with sealed(path) as part:
        save_file({"a": VALUES}, part, metadata={"training": "{}", **BLANK})


def _json_is_whole(path):
    try:
        return read_json(path)["name"] == "x"
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("name", "write", "is_whole"),
    [
        ("r.npy", lambda path: write_array(path, VALUES), lambda path: read_array(path) is not None),
        ("c.safetensors", _write_tensors, tensors_are_whole),
        ("c.json", lambda path: write_json(path, {"name": "x", "n": 3}), _json_is_whole),
    ],
)
def test_every_flipped_byte_and_every_cut_is_found(name, write, is_whole, tmp_path):
    path = tmp_path / name
    write(path)
    assert is_whole(path)
    good = path.read_bytes()
    for at in range(len(good)):
        for bad in (good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], good[:at]):
            path.write_bytes(bad)
            verified.forget()
            assert not is_whole(path), at
    path.unlink()
    assert name == "c.json" or not is_whole(path)


def test_an_array_is_read_as_written_by_numpy_too(tmp_path):
    write_array(tmp_path / "r.npy", VALUES)
    assert np.array_equal(read_array(tmp_path / "r.npy"), VALUES)
    assert np.array_equal(np.load(tmp_path / "r.npy"), VALUES)
