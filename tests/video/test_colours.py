"""Colours of every tag: of a known matrix, of none, and of those that are no matrix."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from tests.video.made import X265, Made, picture, x264
from vpd.errors import VideoError
from vpd.video import read_frames, read_video_info
from vpd.video.colour import NOT_READ, not_read, to_rgb

BT2020 = 9
RESERVED, DERIVED, CONSTANT_LUMINANCE = 3, 12, 10


def shown(tag: int, primaries: int = 2) -> np.ndarray:
    frame = VideoFrame.from_ndarray(picture(7), format="rgb24").reformat(format="yuv444p")
    frame.colorspace, frame.color_primaries = tag, primaries
    return to_rgb(frame, frame.width, frame.height, frame)


@pytest.mark.parametrize(
    ("tag", "primaries", "as_of"),
    [
        (2, 2, 5),  # without a tag, small
        (RESERVED, 2, 5),  # as some cameras write it: no tag
        (RESERVED, 3, 5),
        (200, 2, 5),
        (DERIVED, 1, 5),
        (DERIVED, 9, BT2020),
        (CONSTANT_LUMINANCE, 9, BT2020),
        (1, 1, 1),
        (9, 9, BT2020),
    ],
)
def test_every_number_of_a_matrix_is_shown(tag, primaries, as_of):
    np.testing.assert_array_equal(shown(tag, primaries), shown(as_of))


def test_one_of_several_matrices_is_another_picture():
    assert (shown(1) != shown(5)).any()
    assert (shown(BT2020) != shown(5)).any()


@pytest.mark.parametrize("name", ["ycgco", "ictcp"])
def test_what_is_no_matrix_is_refused_by_its_name(tmp_path, name):
    path = Made("a.mkv", "libx264", 3, options=x264(f":colormatrix={name}")).write(tmp_path)
    with pytest.raises(VideoError, match=rf"(?i)a\.mkv: its colours are {name}, which is not read"):
        read_video_info(path)
    assert name in {one.casefold() for one in NOT_READ.values()}


def test_dolby_vision_without_a_picture_for_others_is_refused(tmp_path):
    plain = Made("plain.mp4", "libx265", 3, options=X265).write(tmp_path)
    path = tmp_path / "dolby.mp4"
    path.write_bytes(plain.read_bytes().replace(b"hev1", b"dvh1"))
    with pytest.raises(VideoError, match="those of Dolby Vision alone"):
        read_video_info(path)
    assert read_video_info(plain).frames == 3


def test_a_known_tag_is_none_of_these():
    frame = VideoFrame(16, 16, "yuv420p")
    frame.colorspace = 1
    assert not_read(frame) == ""


def test_encrypted_pictures_are_refused(tmp_path):
    """As of a stream that was saved with its protection: FFmpeg decodes noise."""
    key = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
        "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
    }
    plain = Made("plain.mp4", "libx264", 3, options=x264()).write(tmp_path)
    path = Path(tmp_path / "encrypted.mp4")
    with av.open(str(plain)) as read, av.open(str(path), "w", options=key) as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    with pytest.raises(VideoError, match=r"encrypted\.mp4: its pictures are encrypted"):
        read_video_info(path)
    with pytest.raises(VideoError, match="encrypted"):
        next(iter(read_frames(path)))
