"""A library in an object store, worked on by several computers at once, against moto's S3 process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.library.stores import BUCKET, s3
from tests.pipeline.made import make_video, set_settings, write_boxes
from vpd import Library
from vpd.library import remote
from vpd.library import store as stores
from vpd.library.lease import Record
from vpd.library.opening import FOLDER, sync
from vpd.library.store import open_store
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run

pytest.importorskip("obstore")
pytest.importorskip("moto")
pytest.importorskip("s3fs")
URL = f"s3://{BUCKET}/library"
ROOT = Path(__file__).parents[2]
RUN = """
import sys
from tests.pipeline import made
from vpd import Library
report = Library(sys.argv[1]).run()
assert report.complete, report
"""
LABEL = """
import sys
from vpd import Library
library = Library(sys.argv[1])
for i in range(int(sys.argv[3])):
    library.add_label(f"a@{i / 100}-{i / 100 + 0.1}", sys.argv[2])
"""


def computer(folder, code, *arguments):
    """A process of another computer: one with its own working copy and caches."""
    folder.mkdir(exist_ok=True)
    own = {
        FOLDER: str(folder / "libraries"),
        "XDG_CACHE_HOME": str(folder),
        remote.FOLDER: str(folder / "videos"),
    }
    command = [sys.executable, "-c", code, URL, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | own)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library in the store, of videos that lie there too; one answer in fifty is lost."""
    monkeypatch.setattr(stores, "PAUSE_S", 0.01)
    monkeypatch.setenv(FOLDER, str(tmp_path / "first"))
    monkeypatch.setenv(remote.FOLDER, str(tmp_path / "videos"))
    with s3(monkeypatch, 0.02):
        day = open_store(f"s3://{BUCKET}/day")
        for name in "abcd":
            day.put(f"{name}.mp4", make_video(tmp_path / f"{name}.mp4", ord(name)), None)
        found = Library.new(URL, f"s3://{BUCKET}/day/")
        fill(found.layout)
        sync(found.layout)
        yield found


def fill(layout):
    for name in "abcd":
        write_boxes(layout, name)
    set_settings(layout)


@pytest.mark.slow
def test_two_computers_make_what_one_makes_on_a_disk(library, tmp_path):
    """One of them is killed in between, and starts again."""
    disk = make_library(tmp_path / "disk")
    add_videos(disk, [f"s3://{BUCKET}/day/"])
    fill(disk)
    assert run(disk).complete
    two, killed = (computer(tmp_path / name, RUN) for name in ("two", "three"))
    there = open_store(URL)
    while not there.listed("tracks/"):
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    three = computer(tmp_path / "three", RUN)
    assert (two.wait(), three.wait()) == (0, 0)
    made = [f"{top}/*" for top in ("frames", "tracks", "poses", "crops", "features/*")]
    files = [path for each in made for path in disk.root.glob(each) if path.is_file()]
    assert len(files) == 4 * 6
    for file in files:
        assert there.read(file.relative_to(disk.root).as_posix()) == file.read_bytes(), file
    left = [Record.parse(there.read(seen.key)) for seen in there.listed(".locks/") if seen.bytes]
    assert {record.process for record in left} <= {killed.pid}
    sync(library.layout)
    assert library.status().up_to_date


@pytest.mark.slow
def test_no_label_of_two_computers_is_lost(library, tmp_path):
    run(library.layout, ["scan"])
    each = [computer(tmp_path / name, LABEL, name, "8") for name in ("two", "three")]
    assert [process.wait() for process in each] == [0, 0]
    sync(library.layout)
    assert sorted(segment.label for segment in library.labels()) == ["three"] * 8 + ["two"] * 8
