"""Poses from outside, in both formats, and what is wrong with them."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vpd.errors import InputError
from vpd.pose.outside import read_poses
from vpd.types import Track


def pose(x: float, score: float = 0.8) -> np.ndarray:
    """17 joints in a box of 20 x 40 at (x, 0)."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.uniform(0, 1, (17, 2)) * (20, 40) + (x, 0), np.full((17, 1), score)], axis=1)


def written(path: Path, content: Any) -> Path:
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def track(x: float, athlete: int = 0) -> Track:
    n = 3
    return Track(
        athlete, np.arange(n), np.arange(n) / 30, np.tile([x, 0, 20, 40], (n, 1)), np.ones(n), ["user"] * n
    )


def test_coco_results_keep_the_best_of_a_frame(tmp_path: Path) -> None:
    entries = [
        {"image_id": 4, "keypoints": pose(50).ravel().tolist(), "score": 0.4},
        {"image_id": 2, "keypoints": pose(10).ravel().tolist(), "score": 0.3},
        {"image_id": 2, "keypoints": pose(20).ravel().tolist(), "score": 0.9},
    ]
    (sequence,) = read_poses(written(tmp_path / "p.json", entries))
    assert sequence.frames.tolist() == [2, 4]
    np.testing.assert_allclose(sequence.keypoints, [pose(20), pose(50)], rtol=1e-6)


def test_coco_results_with_athletes(tmp_path: Path) -> None:
    entries = [
        {"frame": f, "track_id": a, "keypoints": pose(10 * a).ravel().tolist()}
        for f in (0, 1)
        for a in (0, 3)
    ]
    sequences = read_poses(written(tmp_path / "p.json", entries))
    assert [s.athlete for s in sequences] == [0, 3]
    np.testing.assert_allclose(sequences[1].keypoints[1], pose(30), rtol=1e-6)


def test_the_reference_format_takes_the_first_person(tmp_path: Path) -> None:
    content = [
        [f, [[0.5, [0, 0, 1, 1], pose(f).tolist()], [0.9, [0, 0, 1, 1], pose(99).tolist()]]] for f in (7, 8)
    ]
    content.append([9, []])
    (sequence,) = read_poses(written(tmp_path / "coco_keypoints.json.gz", content))
    assert sequence.frames.tolist() == [7, 8]
    np.testing.assert_allclose(sequence.keypoints[0], pose(7), rtol=1e-6)


def test_a_track_takes_the_pose_in_its_box(tmp_path: Path) -> None:
    content = [
        [f, [[0.9, [0, 0, 1, 1], pose(200).tolist()], [0.5, [0, 0, 1, 1], pose(12).tolist()]]]
        for f in (0, 2, 9)
    ]
    path = written(tmp_path / "p.json.gz", content)
    near, far, nowhere = read_poses(path, [track(10), track(195, 1), track(900, 2)])
    np.testing.assert_allclose(near.keypoints[0], pose(12), rtol=1e-6)
    np.testing.assert_allclose(far.keypoints[1], pose(200), rtol=1e-6)
    assert near.frames.tolist() == far.frames.tolist() == [0, 2]
    assert nowhere.athlete == 2
    assert len(nowhere.frames) == 0


@pytest.mark.parametrize(
    "content",
    [
        {"annotations": []},
        [{"image_id": 1}],
        [{"image_id": 1, "keypoints": [1, 2, 3]}],
        [{"image_id": 1, "keypoints": [float("nan")] * 51}],
        [[1, [[0.5, [0, 0, 1, 1]]]]],
        [3],
    ],
)
def test_what_cannot_be_poses_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(InputError, match=r"p\.json"):
        read_poses(written(tmp_path / "p.json", content))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    for raw in (b"", b"\x1f\x8bgarbage", b"\xff\xfe\x00", gzip.compress(b"[1")[:-9]):
        (tmp_path / "p.json").write_bytes(raw)
        with pytest.raises(InputError, match="cannot be read"):
            read_poses(tmp_path / "p.json")


def test_no_poses_at_all(tmp_path: Path) -> None:
    assert read_poses(written(tmp_path / "p.json", [])) == []
