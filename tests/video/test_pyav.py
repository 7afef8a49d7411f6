"""Numbers and texts of FFmpeg are the same in every version of PyAV."""

from fractions import Fraction
from types import SimpleNamespace

import av
import av.logging
import numpy as np
import pytest

from vpd.video import read_video_info, write_video
from vpd.video.pyav import exact, open_input, tags


def test_a_ratio_is_a_fraction_and_an_unknown_one_is_none():
    class Ratio(SimpleNamespace):
        """As in PyAV 19, where 0/1, 1/0 and 0/0 are not true."""

        def __bool__(self):
            return bool(self.numerator and self.denominator)

    assert exact(Ratio(numerator=30000, denominator=1001)) == Fraction(30000, 1001)
    assert isinstance(exact(Ratio(numerator=1, denominator=25)), Fraction)
    assert [exact(Ratio(numerator=a, denominator=b)) for a, b in ((0, 1), (1, 0), (0, 0))] == [None] * 3
    assert exact(None) is None


@pytest.mark.parametrize("title", ["café", "サーブ", "caf\ufffd "])
def test_tags_are_text_that_can_be_written(tmp_path, title):
    path = tmp_path / "a.mp4"
    write_video((np.zeros((16, 16, 3), np.uint8) for _ in range(3)), 25, tmp_path / "plain.mp4")
    with av.open(str(tmp_path / "plain.mp4")) as source, av.open(str(path), "w") as out:
        out.metadata["title"] = title.replace("caf\ufffd ", "café")
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    if "\ufffd" in title:  # the letter of Latin-1, as old recorders write it
        path.write_bytes(path.read_bytes().replace("café".encode(), b"caf\xe9 "))
    with open_input(f"file:{path}", None, {}) as container:
        assert tags(container.metadata)["title"] == title
    assert read_video_info(path).frames == 3


def test_nothing_is_logged_by_the_threads_of_decoders(tmp_path):
    """A thread that logs waits for the interpreter, and whoever closes the file for the thread."""
    write_video((np.zeros((16, 16, 3), np.uint8) for _ in range(3)), 25, tmp_path / "a.mp4")
    av.logging.set_level(av.logging.ERROR)  # as torchvision's own reader of videos does
    try:
        assert read_video_info(tmp_path / "a.mp4").frames == 3
        assert av.logging.get_level() is None
    finally:
        av.logging.set_level(None)
