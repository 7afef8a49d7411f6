"""All eight orientations of a display matrix, as FFmpeg's own autorotation shows them."""

import shutil
import struct
import subprocess
from itertools import product

import numpy as np
import pytest

from tests.video.indexed import indexed
from tests.video.made import Made
from vpd.library.frames import read_times
from vpd.video import cut_clip, frame_at, read_frames, read_video_info
from vpd.web.playable import PROXY, choose_source, write_piece

ONE = 1 << 16
MATRICES = [
    *((a * ONE, 0, 0, d * ONE) for a, d in product((1, -1), repeat=2)),
    *((0, b * ONE, c * ONE, 0) for b, c in product((1, -1), repeat=2)),
]
"""a, b, c, d of ISO 14496-12: x' = a x + c y, y' = b x + d y."""
SIZE = (96, 64)
FRAMES = 6


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Lossless, so that pictures may be compared pixel for pixel."""
    options = {"preset": "ultrafast", "qp": "0", "g": "3"}
    made = Made("plain.mp4", "libx264rgb", frames=FRAMES, pixels="rgb24", options=options)
    return made.write(tmp_path_factory.mktemp("plain"))


def with_matrix(plain, path, matrix):
    """The file with another matrix in the header of its track."""
    content = bytearray(plain.read_bytes())
    start = content.index(b"tkhd") + 4
    start += 40 if content[start] == 0 else 52
    a, b, c, d = matrix
    content[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def by_ffmpeg(path, size):
    """(T, H, W, 3): every frame as FFmpeg rotates it by itself."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], 3)


@pytest.mark.parametrize("matrix", MATRICES, ids=[str(tuple(np.sign(m))) for m in MATRICES])
def test_every_way_shows_what_ffmpeg_shows(tmp_path, plain, matrix):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = with_matrix(plain, tmp_path / "turned.mp4", matrix)
    turned = matrix[0] == 0
    size = SIZE[::-1] if turned else SIZE
    right = by_ffmpeg(path, size)
    assert len(right) == FRAMES
    info, video = read_video_info(path), indexed(path, tmp_path)
    assert (info.width, info.height) == size
    assert np.array_equal(np.stack([f.rgb for f in read_frames(path)]), right)
    assert np.array_equal(next(read_frames(video, 4)).rgb, right[4])
    assert np.array_equal(frame_at(video, 4.2 / 25), right[4])

    cut_clip(video, 0, 1, tmp_path / "clip.mp4")
    times_s = read_times(tmp_path / "turned.parquet")
    assert choose_source(video).kind == PROXY or "mirrored" not in info.about
    write_piece(video, times_s, 0, tmp_path / "piece.mp4")
    for name in ("clip.mp4", "piece.mp4"):
        again = np.stack([f.rgb for f in read_frames(tmp_path / name)]).astype(float)
        assert again.shape == right.shape
        others = [right[:, ::-1], right[:, :, ::-1], right[:, ::-1, ::-1]]
        own = np.abs(again - right).mean()
        assert own < 20, name  # 4:2:0 and lossy
        assert all(np.abs(again - other).mean() > 1.5 * own for other in others), name


def test_said_of_all_eight(tmp_path, plain):
    said = {
        matrix: read_video_info(with_matrix(plain, tmp_path / "t.mp4", matrix)).about for matrix in MATRICES
    }
    assert sum("mirrored" in text for text in said.values()) == 4
    assert sum("turned" not in text for text in said.values()) == 2
