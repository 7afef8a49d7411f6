"""`vpd check`: every file of a library, damaged in turn, is named and made again."""

import os

import pytest

from tests.pipeline.made import made_posed_library
from vpd.library import verified
from vpd.pipeline.check import check_library
from vpd.pipeline.run import run

NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    layout = made_posed_library(tmp_path_factory.mktemp("check"), NAMES)
    assert run(layout).complete
    return layout


def _files(layout):
    return sorted(p for p in layout.root.rglob("*") if p.suffix in (".parquet", ".arrow"))


def test_a_whole_library_is_whole(layout):
    for deep in (False, True):
        result = check_library(layout, deep)
        assert result.whole
        assert result.files >= len(_files(layout)) + 2  # the student's config and weights too


def test_damage_of_the_disk_is_found_named_and_made_again(layout):
    """One bit of each file, with its times as they were: only its contents tell. One table is left."""
    before = {path: path.read_bytes() for path in _files(layout) if path != layout.videos_copy}
    for path, contents in before.items():
        found = path.stat()
        middle = len(contents) // 2
        path.write_bytes(contents[:middle] + bytes([contents[middle] ^ 0x40]) + contents[middle + 1 :])
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert {d.path for d in check_library(layout, deep=True).damaged} == set(before)
    verified.forget()
    assert run(layout).complete
    assert check_library(layout, deep=True).whole
    for path, contents in before.items():
        if path.parent.name in ("frames", "tracks", "poses", "crops", "joints2d"):
            assert path.read_bytes() == contents, path


def test_a_damaged_student_is_named_and_trained_again(layout):
    folder = layout.student("vpd")
    for name in ("config.json", "student.safetensors"):
        path = folder / name
        contents = path.read_bytes()
        path.write_bytes(contents.replace(b"1", b"2", 1) if name == "config.json" else contents[:-1] + b"x")
        damaged = check_library(layout, deep=True).damaged
        assert [d.path for d in damaged] == [path]
        assert "trains the student again" in damaged[0].again
        assert "distill" in run(layout).made
        assert check_library(layout, deep=True).whole
