"""An orientation within the bitstream holds for its whole group of pictures, not for the keyframe alone."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video.indexed import indexed
from tests.video.made import B_FRAMES, SIZE, picture
from vpd.video import read_frames, scan_video

GROUP, FRAMES = 12, 60


def message(flip, degrees):
    """A NAL unit with a display orientation that holds on (H.264, D.1.27): flip, counter-clockwise turn."""
    bits = f"0{flip:d}0{degrees * 65536 // 360:016b}" + "010" + "0" + "1"
    return b"\x00\x00\x01\x06\x2f\x03" + int(bits, 2).to_bytes(3, "big") + b"\x80"


def write(path, turned=(), flip=False, degrees=0):
    """A file whose groups in ``turned`` say how they are shown."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options=B_FRAMES)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        frames = [av.VideoFrame.from_ndarray(picture(i), format="rgb24") for i in range(FRAMES)]
        for i, frame in enumerate(frames):
            frame.pts, frame.time_base = i, Fraction(1, 25)
        group = -1
        for packet in [p for frame in [*frames, None] for p in stream.encode(frame)]:
            group += packet.is_keyframe
            if packet.is_keyframe and group in turned:
                data = bytes(packet)
                slice_at = data.index(b"\x00\x00\x01\x65")
                new = av.Packet(data[:slice_at] + message(flip, degrees) + data[slice_at:])
                new.pts, new.dts, new.time_base, new.stream = packet.pts, packet.dts, packet.time_base, stream
                new.is_keyframe = True
                packet = new
            file.mux(packet)
    return path


@pytest.mark.parametrize(
    ("flip", "degrees", "orientation"), [(False, 90, (270, False)), (True, 0, (0, True))]
)
def test_all_pictures_of_a_turned_video_are_turned(tmp_path, flip, degrees, orientation):
    info, index = scan_video(write(tmp_path / "a.ts", range(9), flip, degrees))
    assert info.frames == FRAMES
    assert [(s.rotation, s.mirrored) for _, s in index.shapes] == [orientation]
    assert (info.width, info.height) == (SIZE[::-1] if degrees else SIZE)


def test_the_next_group_may_be_upright_again(tmp_path):
    path = write(tmp_path / "a.ts", (1, 2), degrees=90)
    index = scan_video(path)[1]
    starts = [(frame, shape.rotation) for frame, shape in index.shapes]
    assert starts == [(0, 0), (GROUP, 270), (3 * GROUP, 0)]
    every, video = list(read_frames(path)), indexed(path, tmp_path)
    upright = list(read_frames(write(tmp_path / "b.ts")))
    assert np.array_equal(every[5].rgb, upright[5].rgb)
    assert not np.array_equal(every[GROUP + 5].rgb, upright[GROUP + 5].rgb)
    for start in (5, GROUP, GROUP + 5, 3 * GROUP - 1, 3 * GROUP, FRAMES - 1):
        assert np.array_equal(next(read_frames(video, start)).rgb, every[start].rgb)
