"""Crops, whole pictures and poses of a library's segments, of the athlete that a segment means."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from vpd.baselines.inputs import load_inputs
from vpd.crops import make_crops, write_crops
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.dataset import DatasetCard, Thinning, write_card
from vpd.library.frames import write_index
from vpd.library.layout import Layout
from vpd.library.poses import write_poses
from vpd.library.videos import Videos
from vpd.sequences import meant_athlete
from vpd.settings.crop import CropSettings
from vpd.types import PoseSequence, Segment, Track
from vpd.video import read_frames, write_video
from vpd.video.info import scan_video
from vpd.video.source import recording_key

FRAMES, FPS = 10, 25
LEFT, RIGHT = 1, 2
COLOURS = {LEFT: 200, RIGHT: 90}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """One video of 160 x 96: athlete 1 left in frames 0 to 5, athlete 2 right in frames 2 to 9."""
    folder = tmp_path_factory.mktemp("library")
    pictures = np.zeros((FRAMES, 96, 160, 3), np.uint8)
    pictures[:, :, :80], pictures[:, :, 80:] = COLOURS[LEFT], COLOURS[RIGHT]
    write_video(iter(pictures), FPS, folder / "v.mp4")
    layout = Layout(folder)
    videos = Videos(layout)
    videos.register([folder / "v.mp4"], recording_key)
    info, index = scan_video(folder / "v.mp4", "v", videos["v"].key)
    videos.put(videos["v"].scanned(info))
    videos.write()
    write_index(layout.frames("v"), index, Recipe("scan", 1))
    seen = {LEFT: np.arange(6), RIGHT: np.arange(2, FRAMES)}
    boxes = {LEFT: (10, 20, 40, 60), RIGHT: (100, 20, 40, 60)}
    tracks = [
        Track(
            a,
            frames,
            info.times_s[frames],
            np.tile(np.array(boxes[a], np.float32), (len(frames), 1)),
            np.ones(len(frames)),
            np.full(len(frames), "user"),
        )
        for a, frames in seen.items()
    ]
    settings = CropSettings(size=32, flow="none")
    batches = make_crops(read_frames(folder / "v.mp4"), tracks, None, settings)
    write_crops(layout.crops("v"), batches, Recipe("crop", 1))
    poses = [
        PoseSequence(a, frames, np.full((len(frames), 17, 3), 10 * a, np.float32) * (1, 1, 0.05))
        for a, frames in seen.items()
    ]
    write_poses(layout.poses("v"), poses, Recipe("pose", 1))
    return layout


WHOLE, EARLY, NAMED = Segment("v", 0, 0.4), Segment("v", 0, 0.12), Segment("v", 0, 0.4, athlete=LEFT)
NOBODY = Segment("v", 0.3, 0.4, athlete=LEFT)


@pytest.mark.parametrize("kind", ["crops", "poses"])
def test_the_athlete_seen_most_is_meant(layout, kind):
    found = load_inputs(kind, layout, [WHOLE, EARLY, NAMED, NOBODY])
    athletes = [getattr(x, "athlete", None) or x.athletes[0] for x in found.items if x is not None]
    assert athletes == [RIGHT, LEFT, LEFT]
    assert [len(x) for x in found.items if x is not None] == [8, 3, 6]
    assert found.present() == [0, 1, 2]
    assert "athlete 1 between 0.3 and 0.4" in found.reasons[3]


def test_crops_show_their_athlete(layout):
    right, left, _ = load_inputs("crops", layout, [WHOLE, EARLY, NAMED]).items
    for clip, athlete in ((right, RIGHT), (left, LEFT)):
        middle = clip.rgb([0])[0, 16, 16].astype(int)
        assert np.abs(middle - COLOURS[athlete]).max() < 12
    np.testing.assert_allclose(right.times_s, np.arange(2, 10) / FPS, atol=1e-3)
    with pytest.raises(InputError, match="holds no flow"):
        right.flow(np.array([[0, 1, 2, 3, 4]]))


def test_the_second_person_stands_beside_the_first(layout):
    whole = load_inputs("poses", layout, [WHOLE]).items[0]
    assert whole.athletes == (RIGHT, LEFT)
    assert whole.keypoints.shape == (2, 8, 17, 3)
    assert (whole.keypoints[0, :, 0, 0] == 20).all()
    # athlete 1 is there in frames 2 to 5, the first four of athlete 2's
    assert whole.keypoints[1, :, 0, 0].tolist() == [10] * 4 + [0] * 4
    assert (whole.width, whole.height) == (160, 96)


def test_whole_pictures_are_decoded_once(layout):
    late = Segment("v", 0.2, 0.4)
    clip = load_inputs("pictures", layout, [late]).items[0]
    assert len(clip) == 5
    picture = clip.rgb([0])[0]
    assert picture.shape == (224, 224, 3)
    assert np.abs(picture[112, [50, 170]].astype(int) - [[COLOURS[LEFT]], [COLOURS[RIGHT]]]).max() < 12
    assert picture[10].max() < 12  # black above the picture
    assert clip.flow(np.array([[0, 1, 2, 3, 4]])).shape == (1, 10, 224, 224)
    changed = layout.pictures("v").stat().st_mtime_ns
    load_inputs("pictures", layout, [late])
    assert layout.pictures("v").stat().st_mtime_ns == changed
    both = load_inputs("pictures", layout, [late, EARLY]).items
    assert [len(x) for x in both] == [5, 3]


def test_a_video_that_is_gone_stops_no_other(layout, tmp_path):
    other = Layout(tmp_path)
    shutil.copytree(layout.root, tmp_path, dirs_exist_ok=True)
    videos = Videos.read(other)
    index = layout.frames("v").read_bytes()
    for name, seen in (("gone", tmp_path / "gone.mp4"), ("aside", tmp_path / "v.mp4")):
        videos.put(replace(videos["v"], video=name, path=str(seen), relative=seen.name))
        other.frames(name).write_bytes(index)
    videos.put(videos["aside"].set_aside("it is black"))
    videos.write()
    other.pictures("v").unlink(missing_ok=True)
    found = load_inputs("pictures", other, [EARLY, *(replace(EARLY, video=v) for v in ("gone", "aside"))])
    assert found.present() == [0]
    assert "gone.mp4" in found.reasons[1]
    assert found.reasons[2] == "it is black"


@pytest.mark.parametrize("kind", ["crops", "poses", "pictures"])
def test_a_segment_is_seen_in_its_window(layout, kind):
    swing = Segment("v", 0.2, 0.24, athlete=RIGHT, window_s=(0.08, 0.4))
    assert len(load_inputs(kind, layout, [swing]).items[0]) == 8


@pytest.mark.parametrize(
    ("begin", "slack", "counted"), [(1.0, 0.0, [0, 1, 3, 5, 8]), (0.0, 0.01, [0, 3, 5, 8])]
)
@pytest.mark.parametrize(("kind", "first"), [("crops", 2), ("poses", 2), ("pictures", 0)])
def test_a_data_set_leaves_the_same_frames_out_as_of_features(layout, kind, first, begin, slack, counted):
    """The rate of the rule stands to the video's as 25 to 60: frames of floor exercise and of diving."""
    rule = Thinning(25 * FPS / 60, begin, slack)
    write_card(layout.dataset, DatasetCard("fx", "FX35", thinning=rule))
    try:
        seen = load_inputs(kind, layout, [WHOLE]).items[0]
    finally:
        layout.dataset.unlink()
    frames = np.rint(seen.times_s * FPS).astype(int)
    assert frames.tolist() == [first + i for i in counted if first + i < FRAMES]
    if kind == "poses":
        # athlete 1 is there in frames 2 to 5
        assert (seen.keypoints[1, :, 0, 0] == 10).tolist() == (frames < 6).tolist()
    else:
        assert seen.rows.tolist() == load_inputs(kind, layout, [WHOLE]).items[0].rows[frames - first].tolist()


def test_nothing_to_see_is_an_error(layout):
    with pytest.raises(InputError, match="of 1 segment none has poses"):
        load_inputs("poses", layout, [NOBODY])


def test_the_rule_of_the_athlete():
    assert meant_athlete(WHOLE, {3: 5, 1: 9, 2: 9}) == 1
    assert meant_athlete(NAMED, {3: 5, LEFT: 1}) == LEFT
    assert meant_athlete(NAMED, {3: 5, LEFT: 0}) is None
    assert meant_athlete(WHOLE, {}) is None
