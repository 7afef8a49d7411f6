"""Interlaced pictures give their fields in the order of time, whatever their pixels are like."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video.indexed import indexed
from tests.video.made import SIZE, Made, picture
from vpd.video import read_frames, read_video_info, scan_video
from vpd.video.fields import BOTTOM, TOP, field_of, fields

ORDERS = {"top": (TOP, BOTTOM), "bottom": (BOTTOM, TOP)}


def flagged(frame, order):
    """The picture, interlaced, with its order of fields."""
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25)
        ),
        graph.add("setfield", "tff" if order == "top" else "bff"),
        graph.add("buffersink"),
    ).configure()
    graph.push(frame)
    return graph.pull()


def woven(i, order, pixels="yuv420p"):
    """Two pictures of a film of 50 a second, the earlier one in the rows of the first field."""
    rgb = picture(2 * i + 1)
    first = ORDERS[order][0]
    rgb[first::2] = picture(2 * i)[first::2]
    return flagged(av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels), order)


def write(path, codec, pixels, orders, **options):
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25, options={"flags": "+ildct+ilme", **options})
        stream.width, stream.height, stream.pix_fmt = *SIZE, pixels
        for i, order in enumerate(orders):
            frame = woven(i, order, pixels)
            frame.pts, frame.time_base = i, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "gray"])
@pytest.mark.parametrize("order", ORDERS)
def test_the_order_is_the_one_of_the_picture(order, pixels):
    assert fields(woven(3, order, pixels)) == ORDERS[order]


def test_a_field_has_the_rows_of_its_picture():
    frame = woven(3, "top", "gray")
    rows = frame.to_ndarray()
    assert np.array_equal(field_of(frame, TOP).to_ndarray(), rows[::2])
    assert np.array_equal(field_of(frame, BOTTOM).to_ndarray(), rows[1::2])


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mpg", "mpeg2video", {"q": "2"}),
        ("a.ts", "libx264", {"preset": "ultrafast", "tune": "zerolatency", "crf": "8"}),
        ("a.mp4", "libx264", {"preset": "ultrafast", "tune": "zerolatency", "crf": "8"}),
        ("a.mkv", "ffv1", {}),
    ],
)
@pytest.mark.parametrize(
    "orders", [["top"] * 8, ["bottom"] * 8, ["top"] * 4 + ["bottom"] * 4], ids=["top", "bottom", "changes"]
)
def test_frames_follow_each_other_as_they_were_filmed(tmp_path, name, codec, options, orders):
    """Each frame's rows are nearest to those of the picture of its moment, and not of the one before or
    after.
    """
    path = write(tmp_path / name, codec, "yuv420p", orders, **options)
    assert f"interlaced ({orders[0]} field first)" in read_video_info(path).about
    found = [frame.rgb.astype(int) for frame in read_frames(path)]
    assert len(found) == 16
    for moment, rgb in enumerate(found):
        rows = slice(ORDERS[orders[moment // 2]][moment % 2], None, 2)
        near = [abs(rgb[rows] - picture(m)[rows]).mean() for m in (moment ^ 1, moment)]
        assert near[1] < near[0], (moment, near)


def test_threads_get_their_own_pictures_back():
    frames = [woven(i, "top", "gray") for i in range(8)]
    right = [field_of(frame, TOP).to_ndarray() for frame in frames]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(20):
            found = list(threads.map(lambda frame: field_of(frame, TOP).to_ndarray(), frames))
            assert all(np.array_equal(a, b) for a, b in zip(found, right, strict=True))


def test_a_field_that_is_a_picture_of_its_own_is_a_frame(tmp_path):
    """H.265 codes the fields apart: pictures of half the height, of which FFmpeg says no more."""
    options = {"preset": "ultrafast", "x265-params": "log-level=none:interlace=tff:keyint=12"}
    path = Made("a.ts", "libx265", frames=24, options=options).write(tmp_path)
    info, index = scan_video(path)
    assert (info.frames, info.width, info.height) == (24, SIZE[0] // 2, SIZE[1])
    assert set(index.fields.tolist()) == {-1}
    every, video = list(read_frames(path)), indexed(path, tmp_path)
    for start in (1, 13, 23):
        assert np.array_equal(next(read_frames(video, start)).rgb, every[start].rgb)
