"""Shards: every video belongs to one, and together they make what one run makes."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.made import made_library, write_given_poses
from vpd.errors import InputError
from vpd.library.videos import Videos
from vpd.pipeline.report import Silent
from vpd.pipeline.run import run
from vpd.pipeline.shard import Shard, shard_of
from vpd.pipeline.status import status

NAMES = ["a", "b", "c", "d", "e", "f"]


@given(st.lists(st.text(max_size=20), unique=True), st.integers(1, 50))
def test_every_video_belongs_to_one_shard(videos, count):
    shards = [Shard(number, count).of(videos) for number in range(1, count + 1)]
    assert sorted(video for shard in shards for video in shard) == sorted(videos)


def test_shards_are_of_one_size():
    counts = [len(Shard(number, 7).of(f"match_{i}" for i in range(7000))) for number in range(1, 8)]
    assert min(counts) > 900


def test_the_shard_of_a_video_never_changes():
    """A later version must not give a video to another shard in the middle of a job array."""
    assert [shard_of(name, 3) for name in NAMES] == [1, 1, 3, 3, 2, 2]


@pytest.mark.parametrize("text", ["", "3", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1.5/2"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InputError, match=r"is no shard: write i/n"):
        Shard.read(text)


class Hears(Silent):
    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


@pytest.mark.usefixtures("quick")
def test_shards_make_what_one_run_makes(tmp_path):
    layout = made_library(tmp_path, NAMES)
    for name in NAMES:
        write_given_poses(layout, name)
    first, second = Shard(1, 2), Shard(2, 2)
    heard = Hears()
    report = run(layout, shard=first, listener=heard)
    assert report.complete
    mine = len(first.of(NAMES))
    assert report.made == dict.fromkeys(("scan", "track", "pose", "crop", "teach"), mine)
    assert f"{len(NAMES) - mine} videos of other shards are not prepared yet" in heard.said[0]
    assert not layout.student("vpd").exists()

    report = run(layout, shard=second)  # the last one to be prepared trains the student
    assert report.made["distill"] == 1
    assert report.made["embed"] == report.made["crop"] == len(NAMES) - mine
    assert status(layout).student["learned_from"] == len(NAMES)

    assert run(layout, shard=first).made == {"embed": mine}
    assert status(layout).up_to_date


@pytest.mark.usefixtures("quick")
def test_a_shard_answers_for_its_own_videos_alone(tmp_path):
    layout = made_library(tmp_path, NAMES)
    bad = Shard(1, 2).of(NAMES)[0]
    (tmp_path / "videos" / f"{bad}.mp4").write_bytes(b"no video")
    assert list(run(layout, ["crop"], shard=Shard(1, 2)).set_aside) == [bad]
    assert run(layout, ["crop"], shard=Shard(2, 2)).complete
    assert Videos.read(layout)[bad].error
    assert status(layout).steps["crop"].current == len(NAMES) - 1


@pytest.mark.slow
def test_shards_side_by_side_make_the_bytes_of_one_run(tmp_path):
    from tests.pipeline.test_workers import contents, library

    whole, layout = library(tmp_path / "whole"), library(tmp_path / "shards")
    run(whole, ["crop", "teach"])
    command = [sys.executable, "-m", "vpd", "run", "-j", "1", "-L", str(layout.root), "--shard"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    runs = [subprocess.Popen([*command, f"{number}/2"], env=environment) for number in (1, 2)]
    assert [process.wait() for process in runs] == [0, 0]
    assert subprocess.run([*command, "1/1"], env=environment, check=False).returncode == 0
    made = contents(layout)
    assert {name: made[name] for name in contents(whole)} == contents(whole)
    assert status(layout).up_to_date
