"""Where shots begin: on edits made here, on pictures that only look like edits, and on joined clips."""

import csv

import numpy as np
import pytest

from tests.athletes.edits import DISSOLVE, FADE, GRAPHICS, WIPE, made_source, passing, shot, transition
from tests.shared import shared_path
from vpd.athletes.shot_features import COUNT, ShotFeatures, mean_of_colours, thumbnail
from vpd.athletes.shots import Change, ShotFinder
from vpd.video import read_frames, read_video_info


def found(frames, fps=25.0):
    finder = ShotFinder()
    changes = [change for i, rgb in enumerate(frames) for change in finder.add(rgb, i / fps)]
    return [*changes, *finder.finish()]


@pytest.fixture(scope="module")
def sources():
    rng = np.random.default_rng(3)
    return [made_source(rng) for _ in range(3)]


def shots(sources, lengths, move=""):
    numbered = enumerate(zip(sources, lengths, strict=False))
    return [shot(source, n, np.random.default_rng(1 + i), move) for i, (source, n) in numbered]


@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0, 100.0])
def test_a_cut_is_found_to_the_frame_at_any_rate(sources, fps):
    a, b, c = shots(sources, (37, 61, 45))
    slow = max(1, round(fps / 25))
    frames = [picture for picture in [*a, *b, *c] for _ in range(slow)]
    assert found(frames, fps) == [Change(37 * slow - 1, 37 * slow), Change(98 * slow - 1, 98 * slow)]


@pytest.mark.parametrize("kind", [DISSOLVE, FADE, WIPE, GRAPHICS])
@pytest.mark.parametrize("length", [12, 24])
def test_a_gradual_change_is_found_once_and_within(sources, kind, length):
    a, b, _ = shots(sources, (50 + length, 50 + length, 1))
    between = transition(kind, a[50:], b[:length], np.random.default_rng(2))
    (change,) = found([*a[:50], *between, *b[length:]])
    assert 50 <= change.begins < 50 + length
    assert change.last >= 50 - 6
    assert change.first <= 50 + length + 6


@pytest.mark.parametrize("move", ["", "slow", "fast pan", "fast zoom"])
def test_a_shot_is_one_however_the_camera_moves(sources, move):
    for frames in shots(sources, (90, 90, 90), move):
        assert found(frames) == []


def test_flashes_and_people_who_pass_are_no_changes(sources):
    a, b, _ = shots(sources, (90, 90, 90))
    for i in (30, 31, 60):
        a[i] = np.full_like(a[i], 240)
    passing(b, np.random.default_rng(0))
    assert found(a) == found(b) == []


def test_a_cut_within_one_place_is_found_though_the_colours_stay(sources):
    """Another part of the same ground, as of a court from the other side."""
    ground = sources[0][0]
    a, b = (np.ascontiguousarray(ground[y : y + 200, x : x + 355]) for y, x in ((0, 0), (110, 120)))
    assert found([a] * 40 + [b] * 40) == [Change(39, 40)]


def test_still_pictures_and_short_videos(sources):
    (still, *_), (other, *_) = shots(sources, (1, 1))
    assert found([]) == found([still]) == found([still] * 50) == []
    assert found([still] * 5 + [other] * 5) == [Change(4, 5)]


def test_changes_come_in_order_and_before_they_are_settled(sources):
    finder, seen = ShotFinder(), []
    frames = [picture for part in shots(sources * 4, (60,) * 12) for picture in part]
    for i, rgb in enumerate(frames):
        before = finder.settled
        for change in finder.add(rgb, i / 25):
            assert before <= change.begins <= finder.settled
            seen.append(change.begins)
        assert finder.settled <= i + 1
    seen += [change.begins for change in finder.finish()]
    assert seen == list(range(60, 720, 60))
    assert finder.settled == 720


def test_the_numbers_of_a_picture_follow_from_it_and_those_before(sources):
    """They are as a plain reckoning has them, and a shift of the whole picture is seen through."""
    a = sources[0][0]
    pictures = [a[40:260, x : x + 390] for x in (0, 8, 16)]
    features = ShotFeatures()
    rows = [features.add(thumbnail(picture)) for picture in pictures]
    assert all(row.shape == (COUNT,) for row in rows)
    small = [thumbnail(picture).astype(float) / 255 for picture in pictures]
    assert rows[1][0] == pytest.approx(np.abs(small[1] - small[0]).mean(), rel=1e-4)
    assert rows[2][11] == pytest.approx(np.abs(small[2] - small[0]).mean(), rel=1e-4)
    assert rows[1][1] < 0.6 * rows[1][0]
    assert rows[1][3] == pytest.approx(1 / 24)


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
    begins = [change.begins for change in _changes(folder / "videos" / "train_02.mp4")]
    assert begins == np.cumsum(lengths)[:-1].tolist()


def _changes(path):
    finder = ShotFinder()
    for frame in read_frames(path):
        yield from finder.add(frame.rgb, frame.time_s)
    yield from finder.finish()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["sports2d_demo", "pose2sim_single_cam01", "pose2sim_multi_cam02", "no_person"]
)
def test_clips_without_an_edit_have_none(name):
    assert list(_changes(shared_path(f"data/clips/{name}.mp4"))) == []


@pytest.mark.parametrize(("last", "sudden"), [(25, [8]), (23, [])])
def test_a_sudden_step_is_three_times_as_great_as_those_before(last: int, sudden: list[int]) -> None:
    """Of people looked for on both sides of what may be a cut."""
    finder = ShotFinder()
    for i, shade in enumerate(np.cumsum([0, *[8] * 7, last])):
        finder.add(np.full((36, 64, 3), shade, np.uint8), i / 25)
        assert (i > 0 and finder.sudden(18.0)) == (i in sudden)


def test_the_mean_of_colours_has_the_bits_of_numpys():
    """The published network was trained on numpy's."""
    rgb = np.random.default_rng(0).random((5, 27, 48, 3), dtype=np.float32)
    assert np.array_equal(mean_of_colours(rgb), rgb.mean(-1))
