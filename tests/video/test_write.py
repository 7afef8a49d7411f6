"""What is written is read back: pictures, times and sizes."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.shared import shared_path
from vpd.errors import InputError, VideoError
from vpd.video import cut_clip, read_frames, read_video_info, write_video


def moving_square(frames, height=48, width=64):
    for i in range(frames):
        rgb = np.full((height, width, 3), 40, np.uint8)
        rgb[10:26, 2 * i : 2 * i + 16] = (220, 60, 30)
        yield rgb


@pytest.mark.parametrize("fps", [25, Fraction(30000, 1001)])
def test_round_trip(tmp_path, fps):
    out = tmp_path / "a b" / "é.mp4"
    assert write_video(moving_square(20), fps, out) == 20
    info = read_video_info(out)
    assert (info.frames, info.width, info.height, info.warning) == (20, 64, 48, "")
    np.testing.assert_allclose(info.times_s, np.arange(20) / float(fps), atol=1e-4)
    for read, wrote in zip(read_frames(out), moving_square(20), strict=True):
        assert np.abs(read.rgb.astype(int) - wrote).mean() < 6
    assert [p.name for p in out.parent.iterdir()] == [out.name]


def test_playable_in_browsers(tmp_path):
    """H.264, 4:2:0, even size, the index before the data."""
    write_video(moving_square(5, 47, 63), 25, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as file:
        context = file.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 64, 48)
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_nothing_to_write(tmp_path):
    with pytest.raises(InputError):
        write_video([], 25, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["whole.mp4", "vfr.mp4", "rotated.mp4"])
def test_clip_has_the_frames_of_the_span(tmp_path, name):
    path = shared_path("data/clips") / name
    expected = [f for f in read_frames(path) if 0.3 <= f.time_s < 0.8]
    assert cut_clip(path, 0.3, 0.8, tmp_path / "c.mp4") == len(expected)
    cut = list(read_frames(tmp_path / "c.mp4"))
    np.testing.assert_allclose(
        [f.time_s for f in cut], [f.time_s - expected[0].time_s for f in expected], atol=1e-4
    )
    for read, wrote in zip(cut, expected, strict=True):
        assert np.abs(read.rgb.astype(int) - wrote.rgb).mean() < 8


def test_clip_outside_the_video(tmp_path):
    path = shared_path("data/clips") / "whole.mp4"
    with pytest.raises(VideoError, match="no frame between 50 and 60 s"):
        cut_clip(path, 50, 60, tmp_path / "c.mp4")
    assert list(tmp_path.iterdir()) == []
