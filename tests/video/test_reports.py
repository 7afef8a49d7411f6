"""Inputs after bug reports of the field: each has the right value, found without vpd."""

import numpy as np
import pytest

from tests.shared import shared_path
from tests.video.indexed import indexed
from vpd.video import frame_at, read_frames, read_video_info


def report(name):
    return shared_path(f"data/reports/{name}")


RIGHT = {
    # file: (frames, width, height, duration in s), by ffprobe
    "joined_recordings/joined_long.ts": (360, 320, 240, 18.0),
    "joined_gap_forward/joined_fwd.ts": (240, 320, 240, 12.0),
    "preview_stream_first/preview_first.mov": (120, 320, 240, 6.0),
    "raw_h264/raw.h264": (120, 320, 240, 6.0),
    "trimmed_edit_list/trim_editlist.mp4": (102, 320, 240, 5.2),
    "mirrored_matrix/mirrored.mp4": (100, 360, 640, 100 / 60),
    "hdr_pq/hdr_pq.mov": (60, 360, 640, 1.0),
    "interlaced/inter30i.mp4": (100, 360, 640, 100 / 60),
}


@pytest.mark.parametrize("name", RIGHT)
def test_frames_size_and_length(name):
    info = read_video_info(report(name))
    frames, width, height, duration_s = RIGHT[name]
    assert (info.frames, info.width, info.height) == (frames, width, height)
    assert info.duration_s == pytest.approx(duration_s, abs=0.06)
    assert (np.diff(info.times_s) > 0).all()
    assert np.diff(info.times_s).max() < 0.16


@pytest.mark.parametrize("name", RIGHT)
def test_entered_in_the_middle_each_frame_is_the_same(name, tmp_path):
    every = list(read_frames(report(name)))
    video = indexed(report(name), tmp_path)
    for start in np.random.default_rng(0).integers(0, len(every), 8).tolist():
        part = list(read_frames(video, start, start + 2))
        for frame, right in zip(part, every[start : start + 2], strict=True):
            assert (frame.frame, frame.time_s) == (right.frame, right.time_s)
            assert np.array_equal(frame.rgb, right.rgb)


def test_jumps_of_the_clock_are_named_and_hidden_frames_are_not_damage():
    for name, where in (
        ("joined_recordings/joined_long.ts", "6.00"),
        ("joined_gap_forward/joined_fwd.ts", "6.00"),
    ):
        assert f"jumps at {where} s" in read_video_info(report(name)).warning
    assert not read_video_info(report("trimmed_edit_list/trim_editlist.mp4")).warning


def test_mirrored_is_the_whole_clip_mirrored():
    whole = shared_path("data/clips/whole.mp4")
    mirrored = report("mirrored_matrix/mirrored.mp4")
    assert np.array_equal(frame_at(mirrored, 0.5), frame_at(whole, 0.5)[:, ::-1])


def test_hdr_is_tone_mapped_to_about_its_original():
    hdr, sdr = (frame_at(report(f"hdr_pq/{name}"), 0.5).astype(float) for name in ("hdr_pq.mov", "sdr.mp4"))
    assert np.abs(hdr.mean((0, 1)) - sdr.mean((0, 1))).max() < 3
    assert abs(hdr.std() - sdr.std()) < 3
    assert "tone-mapped" in read_video_info(report("hdr_pq/hdr_pq.mov")).about


def test_fields_are_the_pictures_of_their_moments():
    """Each field is nearer to the picture of its own moment than to those beside it."""
    fields = [f.rgb.astype(int) for f in read_frames(report("interlaced/inter30i.mp4"), 20, 40)]
    whole = [f.rgb.astype(int) for f in read_frames(report("interlaced/prog60.mp4"), 18, 42)]
    for place, field in enumerate(fields, start=2):
        differences = [np.abs(field - whole[i]).mean() for i in range(place - 2, place + 3)]
        assert int(np.argmin(differences)) == 2, differences
