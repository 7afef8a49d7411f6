"""What was compared with its checksum is compared once, until it is touched, also by later commands."""

import json
import os
import shutil
import time
from threading import Event

import numpy as np
import pyarrow as pa
import pytest

from tests.pipeline.damage import damaged
from vpd.errors import ArtefactError
from vpd.library import checksum, verified
from vpd.library.artefact import Recipe, is_current, read_recipe, read_table, write_arrow
from vpd.library.sealed_files import ends_whole, write_array
from vpd.library.verified import cache_folder

RECIPE = Recipe("teach", 1)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """An artefact of a library, and a folder for caches of its own."""
    monkeypatch.setattr(verified, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(verified, "_changed", {})
    monkeypatch.setattr(verified, "_forgotten", Event())
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "vpd.toml").touch()
    path = tmp_path / "lib" / "features" / "vpd" / "a.arrow"
    write_arrow(pa.table({"x": np.arange(200.0)}), path, RECIPE)
    return path


@pytest.fixture
def compared(monkeypatch):
    """The files whose contents are read, as they are."""
    seen = []
    mapped = checksum._mapped
    monkeypatch.setattr(checksum, "_mapped", lambda path, **how: seen.append(path) or mapped(path, **how))
    return seen


def next_command():
    """What a new process knows."""
    verified.keep()
    verified._entries.clear()
    verified._forgotten.clear()


def memory():
    """The one file in which something was kept."""
    (found,) = (verified.cache_folder() / "verified").glob("*/*.json")
    return found


def flip(path, keep_times=False):
    times, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if keep_times:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_file_that_was_written_or_compared_is_compared_no_more(path, compared):
    next_command()
    read_table(path)
    assert compared == []
    verified.forget()
    read_table(path)
    next_command()
    read_table(path)
    assert compared == [path]


@pytest.mark.parametrize("keep_times", [False, True])
def test_a_touched_file_is_compared_though_its_times_were_set_back(path, keep_times):
    next_command()
    flip(path, keep_times)
    with pytest.raises(ArtefactError, match="not what was written"):
        read_table(path)


def test_a_status_sees_a_touched_file_though_its_times_were_set_back(path):
    next_command()
    assert is_current(path, RECIPE)
    flip(path, keep_times=True)
    assert not is_current(path, RECIPE)


def test_what_was_found_damaged_is_remembered_as_verified_no_more(tmp_path, path):
    """As a disk that rots: neither times nor inode tell of it, but a deep check reads all."""
    array = path.parents[2] / "students" / ".readings" / "a.npy"
    write_array(array, np.arange(100.0))
    next_command()
    assert ends_whole(array)
    flip(array)
    good = verified._find(array)[2][verified._find(array)[1]][0]
    verified.note(array, good, array.stat())  # as if nothing told of it
    assert ends_whole(array)
    verified.forget()
    assert not ends_whole(array)
    next_command()
    assert not ends_whole(array)


def test_a_copied_library_is_compared_anew(tmp_path, path, compared):
    next_command()
    copy = tmp_path / "copy"
    shutil.copytree(path.parents[2], copy)
    read_table(copy / "features" / "vpd" / "a.arrow")
    assert compared == [copy / "features" / "vpd" / "a.arrow"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"a": 1}', b'{"features/vpd/a.arrow": ["x", 1, 2]}', b"\xff"]
)
def test_a_damaged_memory_is_none(path, compared, content):
    next_command()
    memory().write_bytes(content)
    verified._entries.clear()
    read_table(path)
    assert compared == [path]


def test_without_a_folder_for_caches_every_command_compares(path, compared, monkeypatch, tmp_path):
    next_command()
    (tmp_path / "file").touch()
    for folder in (None, tmp_path / "file" / "vpd"):
        monkeypatch.setattr(verified, "cache_folder", lambda folder=folder: folder)
        for _ in range(2):
            verified._entries.clear()
            read_table(path)
            next_command()
    assert compared == 4 * [path]


def test_a_home_that_is_not_there_is_not_made(monkeypatch, tmp_path):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    assert cache_folder() is None
    monkeypatch.setenv("LOCALAPPDATA" if verified.WINDOWS else "XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "vpd"


def test_a_damaged_memory_of_what_was_compared_hides_no_damage(path):
    """Of 200 damaged files none makes a changed artefact pass, or ends a command."""
    next_command()
    kept = memory()
    whole = kept.read_bytes()
    flip(path)
    for seed in range(200):
        kept.write_bytes(damaged(whole, np.random.default_rng(seed)))
        verified._entries.clear()
        assert not is_current(path, RECIPE)


@pytest.mark.parametrize("size", ["1e999", "Infinity", "NaN", "null", "[]"])
def test_numbers_that_are_none_are_forgotten(path, size):
    next_command()
    kept = memory()
    name, (checksum_, *_) = next(iter(json.loads(kept.read_text()).items()))
    kept.write_text(f'{{"{name}": ["{checksum_}", {size}, 1, 1, 1]}}')
    verified._entries.clear()
    assert is_current(path, RECIPE)


def test_a_command_reads_what_was_kept_of_the_files_that_it_needs(path, monkeypatch):
    others = [path.with_name(f"v{i}.arrow") for i in range(100)]
    for other in others:
        write_arrow(pa.table({"x": [1.0]}), other, RECIPE)
    next_command()
    read_table(path)
    assert 1 <= sum(map(len, verified._entries.values())) < 20
    verified.forget()
    assert not any(verified.is_verified(other, checksum_of(other), other.stat()) for other in others)
    next_command()
    assert all(verified.is_verified(other, checksum_of(other), other.stat()) for other in others)


def checksum_of(path):
    return read_recipe(path)["checksum"]


def test_what_was_kept_of_a_library_that_nobody_reads_is_removed(path):
    next_command()
    old = memory().parent
    flat = old.parent / "0123.json"  # as earlier versions kept it
    flat.touch()
    long_ago = time.time() - verified.KEPT_S - 10
    for kept in (old, flat):
        os.utime(kept, (long_ago, long_ago))
    other = path.parents[2].with_name("other") / "a.arrow"
    other.parent.mkdir()
    (other.parent / "vpd.toml").touch()
    write_arrow(pa.table({"x": [1.0]}), other, RECIPE)
    next_command()
    assert memory().parent != old
    assert not flat.exists()
