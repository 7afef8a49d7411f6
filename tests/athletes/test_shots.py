"""Shot cuts: made ones, and the hard cuts of the joined tennis clips."""

import csv

import numpy as np
import pytest

from tests.shared import shared_path
from vpd.athletes.shots import CutDetector
from vpd.settings import TrackSettings
from vpd.video import read_frames, read_video_info

DIFFERENCE = TrackSettings().cut_difference


def cuts(frames: list[np.ndarray]) -> list[int]:
    detector = CutDetector(DIFFERENCE)
    return [i for i, rgb in enumerate(frames) if detector.is_cut(rgb)]


def noise(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), np.uint8)
    return np.kron(coarse, np.ones((10, 10, 1), np.uint8))


def test_another_picture_is_a_cut() -> None:
    assert cuts([noise(0)] * 5 + [noise(1)] * 5) == [5]


def test_a_still_picture_and_a_pan_are_none() -> None:
    wide = np.concatenate([noise(2), noise(3), noise(4)], axis=1)
    # It builds up, to 9 of 160 pixels a frame.
    at = np.cumsum(np.arange(60) // 6)
    pan = [wide[:, x : x + 160] for x in at]
    assert cuts([noise(0)] * 5) == []
    assert cuts(pan) == []


def test_a_fade_is_none() -> None:
    assert cuts([(noise(0) * (1 - t / 40)).astype(np.uint8) for t in range(40)]) == []


@pytest.mark.slow
def test_the_cuts_of_the_joined_clips_are_found() -> None:
    folder = shared_path("data/tennis_uncut")
    clips = shared_path("data/tennis/videos")
    with (folder / "events.csv").open(encoding="utf-8") as file:
        sources = [row["source_clip"] for row in csv.DictReader(file) if row["video"] == "train_02.mp4"]
    lengths = []
    for source in sources:
        frames = read_video_info(clips / f"{source}.mp4").frames
        last = next(iter(read_frames(clips / f"{source}.mp4", start_frame=frames - 1)))
        # The black last frame that many clips have was left out when they were joined.
        lengths.append(frames - (last.rgb.mean() < 20))
    found = set(cuts([frame.rgb for frame in read_frames(folder / "videos" / "train_02.mp4")]))
    expected = set(np.cumsum(lengths)[:-1].tolist())
    assert found == expected


@pytest.mark.parametrize(("last", "found"), [(25, [8]), (23, [])])
def test_a_cut_changes_the_picture_three_times_as_much_as_before(last: int, found: list[int]) -> None:
    shades = np.cumsum([0, *[8] * 7, last])
    assert cuts([np.full((36, 64, 3), shade, np.uint8) for shade in shades]) == found
