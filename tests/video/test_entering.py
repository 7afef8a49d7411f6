"""The picture at a place, come to by seeking, is that of the pass from the start: pixel for pixel."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.video.indexed import indexed
from tests.video.made import B_FRAMES, FILES, Made, make_all
from vpd.errors import VideoError
from vpd.video import enter, frame_at, read_frames, read_video_info, source, unreferenced


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All files, made once."""
    path = tmp_path_factory.mktemp("made")
    make_all(path)
    return path


@pytest.fixture
def starts(monkeypatch):
    """Counts how often decoding had to start at the start of the file."""
    counted = []
    whole = enter._Entry.__init__

    def init(self, source, index, row, following):
        counted.append(row)
        whole(self, source, index, row, following)

    monkeypatch.setattr(enter._Entry, "__init__", init)
    return counted


def check(path, folder, chance, cases):
    """Compare the frames at random places of a file with those of the pass from its start."""
    every = list(read_frames(path))
    video = indexed(path, folder, 25.0)
    assert video.index is not None
    assert video.index.times_s.tolist() == [f.time_s for f in every]
    assert len({f.rgb.shape for f in every}) == 1
    for start in chance.integers(0, len(every), cases).tolist():
        part = list(read_frames(video, start, start + 2))
        assert [f.frame for f in part] == [f.frame for f in every[start : start + 2]]
        for frame, right in zip(part, every[start : start + 2], strict=True):
            assert frame.time_s == right.time_s
            assert np.array_equal(frame.rgb, right.rgb), (path.name, frame.frame)


def test_every_made_file_entered_anywhere(folder, tmp_path):
    chance = np.random.default_rng(0)
    failed = {}
    tried = 0
    for path in sorted(folder.iterdir()):
        try:
            check(path, tmp_path, chance, 3)
            tried += 1
        except (AssertionError, VideoError) as error:
            failed[path.name] = str(error)[:200]
    assert not failed
    assert tried >= len(FILES)


@pytest.mark.parametrize("name", ["b_frames.mp4", "b_frames.mkv", "b_frames.ts", "joined.ts", "bare.h264"])
def test_files_are_entered_and_not_read_from_their_start(folder, tmp_path, name, starts):
    video = indexed(folder / name, tmp_path)
    for start in (13, 30, 55):
        list(read_frames(video, start, start + 1))
    assert len(starts) == 3
    assert min(starts) > 0


@pytest.mark.parametrize("made", [m for m in FILES if m.codec in ("ffv1", "libx264rgb", "ffvhuff")], ids=str)
def test_numbers_in_the_pictures_are_those_of_the_frames(folder, made):
    """What is written into the picture says which it is, without any decoder's word."""
    for frame in read_frames(folder / made.name):
        bits = [frame.rgb[12, 8 + 10 * bit].mean() > 128 for bit in range(8)]
        assert sum(bit << place for place, bit in enumerate(bits)) == frame.frame


def test_times_are_those_that_were_written(folder):
    for name, right in (
        ("uneven.mkv", [(40 * i + (17 * i * i) % 31) / 1000 for i in range(60)]),
        ("b_frames.avi", [i / 25 for i in range(60)]),
        ("b_frames.ts", [i / 25 for i in range(60)]),
        ("late_start.ts", [i / 25 for i in range(60)]),
        ("bare.h264", [i / 25 for i in range(60)]),
        ("ms_1000fps.mkv", [i / 1000 for i in range(60)]),
        ("joined.ts", [i / 25 for i in range(180)]),
        ("joined_ahead_and_back.ts", [i / 25 for i in range(180)]),
    ):
        times_s = read_video_info(folder / name).times_s
        assert len(times_s) == len(right), name
        np.testing.assert_allclose(times_s - times_s[0], np.array(right) - right[0], atol=2e-3, err_msg=name)


def test_another_size_in_the_file_is_fitted_and_not_stretched(folder):
    """64 x 96 within 96 x 64: two thirds of the height, black at both sides."""
    info = read_video_info(folder / "joined_sizes.ts")
    assert (info.width, info.height, info.frames) == (96, 64, 180)
    assert "64 x 96 fitted" in info.about
    other = next(read_frames(folder / "joined_sizes.ts", 90)).rgb
    assert other[:, :26].max() == other[:, -26:].max() == 0
    assert other[:, 30:66].mean() > 30


