"""Recordings joined byte by byte: what belongs together is read, and what is left out is said."""

import subprocess

import numpy as np
import pytest

from tests.video.made import B_FRAMES, Made, x264
from tests.video.wild import Wild, make
from vpd.video import read_video_info

PICTURES, ELSEWHERE = 0x100, 0x200
"""PIDs of the pictures in a transport stream as FFmpeg writes it, and of none."""


def other_stream(content):
    """The transport stream with its pictures under a PID that its tables do not name."""
    out = bytearray(content)
    for place in range(0, len(out), 188):
        pid = int.from_bytes(out[place + 1 : place + 3], "big")
        if pid & 0x1FFF == PICTURES:
            out[place + 1 : place + 3] = (pid & 0xE000 | ELSEWHERE).to_bytes(2, "big")
    return bytes(out)


@pytest.mark.parametrize("name", ["a.ts", "a.flv"])
def test_a_joined_recording_of_another_stream_is_said(tmp_path, name):
    """FFmpeg and vpd read one stream; the other half must not be lost without a word."""
    content = Made(name, "libx264", options=B_FRAMES).write(tmp_path).read_bytes()
    assert read_video_info(tmp_path / name).warning == ""
    (tmp_path / name).write_bytes(content + (other_stream(content) if name == "a.ts" else content))
    info = read_video_info(tmp_path / name)
    assert info.frames == 60
    assert "no picture of this stream in the last 5" in info.warning


def test_a_chained_ogg_file_is_no_damage(tmp_path):
    chained = Wild("a.ogv", "-c:v libtheora", change=lambda content: content * 2)
    try:
        info = read_video_info(make(chained, tmp_path))
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no ffmpeg that writes Theora is installed")
    assert info.frames == 100
    assert "its clock jumps at 2.00 s" in info.warning
    assert "decoded" not in info.warning


def test_pictures_without_times_are_usual_in_program_streams(tmp_path):
    info = read_video_info(Made("a.vob", "libx264", options=x264()).write(tmp_path))
    assert info.frames == 60
    assert info.warning == ""


@pytest.mark.parametrize("share", [0.31, 0.5, 0.66])
def test_a_program_stream_that_begins_in_its_middle_has_even_times(tmp_path, share):
    """Its first pictures have no time; that of a later one tells when they were shown."""
    options = {"g": "12", "bf": "2"}
    path = Made("a.mpg", "mpeg2video", frames=120, size=(320, 240), options=options, format="vob").write(
        tmp_path
    )
    content = path.read_bytes()
    path.write_bytes(content[int(share * len(content)) :])
    times_s = read_video_info(path).times_s
    assert len(times_s) > 20
    assert np.allclose(np.diff(times_s), 1 / 25, atol=1e-4)
