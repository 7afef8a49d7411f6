"""Times, tracks and poses come back as they were written, also where there are none."""

import errno

import numpy as np
import pyarrow as pa
import pytest

from tests.indexes import plain_index
from vpd.errors import DiskFullError
from vpd.library.artefact import Recipe, read_recipe, write_arrow, write_parquet, write_text
from vpd.library.frames import read_times, write_index
from vpd.library.poses import read_poses, write_poses
from vpd.library.tracks import read_tracks, write_tracks
from vpd.types import PoseSequence, Track

RECIPE = Recipe("step", 1, notes={"why": "size"})


def test_times(tmp_path):
    times = np.array([0.0, 1 / 3, 0.7])
    write_index(tmp_path / "a.parquet", plain_index(times), RECIPE)
    assert read_times(tmp_path / "a.parquet").tolist() == times.tolist()


@pytest.mark.parametrize("athletes", [(), (0,), (1, 0, 7)])
def test_tracks_and_poses(tmp_path, athletes):
    rng = np.random.default_rng(0)
    tracks, poses = [], []
    for athlete in athletes:
        frames = np.flatnonzero(rng.random(50) < 0.7)
        boxes, scores = rng.random((len(frames), 4)), rng.random(len(frames))
        sources = rng.choice(["detected", "user"], len(frames))
        tracks.append(Track(athlete, frames, frames / 25, boxes, scores, sources))
        poses.append(PoseSequence(athlete, frames, rng.random((len(frames), 17, 3))))
    write_tracks(tmp_path / "t.parquet", tracks, RECIPE)
    write_poses(tmp_path / "p.parquet", poses, RECIPE)
    read = read_tracks(tmp_path / "t.parquet")
    assert [t.athlete for t in read] == list(athletes)
    for got, want in zip(read, tracks, strict=True):
        for name in ("frames", "times_s", "boxes", "scores", "sources"):
            assert np.array_equal(getattr(got, name), getattr(want, name)), name
    for got_pose, want_pose in zip(read_poses(tmp_path / "p.parquet"), poses, strict=True):
        assert got_pose.athlete == want_pose.athlete
        assert np.array_equal(got_pose.frames, want_pose.frames)
        assert np.array_equal(got_pose.keypoints, want_pose.keypoints)
    assert read_recipe(tmp_path / "t.parquet")["notes"] == {"why": "size"}


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"),
    ],
)
@pytest.mark.parametrize("write", [write_parquet, write_arrow, lambda t, path, r: write_text("x", path)])
def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path, monkeypatch, write, error):
    path = tmp_path / "a.parquet"
    table = pa.table({"x": [1]})
    write(table, path, RECIPE)
    before = path.read_bytes()

    def full(descriptor):
        raise error

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFullError, match=r"disk is full: .*a\.parquet"):
        write(table, path, RECIPE)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]
