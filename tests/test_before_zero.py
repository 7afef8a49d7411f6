"""A video whose first frames lie before 0 s of its clock: scanned anew it begins at 0; and features, labels
and clips that begin earlier are used as others are."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from tests.detection.synthetic import video, videos
from tests.video.made import picture
from vpd.detection import SearchDetector
from vpd.errors import InputError
from vpd.library.labels import check_span
from vpd.library.videos import OK, VideoRow
from vpd.search import Stream, search_uncut
from vpd.sequences import cut
from vpd.settings import SearchSettings
from vpd.suggestion.candidates import find_candidates
from vpd.types import Segment
from vpd.video import cut_clip, read_frames, read_video_info

BEGIN_S = -7.5


def out_of_order(path: Path) -> Path:
    """A file whose first packet is the third picture: FFmpeg takes that one's time for the start."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg2video", rate=25, options={"g": "1"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        packets = []
        for i in range(12):
            frame = VideoFrame.from_ndarray(picture(i), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for place, i in enumerate([2, 0, 1, *range(3, 12)]):
            packets[i].pts, packets[i].dts = i + 25, place + 23
            file.mux(packets[i])
    return path


@pytest.mark.parametrize("name", ["film.mkv", "film.ts"])
def test_the_first_picture_is_at_0_s_although_the_container_starts_later(name, tmp_path):
    film = out_of_order(tmp_path / name)
    info = read_video_info(film)
    np.testing.assert_allclose(info.times_s, np.arange(12) / 25, atol=1e-6)
    assert not info.warning
    first = next(iter(read_frames(film)))
    assert np.abs(first.rgb.astype(int) - picture(0)).mean() < 20
    assert cut_clip(film, -1.0, 0.2, tmp_path / "clip.mp4") == 5


@pytest.mark.parametrize("points_s", [0.0, 0.2])
def test_detection(points_s):
    sequences, segments = videos(2, 0, duration_s=20, noise=0.2, start_s=BEGIN_S)
    assert min(s.start_s for s in segments) < 0
    found = SearchDetector(folds=2, points_s=points_s).fit(sequences, segments).predict(sequences)
    assert min(d.start_s for d in found) < 0
    assert all(BEGIN_S <= d.start_s < d.end_s <= BEGIN_S + 20.05 for d in found)


def test_search_and_candidates():
    sequence, segments = video("v", np.random.default_rng(0), duration_s=6, noise=0.2, start_s=BEGIN_S)
    wanted = segments[0]
    query = cut(sequence, wanted.start_s, wanted.end_s)
    stream = Stream("v", 0, sequence.times_s, sequence.values[:, 0], sequence.valid)
    hit = search_uncut([query], [stream], SearchSettings(), 1)[0]
    assert abs(hit.segment.start_s - wanted.start_s) < 0.1
    assert any(c.start_s < 0 for c in find_candidates(sequence))


def test_a_label_before_the_video_is_refused_and_one_within_it_is_not():
    new = VideoRow("v", "/v.mkv", "v.mkv", 1, 1)
    row = replace(new, status=OK, fps_numerator=25, frames=100, start_s=-0.5, end_s=3.5)
    check_span(Segment("v", -0.5, 0.5, label="a"), row)
    with pytest.raises(InputError, match=r"starts before the video v, which begins at -0\.5 s"):
        check_span(Segment("v", -0.7, 0.5, label="a"), row)
    for other in (new, replace(row, start_s=0.0)):
        with pytest.raises(InputError, match="begins at 0 s"):
            check_span(Segment("v", -0.01, 0.5), other)
