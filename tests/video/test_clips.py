"""Every file of the small clips is read right, or refused with a sentence that names it."""

from fractions import Fraction

import numpy as np
import pytest

from tests.shared import shared_path
from tests.video.indexed import indexed
from vpd.errors import VideoError
from vpd.video import content_key, frame_at, read_frames, read_video_info

READ = {
    # file: (frames, width, height, rotation)
    "whole.mp4": (100, 360, 640, 0),
    "vfr.mp4": (76, 360, 640, 0),
    "rotated.mp4": (60, 360, 640, 90),
    "one_frame.mp4": (1, 360, 640, 0),
    "odd_size.mp4": (40, 359, 641, 0),
    "név with spaces.MOV": (60, 360, 640, 0),
    "no_person.mp4": (60, 320, 240, 0),
    "corrupt_middle.mp4": (83, 360, 640, 0),
}
REFUSED = {
    "truncated_no_index.mp4": "cannot be opened",
    "garbage.mp4": "cannot be opened",
    "empty.mp4": "the file is empty",
    "audio_only.mp4": "no video stream",
}


def clip(name):
    return shared_path("data/clips") / name


@pytest.mark.parametrize("name", READ)
def test_info_and_frames_agree(name):
    frames, width, height, rotation = READ[name]
    info = read_video_info(clip(name), "id")
    assert (info.video, info.frames, info.width, info.height, info.rotation) == (
        "id",
        frames,
        width,
        height,
        rotation,
    )
    seen = list(read_frames(clip(name)))
    assert [f.frame for f in seen] == list(range(frames))
    assert [f.time_s for f in seen] == info.times_s.tolist()
    assert {f.rgb.shape for f in seen} == {(height, width, 3)}
    assert all(f.rgb.dtype == np.uint8 and f.rgb.flags.c_contiguous for f in seen)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize(
    "read", [read_video_info, lambda path: list(read_frames(path)), lambda path: frame_at(path, 0.5)]
)
def test_refused_with_a_sentence(name, read):
    with pytest.raises(VideoError) as error:
        read(clip(name))
    assert name in str(error.value)
    assert REFUSED[name] in str(error.value)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "absent.mp4", tmp_path):
        with pytest.raises(VideoError, match="cannot be"):
            read_video_info(path)


def test_pictures_and_text_are_not_videos(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("What happened on court one.\n" * 20)
    with pytest.raises(VideoError):
        read_video_info(text)


def test_truncated_yields_what_is_there_and_warns():
    info = read_video_info(clip("truncated.mp4"))
    assert 48 <= info.frames <= 50
    assert "cut short" in info.warning
    assert len(list(read_frames(clip("truncated.mp4")))) == info.frames


def test_damage_in_the_middle_keeps_the_clock():
    """Times of what decodes are those of the undamaged file, and later frames are the same pictures."""
    whole, damaged = clip("whole.mp4"), clip("corrupt_middle.mp4")
    info = read_video_info(damaged)
    assert "17 of 100" in info.warning
    assert not read_video_info(whole).warning
    truth = {f.time_s: f.rgb for f in read_frames(whole)}
    assert set(info.times_s) < set(truth)
    late = [f for f in read_frames(damaged) if f.time_s > 70 / 60]
    assert len(late) > 25
    assert all(np.array_equal(f.rgb, truth[f.time_s]) for f in late)


def test_damaged_files_decode_the_same_every_time():
    for name in ("corrupt_middle.mp4", "truncated.mp4"):
        first, *others = (np.stack([f.rgb for f in read_frames(clip(name))]) for _ in range(3))
        assert all(np.array_equal(first, other) for other in others), name


def test_variable_rate_uses_the_time_stamps():
    times = read_video_info(clip("vfr.mp4")).times_s
    steps = np.diff(times) * 60
    np.testing.assert_allclose(steps, steps.round(), atol=1e-4)
    assert set(steps.round().astype(int)) == {1, 2, 3, 4}


def test_rate_is_what_the_frames_show():
    assert read_video_info(clip("whole.mp4")).fps == Fraction(60)
    assert float(read_video_info(clip("vfr.mp4")).fps) == pytest.approx(45.6, abs=0.7)


def test_rotated_is_upright():
    """It shows the same scene as the unrotated file it was made from."""
    upright = frame_at(clip("whole.mp4"), 0).astype(float)
    turned = frame_at(clip("rotated.mp4"), 0).astype(float)
    assert np.corrcoef(upright.ravel(), turned.ravel())[0, 1] > 0.95
    assert np.corrcoef(upright.ravel(), turned[::-1, ::-1].ravel())[0, 1] < 0.8


@pytest.mark.parametrize(
    "name", ["whole.mp4", "vfr.mp4", "rotated.mp4", "corrupt_middle.mp4", "truncated.mp4"]
)
def test_entering_in_the_middle_gives_the_same_frames(name, tmp_path):
    every = list(read_frames(clip(name)))
    video = indexed(clip(name), tmp_path)
    for start in (1, 9, 10, 11, 30, 40, len(every) - 1):
        part = list(read_frames(video, start, start + 3))
        assert [f.frame for f in part] == [f.frame for f in every[start : start + 3]]
        assert all(np.array_equal(p.rgb, every[p.frame].rgb) for p in part)
    assert list(read_frames(video, len(every))) == []


def test_frame_at_is_what_a_player_shows():
    every = list(read_frames(clip("vfr.mp4")))
    for frame in (0, 1, 20, 75):
        assert np.array_equal(frame_at(clip("vfr.mp4"), every[frame].time_s + 0.001), every[frame].rgb)
    assert np.array_equal(frame_at(clip("vfr.mp4"), 1e4), every[-1].rgb)


def test_content_key_follows_the_content(tmp_path):
    moved = tmp_path / "other name.mkv"
    moved.write_bytes(clip("whole.mp4").read_bytes())
    assert content_key(moved) == content_key(clip("whole.mp4")) != content_key(clip("vfr.mp4"))