def test_a_file_that_changed_since_its_scan_is_not_read_wrongly(tmp_path):
    video = indexed(Made("a.mp4", "libx264", options=B_FRAMES).write(tmp_path), tmp_path)
    Made("a.mp4", "libx264", options=B_FRAMES, frames=20).write(tmp_path)
    with pytest.raises(VideoError, match=r"not as it was when the file was scanned"):
        list(read_frames(video, 30, 31))


def test_a_bare_stream_without_a_rate_asks_for_it(tmp_path):
    path = Made("a.mjpeg", "mjpeg", pixels="yuvj420p", frames=10, format="mjpeg").write(tmp_path)
    with pytest.raises(VideoError, match="Set fps in the section scan"):
        read_video_info(path)
    info = read_video_info(path, fps=50.0)
    assert info.times_s.tolist() == [i / 50 for i in range(10)]
    assert info.rate_given
    video = indexed(path, tmp_path, 50.0)
    assert np.array_equal(frame_at(video, 0.1), list(read_frames(video))[5].rgb)


DAMAGED = ("cut_short.mkv", "damaged.ts", "damaged.mkv", "damaged.mp4", "damaged.avi")


def test_what_is_damaged_is_not_intact(folder, tmp_path):
    intact = {path.name: indexed(path, tmp_path, 25.0).index.intact for path in folder.iterdir()}
    assert not any(intact[name] for name in DAMAGED)
    assert all(intact[made.name] for made in FILES if made.name in intact)


@pytest.mark.parametrize(("name", "most"), [("b_frames.mp4", 4), ("damaged.mp4", 1)])
def test_only_intact_files_are_decoded_by_several_threads(folder, tmp_path, monkeypatch, name, most):
    threads = []
    whole = enter.Reader

    def reader(source):
        threads.append(source.stream.codec_context.thread_count)
        return whole(source)

    video = indexed(folder / name, tmp_path)
    monkeypatch.setattr(source, "cores", lambda: 16)
    monkeypatch.setattr(enter, "Reader", reader)
    key = int(video.index.keys[2])
    list(read_frames(video, key + 3, key + 4))
    assert threads[0] == most
    threads.clear()
    list(read_frames(video, 0, 1))
    assert threads == [1]


def test_a_palette_that_was_set_before_is_not_forgotten(tmp_path):
    """Every picture of raw video is a keyframe, but some leave the palette of the one before."""
    path = tmp_path / "a.avi"
    rows, columns = np.mgrid[:64, :96]
    with av.open(str(path), "w") as file:
        stream = file.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "pal8"
        for i in range(12):
            palette = np.full((256, 4), 255, np.uint8)
            palette[:, 1:] = np.random.default_rng(i // 5).integers(0, 256, (256, 3))
            indices = ((rows + columns + i) % 256).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray((indices, palette), format="pal8")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    check(path, tmp_path, np.random.default_rng(0), 12)


@pytest.mark.parametrize(
    "name",
    ["b_frames.mp4", "b_frames.mkv", "b_frames.ts", "bare.h264", "open_gop.ts", "intra_only.mp4", "hevc.mp4",
     "hevc.ts", "bare.hevc", "interlaced.mp4", "mpeg2.ts"],
)  # fmt: skip
def test_pictures_without_reference_are_those_that_the_decoder_skips(folder, name):
    with source.opened(folder / name) as opened:
        packets = [packet for packet in opened.container.demux(opened.stream) if packet.size]
        found = [unreferenced.Unreferenced(opened)(packet) for packet in packets]
        context = opened.stream.codec_context
        context.skip_frame = "NONREF"
        left = sum(len(context.decode(packet)) for packet in [*packets, None])
    assert sum(found) == (0 if name == "mpeg2.ts" else len(packets) - left)
    assert name in ("intra_only.mp4", "interlaced.mp4", "mpeg2.ts") or any(found)
