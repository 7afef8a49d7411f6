"""What detection reads beside the features, and videos that are named together."""

import numpy as np
import pytest

from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.types import FeatureSequence
from vpd.verbs import detect as verb
from vpd.verbs.detect import DetectListener, DetectRequest, detect
from vpd.verbs.features import with_joints


def library(root, **videos):
    """Features by name, each with so many videos of two athletes."""
    layout = Layout(root)
    for name, count in videos.items():
        for i in range(count):
            values, ones = np.full((5, 2, 4), float(len(name))), np.ones(5)
            frames = np.arange(5)
            both = [FeatureSequence(f"v{i}", a, frames, frames / 25, values, ones > 0, ones) for a in (0, 1)]
            write_features(layout.features(name, f"v{i}"), both, 4, Recipe("teach", 1))
    return layout


def test_joints_stand_beside_the_features_where_all_videos_have_them(tmp_path):
    store, joints = with_joints(library(tmp_path / "all", vipe=2, joints2d=2), "vipe")
    assert joints == 4
    found = store.sequences("v1")
    assert [s.athlete for s in found] == [0, 1]
    assert found[0].values[0, 0].tolist() == [4] * 4 + [8] * 4


@pytest.mark.parametrize(
    ("videos", "name"),
    [({"vipe": 2, "joints2d": 1}, "vipe"), ({"vipe": 1}, "vipe"), ({"joints2d": 1}, "joints2d")],
)
def test_features_stand_alone_otherwise(tmp_path, videos, name):
    store, joints = with_joints(library(tmp_path, **videos), name)
    assert joints == 0
    assert len(store.sequences("v0")[0].values[0, 0]) == 4


class Listened(DetectListener):
    def __init__(self):
        self.videos = []

    def video(self, found):
        self.videos.append((found.video, [d.video for d in found.detections]))


@pytest.mark.parametrize("together_s", [1.0, 1e9])
def test_each_video_is_told_once_in_whatever_lots(layout, monkeypatch, together_s):
    monkeypatch.setattr(verb, "NAMED_TOGETHER_S", together_s)
    listener = Listened()
    found = detect(layout, DetectRequest(method="search"), listener=listener)
    assert [video for video, _ in listener.videos] == ["new1", "new2"]
    assert all(own and set(own) == {video} for video, own in listener.videos)
    assert sorted(d.video for d in found.detections) == [v for _, own in listener.videos for v in own]
