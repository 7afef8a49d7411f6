"""Damage that a decoder hides, and files that end too early, are said; nothing else is."""

import cv2
import pytest

from tests.video.made import B_FRAMES, FILES, Made, picture
from vpd.errors import RateMissingError, VideoError
from vpd.video import read_video_info
from vpd.video.formats import stated_size


def test_damage_that_the_decoder_hides_is_said(tmp_path):
    path = Made("a.mkv", "libx264", options=B_FRAMES).write(tmp_path)
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) // 2 + 400, 5):
        content[place] ^= 0x5A
    path.write_bytes(content)
    assert "1 frame is damaged" in read_video_info(path).warning


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.avi"])
def test_a_file_that_is_cut_short_is_said(tmp_path, name):
    codec = "libvpx" if name.endswith("webm") else "mpeg4"
    path = Made(name, codec, options={"g": "5"}).write(tmp_path)
    content = path.read_bytes()
    assert stated_size(content[:4096]) == len(content)
    assert read_video_info(path).warning == ""
    path.write_bytes(content[: len(content) * 2 // 3])
    assert "cut short" in read_video_info(path).warning


def test_a_stream_without_a_stated_size_is_not_cut_short(tmp_path):
    """As a recorder leaves it that writes as it goes: the size of everything is unknown."""
    path = Made("a.mkv", "mpeg4", options={"g": "5"}).write(tmp_path)
    content = bytearray(path.read_bytes())
    start = content.index(b"\x18\x53\x80\x67") + 4
    content[start : start + 8] = b"\x01" + b"\xff" * 7
    path.write_bytes(content)
    assert stated_size(bytes(content[:4096])) == 0
    assert read_video_info(path).warning == ""
    assert all(
        stated_size(head) == 0 for head in (b"", b"RIFF", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x80")
    )


@pytest.mark.parametrize("made", [m for m in FILES if "open_gop" in m.name or "refresh" in m.name], ids=str)
def test_pictures_that_need_earlier_ones_are_no_damage(tmp_path, made):
    assert read_video_info(made.write(tmp_path)).warning == ""


def test_a_row_of_jpeg_pictures_is_a_recording_where_its_name_says_so(tmp_path):
    path = tmp_path / "a.mjpeg"
    pictures = [cv2.imencode(".jpg", picture(i, (160, 120))[..., ::-1])[1].tobytes() for i in range(12)]
    path.write_bytes(b"".join(pictures))
    with pytest.raises(RateMissingError):
        read_video_info(path)
    assert read_video_info(path, fps=20).times_s.tolist() == [i / 20 for i in range(12)]
    path.rename(tmp_path / "a.jpg")
    with pytest.raises(VideoError, match="a picture"):
        read_video_info(tmp_path / "a.jpg")
