"""Film as discs and broadcasts store it: 24 frames a second, and flags make 60 fields of them."""

import re
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video.indexed import indexed
from tests.video.made import SIZE, picture
from vpd.video import read_frames, scan_video

FIELD = Fraction(1001, 60000)
FILM, VIDEO = 36, 12
"""How many film frames the files begin with, and how many interlaced pictures follow in mixed ones."""


def stamped(packet: bytes, top_first: bool, repeat: bool, interlaced: bool) -> bytes:
    """The MPEG-2 picture in an interlaced sequence, with these flags (ISO 13818-2, 6.2.2.3, 6.2.3.1)."""
    out = bytearray(packet)
    place = out.find(b"\x00\x00\x01\xb5")
    while place >= 0:
        if out[place + 4] >> 4 == 1:
            out[place + 5] &= ~0x08
        elif out[place + 4] >> 4 == 8:
            out[place + 7] = out[place + 7] & ~0x83 | top_first << 7 | repeat << 1 | (not interlaced)
            out[place + 8] = out[place + 8] & 0x7F | (not interlaced) << 7
        place = out.find(b"\x00\x00\x01\xb5", place + 4)
    return bytes(out)


def fields_of(mixed: bool) -> list[int]:
    """For how many fields each picture is shown."""
    return [3 - i % 2 for i in range(FILM)] + [2] * (VIDEO if mixed else 0)


def write(path, file_format: str, mixed: bool, b_frames: int):
    """A file of film, followed by interlaced pictures where it is ``mixed``."""
    lengths = fields_of(mixed)
    starts = np.cumsum([0, *lengths]).tolist()
    coder = av.CodecContext.create("mpeg2video", "w")
    coder.width, coder.height, coder.pix_fmt = *SIZE, "yuv420p"
    coder.framerate, coder.time_base = 1 / (2 * FIELD), 2 * FIELD
    coder.options = {"g": "12", "bf": str(b_frames)}
    packets = []
    for i in range(len(lengths)):
        frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
        frame.pts = i
        packets += coder.encode(frame)
    packets += coder.encode(None)
    with av.open(str(path), "w", format=file_format) as file:
        stream = file.add_stream("mpeg2video", rate=1 / (2 * FIELD))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for place, packet in enumerate(packets):
            i = packet.pts
            data = stamped(bytes(packet), starts[i] % 2 == 0, lengths[i] == 3, i >= FILM)
            out = av.Packet(data)
            out.stream, out.time_base, out.is_keyframe = stream, FIELD, packet.is_keyframe
            out.pts, out.dts = starts[i] + 9, starts[place]
            file.mux(out)
    return path


@pytest.mark.parametrize("mixed", [False, True], ids=["film", "mixed"])
@pytest.mark.parametrize(
    ("name", "file_format", "b_frames"),
    [
        ("a.mpg", "mpeg", 2),
        ("a.vob", "vob", 0),
        ("a.ts", "mpegts", 2),
        ("a.m2v", "mpeg2video", 2),
        ("a.mkv", "matroska", 2),
    ],
)
def test_film_keeps_its_frames_and_its_times(tmp_path, name, file_format, mixed, b_frames):
    path = write(tmp_path / name, file_format, mixed, b_frames)
    info, index = scan_video(path)
    film = np.cumsum([0, *fields_of(False)])
    right = [*film[:-1], *(film[-1] + np.arange(2 * VIDEO if mixed else 0))]
    assert info.frames == len(right)
    np.testing.assert_allclose(info.times_s - info.times_s[0], np.array(right) * float(FIELD), atol=1.1e-3)
    assert info.times_s[0] == pytest.approx(0, abs=1e-3)
    assert index.fields.tolist()[:FILM] == [-1] * FILM
    assert sorted(set(index.fields.tolist()[FILM:])) == ([0, 1] if mixed else [])
    assert "(soft telecine)" in info.about
    rate = re.search(r"([\d.]+) frames/s", info.about)
    assert mixed or (rate and float(rate[1]) == pytest.approx(24000 / 1001, rel=1e-3))
    assert info.warning == ""
    every, video = list(read_frames(path)), indexed(path, tmp_path)
    for start in (5, 23, len(right) - 2):
        entered = next(read_frames(video, start))
        assert (entered.frame, entered.time_s) == (start, every[start].time_s)
        assert np.array_equal(entered.rgb, every[start].rgb)


@pytest.mark.parametrize(("top_first", "frames"), [(False, 2), (True, 3)])
def test_whole_frames_are_repeated_in_progressive_sequences(tmp_path, top_first, frames):
    """ISO 13818-2, 6.3.10: as a stream of 60 frames a second shows 30 or 20."""
    path = tmp_path / "a.m2v"
    coder = av.CodecContext.create("mpeg2video", "w")
    coder.width, coder.height, coder.pix_fmt = *SIZE, "yuv420p"
    coder.framerate, coder.time_base = Fraction(60), Fraction(1, 60)
    packets = []
    for i in range(10):
        frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
        frame.pts = i
        packets += coder.encode(frame)
    data = b"".join(stamped(bytes(p), top_first, True, False) for p in [*packets, *coder.encode(None)])
    place = data.index(b"\x00\x00\x01\xb5") + 5
    assert data.count(data[place - 5 : place + 4]) == 1
    path.write_bytes(data[:place] + bytes([data[place] | 0x08]) + data[place + 1 :])
    times_s = scan_video(path)[0].times_s
    np.testing.assert_allclose(times_s, np.arange(10) * frames / 60, atol=1e-6)
