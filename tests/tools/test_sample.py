"""The sample that the package ships."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import vpd
from vpd.recognition.split import read_split
from vpd.video import read_video_info

SAMPLE = Path(vpd.__file__).parent / "sample"


@pytest.fixture(scope="module")
def labels():
    with (SAMPLE / "labels.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_is_small():
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) <= 6_000_000


def test_it_has_forty_actions_of_six_kinds_on_both_sides_of_a_split_by_scene(labels):
    places = read_split(SAMPLE / "splits.csv")
    kinds = {side: Counter() for side in ("train", "test")}
    for row in labels:
        kinds[places[row["video"]].split][row["label"]] += 1
    assert len(labels) >= 40
    assert len(kinds["train"]) >= 6
    assert min(kinds["train"].values()) >= 4
    assert kinds["train"].keys() == kinds["test"].keys()


def test_labels_and_truth_lie_within_the_videos(labels):
    with np.load(SAMPLE / "truth.npz", allow_pickle=False) as truth:
        for path in sorted((SAMPLE / "videos").iterdir()):
            info = read_video_info(path)
            boxes, keypoints = truth[f"{path.stem}/boxes"], truth[f"{path.stem}/keypoints2d"]
            assert len(boxes) == len(keypoints) == info.frames
            spans = [(float(r["start_s"]), float(r["end_s"])) for r in labels if r["video"] == path.stem]
            assert spans
            assert all(0 <= start < end <= info.duration_s for start, end in spans)
            low, high = boxes[:, None, :2], boxes[:, None, :2] + boxes[:, None, 2:]
            inside = ((keypoints >= low - 2) & (keypoints <= high + 2)).all(axis=2)
            assert inside.mean() > 0.98
