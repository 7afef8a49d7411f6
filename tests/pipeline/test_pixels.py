"""`vpd pixels`: learned once, made of what is there, and weighed beside other features."""

import numpy as np
import pytest

from tests.pipeline.made import made_library, make_video, write_boxes, write_given_poses
from vpd.errors import InputError
from vpd.library.features import read_features
from vpd.pipeline import pixels
from vpd.pipeline.pixels import NAME, make_pixels
from vpd.pipeline.register import add_videos
from vpd.pipeline.run import run
from vpd.verbs.features import choose_features, open_features

FRAMES = 62
VIDEOS = [f"v{i}" for i in range(8)]


def prepare(layout, names):
    for number, name in enumerate(names):
        write_given_poses(layout, name, number, FRAMES)
    assert run(layout, ("crop", "teach")).complete


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pixels")
    layout = made_library(folder, VIDEOS, "[crop]\nsize = 32\nflow = 'none'\n", FRAMES)
    prepare(layout, VIDEOS)
    return layout


@pytest.fixture(autouse=True)
def _given_poses_have_no_embedding(monkeypatch):
    monkeypatch.setattr(pixels, "MOVEMENT", "joints2d")


def contents(layout):
    return {video: layout.features(NAME, video).read_bytes() for video in VIDEOS}


def test_features_are_made_once_and_by_one_map(layout):
    assert make_pixels(layout).made == {NAME: len(VIDEOS)}
    (sequence,) = read_features(layout.features(NAME, "v0"))
    assert sequence.values.shape == (FRAMES, 2, 16)
    assert sequence.valid.all()
    assert np.ptp(sequence.values, axis=0).max() > 0
    before = contents(layout)
    assert make_pixels(layout).made == {}

    add_videos(layout, [make_video(layout.root.parent / "videos" / "new.mp4", 9, FRAMES)])
    write_boxes(layout, "new", frames=FRAMES)
    assert run(layout, ("crop",)).complete
    lacking = make_pixels(layout)
    assert lacking.made == {}
    assert lacking.problems[0].startswith("1 video lacks crops, poses")
    prepare(layout, ["new"])
    assert make_pixels(layout).made == {NAME: 1}
    assert contents(layout) == before

    assert make_pixels(layout, again=True).made == {NAME: len(VIDEOS) + 1}
    assert all(after != before[video] for video, after in contents(layout).items())


def test_they_are_weighed_beside_other_features(layout):
    make_pixels(layout)
    name = choose_features(layout, "joints2d,pixels").name
    store, sizes = open_features(layout, name)
    assert sizes == (26, 16)
    assert set(VIDEOS) <= set(store.videos())
    with pytest.raises(InputError, match="no features 'other'"):
        choose_features(layout, "joints2d,other")


def test_a_library_without_crops_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="vpd run"):
        make_pixels(made_library(tmp_path, ["a"]))
