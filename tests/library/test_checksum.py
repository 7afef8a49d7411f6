"""Every changed byte of an artefact is noticed: by the sign of its time, or when it is read."""

import os

import numpy as np
import pyarrow as pa
import pytest

from vpd.errors import ArtefactError
from vpd.library import artefact, checksum, verified
from vpd.library.artefact import (
    Recipe,
    check,
    is_current,
    read_recipe,
    read_table,
    write_arrow,
    write_parquet,
)

RECIPE = Recipe("pose", 1, {"a": 1}, {"video": "k"}, {"note": "n"})


@pytest.fixture(params=[(write_parquet, "a.parquet"), (write_arrow, "a.arrow")], ids=["parquet", "arrow"])
def path(request, tmp_path):
    write, name = request.param
    write(pa.table({"x": np.arange(200.0), "s": ["t"] * 200}), tmp_path / name, RECIPE)
    return tmp_path / name


def test_every_flipped_byte_is_found(path):
    """The file as a disk may damage it: its time of change stays."""
    whole, times = path.read_bytes(), path.stat()
    places = range(0, len(whole), max(1, len(whole) // 400))
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        verified.forget()
        with pytest.raises(ArtefactError):
            read_table(path)
        assert path.stat().st_mtime_ns != times.st_mtime_ns, "notes of it hold no longer"
    path.write_bytes(whole)
    assert read_table(path).num_rows == 200


@pytest.mark.parametrize("change", ["flip", "cut", "zeros", "tail", "empty"])
def test_what_was_written_to_is_not_current(path, change):
    assert is_current(path, RECIPE)
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = {
        "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "cut": whole[:-9],
        "zeros": whole[:middle] + bytes(16) + whole[middle + 16 :],
        "tail": whole + b"more",
        "empty": b"",
    }[change]
    path.write_bytes(damaged)
    assert not is_current(path, RECIPE)


def test_an_untouched_file_is_not_read_and_a_copied_one_is_compared_once(path, monkeypatch):
    compared = []
    is_whole = checksum.is_whole
    monkeypatch.setattr(checksum, "is_whole", lambda *given: compared.append(given) or is_whole(*given))
    assert is_current(path, RECIPE)
    assert compared == []
    os.utime(path)  # as a copy has it
    assert is_current(path, RECIPE)
    assert is_current(path, RECIPE)
    assert len(compared) == 1


def test_the_checksum_is_of_the_contents(path):
    first = read_recipe(path)["checksum"]
    write = write_parquet if path.suffix == ".parquet" else write_arrow
    write(pa.table({"x": np.arange(200.0), "s": ["t"] * 200}), path, RECIPE)
    assert read_recipe(path)["checksum"] == first
    write(pa.table({"x": np.arange(200.0) + 1e-9, "s": ["t"] * 200}), path, RECIPE)
    assert read_recipe(path)["checksum"] != first


def test_an_artefact_without_checksum_is_not_ours(tmp_path):
    path = tmp_path / "a.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("x", pa.int64())])) as out:
        out.write_table(pa.table({"x": [1]}))
    with pytest.raises(ArtefactError, match="not written by vpd"):
        check(path)


def test_on_windows_an_open_artefact_can_be_replaced(tmp_path, monkeypatch):
    """It refuses to replace a file that is mapped into memory: there artefacts are read instead."""
    monkeypatch.setattr(artefact, "WINDOWS", True)
    path = tmp_path / "a.arrow"
    write_arrow(pa.table({"x": [1]}), path, RECIPE)
    opened = read_table(path)
    maps = "/proc/self/maps"
    if os.path.exists(maps):  # noqa: PTH110 - the path of a system, not of a test
        with open(maps) as mapped:  # noqa: PTH123
            assert str(path) not in mapped.read()
    write_arrow(pa.table({"x": [2]}), path, RECIPE)
    assert (opened["x"].to_pylist(), read_table(path)["x"].to_pylist()) == ([1], [2])


def test_on_windows_a_file_that_is_read_now_is_replaced_a_little_later(tmp_path, monkeypatch):
    monkeypatch.setattr(artefact, "WINDOWS", True)
    monkeypatch.setattr(artefact, "_PAUSE_S", 0)
    replace, refused = type(tmp_path).replace, []

    def busy(part, target):
        if len(refused) < 3:
            refused.append(part)
            raise PermissionError(13, "The process cannot access the file")
        return replace(part, target)

    monkeypatch.setattr(type(tmp_path), "replace", busy)
    artefact.write_text("text", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "text"
    assert len(refused) == 3
