"""Recorders that number files and not chapters: joined where the files themselves say that they are one."""

import os
from datetime import datetime, timedelta
from fractions import Fraction

import av
import pytest
from av.video.frame import VideoFrame

from tests.video.made import picture, x264
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.video import find_videos
from vpd.video.chapters import chapters

NOON = datetime(2024, 5, 1, 12, 0, 0)
FRAMES = 15
"""Three seconds at five frames a second."""


def write(path, stamp=None, code="", first=0, size=(96, 64), codec="libx264", shift=0, rate=5):
    """A file of three seconds; with a stamp of its start, a time code, and a clock that begins later."""
    path.parent.mkdir(exist_ok=True, parents=True)
    with av.open(str(path), "w") as file:
        if stamp:
            file.metadata["creation_time"] = stamp.isoformat() + "Z"
        options = x264() if codec == "libx264" else {"g": "12"}
        stream = file.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if code:
            file.metadata["timecode"] = code
            stream.metadata["timecode"] = code
        for i in range(3 * rate):
            frame = VideoFrame.from_ndarray(picture(first + i, size), format="rgb24")
            frame.pts, frame.time_base = i + shift, Fraction(1, rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def after(seconds):
    return NOON + timedelta(seconds=seconds)


STAMPED = (
    ("DJI_0041.MP4", "DJI_0042.MP4", "DJI_0043.MP4"),
    ("DJI_20240501120000_0001_D.MP4", "DJI_20240501120003_0002_D.MP4", "DJI_20240501120006_0003_D.MP4"),
    ("VID_20240501_120000_00_001.mp4", "VID_20240501_120000_00_002.mp4", "VID_20240501_120000_00_003.mp4"),
    ("C0008.MP4", "C0009.MP4", "C0010.MP4"),
    ("20240501_C0098.MP4", "20240501_C0099.MP4", "20240501_C0100.MP4"),
    ("P1000001.MOV", "P1000002.MOV", "P1000003.MOV"),
    ("MVI_0001.MP4", "MVI_0002.MP4", "MVI_0003.MP4"),
    ("GRMN0001.MP4", "GRMN0002.MP4", "GRMN0003.MP4"),
)


@pytest.mark.parametrize("names", STAMPED, ids=lambda names: names[0])
def test_stamps_that_follow_each_other_make_one_recording_and_others_do_not(names, tmp_path):
    parts = [write(tmp_path / name, after(3 * i)) for i, name in enumerate(names)]
    assert chapters(parts[::-1]) == [parts]
    # A minute between them: recordings of their own, also where the numbers go on.
    write(parts[2], after(66))
    assert chapters(parts) == [parts[:2]]
    # Another size of picture is another recording.
    write(parts[1], after(3), size=(64, 96))
    assert chapters(parts) == []


def test_a_number_that_is_missing_ends_a_recording(tmp_path):
    parts = [write(tmp_path / f"DJI_00{n}.MP4", after(3 * (n - 10))) for n in (10, 11, 13, 14)]
    assert chapters(parts) == [parts[:2], parts[2:]]


@pytest.mark.parametrize(
    "pattern",
    ["20240501_{}_NF.mp4", "2024_0501_{}_0001F.MP4", "20240501{}_000001R.MP4", "240501_{}_001_FH.MP4"],
)
def test_dashboard_cameras_say_the_moment_in_the_name(pattern, tmp_path):
    names = [pattern.format(after(s).strftime("%H%M%S")) for s in (0, 3, 6, 40)]
    parts = [write(tmp_path / name) for name in names]
    other = write(tmp_path / f"{parts[0].stem}x{parts[0].suffix}")
    assert chapters([*parts, other]) == [parts[:3]]


@pytest.mark.parametrize("clip", ["AA0001{}.MXF", "A001C002_240501XX_CANON_{}.MXF"])
def test_time_code_that_goes_on(clip, tmp_path):
    first, second = (tmp_path / clip.format(n) for n in ("01", "02"))
    write(first, code="10:00:00:00", codec="mpeg2video", rate=25)
    write(second, code="10:00:03:00", codec="mpeg2video", rate=25)
    assert chapters([first, second]) == [[first, second]]
    write(second, code="10:00:07:00", codec="mpeg2video", rate=25)
    assert chapters([first, second]) == []


def test_a_stamp_against_a_time_code_that_goes_on(tmp_path):
    """Cameras that count time code while they record let it go on over any pause."""
    first, second = tmp_path / "C0001.MP4", tmp_path / "C0002.MP4"
    write(first, NOON, "10:00:00:00")
    for seconds, expected in ((3, [[first, second]]), (600, [])):
        write(second, after(seconds), "10:00:03:00")
        assert chapters([first, second]) == expected


def test_avchd_goes_on_by_its_clock(tmp_path):
    parts = [tmp_path / "STREAM" / f"0000{n}.MTS" for n in range(3)]
    write(parts[0])
    write(parts[1], shift=FRAMES)
    write(parts[2])
    assert chapters(parts) == [parts[:2]]
    write(parts[1])
    assert chapters(parts) == []


@pytest.mark.parametrize("limit", [2**31, 2**32])
def test_a_file_that_is_as_large_as_recorders_make_them_goes_on(limit, tmp_path):
    parts = [write(tmp_path / f"MVI_000{n}.MP4") for n in range(3)]
    assert chapters(parts) == []
    os.truncate(parts[0], limit - 6144)
    assert chapters(parts) == [parts[:2]]
    write(parts[0], after(0))
    os.truncate(parts[0], limit - 6144)
    write(parts[1], after(90))
    assert chapters(parts) == []


def test_they_are_said_joined_on_request_and_played_as_one(tmp_path):
    card = tmp_path / "card"
    names = ("DJI_0001.MP4", "DJI_0002.MP4")
    parts = [write(card / n, after(3 * i), first=FRAMES * i) for i, n in enumerate(names)]
    apart = add_videos(make_library(tmp_path / "apart"), [card])
    assert (apart.added, apart.chapters) == (["DJI_0001", "DJI_0002"], [parts])
    layout = make_library(tmp_path / "library")
    assert add_videos(layout, [card], join=True).joined == [parts]
    assert run(layout, ["scan"]).complete
    from vpd.library.videos import Videos

    row = Videos.read(layout)["DJI_0001"]
    assert (row.frames, round(row.duration_s, 2)) == (2 * FRAMES, 6.0)


def test_names_of_no_recorder_are_not_opened(tmp_path, monkeypatch):
    for name in ("one.mp4", "two.mp4", "match_1.mp4", "match_2.mp4"):
        write(tmp_path / name, NOON)
    looked = []
    monkeypatch.setattr("vpd.video.chapters.evidence", lambda *_: looked.append(1))
    assert find_videos([tmp_path]).chapters == []
    assert looked == []
