"""Pictures for the page: exact frames, crops, what is played as it is and what as a proxy."""

from __future__ import annotations

import io
import json

import av
import cv2
import numpy as np
import pytest

from tests.web.made import HEIGHT, WIDTH, constant, ended, read_barcode, varying, write_coded
from vpd.crops import CropFile
from vpd.library.artefact import Recipe
from vpd.library.frames import Recording, read_times, write_index
from vpd.video import read_frames
from vpd.video.info import scan_video
from vpd.web.playable import DIRECT, GROUP, PROXY, choose_source, piece_span, write_piece


def picture(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


def test_times_are_those_of_the_library(client, layout):
    found = np.frombuffer(client.get("/api/videos/v0/times").content, "<f8")
    np.testing.assert_array_equal(found, read_times(layout.frames("v0")))


@pytest.mark.parametrize("frame", [0, 1, 29, 30, 131, 239])
def test_a_frame_is_the_one_with_its_number(client, frame):
    found = client.get(f"/api/videos/v1/frames/{frame}.jpg?w=320")
    assert found.headers["content-type"] == "image/jpeg"
    assert read_barcode(picture(found.content)) == frame


@pytest.mark.parametrize("frame", [-1, 240, 10**9])
def test_there_is_no_other_frame(client, frame):
    assert client.get(f"/api/videos/v1/frames/{frame}.jpg").status_code == 404


def test_crops_are_the_stored_jpegs_in_order(client, layout):
    data = client.get("/api/videos/v2/crops?start=1&end=2&athlete=0").content
    length = int.from_bytes(data[:4], "little")
    header, body = json.loads(data[4 : 4 + length]), data[4 + length :]
    file = CropFile(layout.crops("v2"))
    rows = np.flatnonzero((file.times_s >= 1) & (file.times_s < 2))
    assert header["frames"] == file.frames[rows].tolist()
    assert body == b"".join(file.jpeg(int(row)) for row in rows)
    assert sum(header["sizes"]) == len(body)


@pytest.mark.parametrize(
    "query", ["start=-1&end=2", "start=nan&end=2", "start=0&end=inf", "start=0", "start=a&end=1"]
)
def test_spans_that_are_none_are_refused(client, query):
    assert client.get(f"/api/videos/v2/crops?{query}").status_code == 422


def test_a_person_is_cut_out(client):
    found = client.get("/api/videos/v0/person.jpg?t=1&x=40&y=85&w=40&h=70")
    height, width = picture(found.content).shape[:2]
    assert height > width
    assert client.get("/api/videos/v0/person.jpg?t=1&x=5000&y=85&w=40&h=70").status_code == 404


@pytest.fixture
def scanned(tmp_path):
    """Write a video and scan it."""

    def make(name: str, times_s: np.ndarray, size=(WIDTH, HEIGHT), **options) -> Recording:
        path = write_coded(tmp_path / name, times_s, options=options, size=size)
        _, index = scan_video(path)
        index_path = tmp_path / f"{name}.parquet"
        write_index(index_path, index, Recipe("scan", 1))
        return Recording(path, index_path)

    return make


def test_what_browsers_play_exactly_is_played_as_it_is(scanned):
    assert choose_source(scanned("a.mp4", constant(60))).kind == DIRECT
    assert choose_source(scanned("a.mkv", constant(60))).kind == DIRECT
    assert choose_source(scanned("b.mp4", varying(60))).kind == DIRECT


@pytest.mark.parametrize(
    ("name", "times", "options", "size", "why"),
    [
        ("a.avi", constant(60), {}, (320, 180), "do not open"),
        ("a.ts", constant(60), {}, (320, 180), "do not open"),
        (
            "long.mp4",
            constant(120),
            {"g": "300", "keyint_min": "300", "sc_threshold": "0"},
            (320, 180),
            "apart",
        ),
        ("vary.mp4", varying(60), {"bf": "2", "preset": "medium"}, (320, 180), "rate varies"),
        ("large.mp4", constant(3), {}, (1440, 810), "too large"),
    ],
)
def test_the_rest_is_played_as_a_proxy_and_the_reason_is_said(scanned, name, times, options, size, why):
    found = choose_source(scanned(name, times, size, **options))
    assert found.kind == PROXY
    assert why in str(found.why)


def test_a_proxy_has_the_frames_at_their_times_in_short_groups_without_b_frames(scanned, tmp_path):
    footage = scanned("a.mp4", varying(100), bf="2")
    own = footage.index.times_s
    write_piece(footage, own, 0, tmp_path / "p.mp4")
    with av.open(str(tmp_path / "p.mp4")) as file:
        stream = file.streams.video[0]
        packets = [p for p in file.demux(stream) if p.size]
        found = np.array([float(p.pts * stream.time_base) for p in packets])
        keys = [i for i, p in enumerate(packets) if p.is_keyframe]
    np.testing.assert_allclose(found, own - own[0], atol=1.1e-5)
    assert max(np.diff([*keys, len(packets)])) <= GROUP
    shown = [read_barcode(frame.rgb) for frame in read_frames(tmp_path / "p.mp4")]
    assert shown == list(range(100))


def test_pieces_part_the_frames():
    times = np.cumsum(np.r_[5.0, np.random.default_rng(0).uniform(0.02, 0.5, 2000)])
    count = int((times[-1] - times[0]) // 60) + 1
    spans = [piece_span(times, piece) for piece in range(count)]
    assert [first for first, _ in spans] == [0, *(stop for _, stop in spans[:-1])]
    assert spans[-1][1] == len(times)


def test_a_proxy_is_made_when_it_is_asked_for(client):
    first = client.get("/api/videos/v3/proxy/0")
    assert first.status_code == 202
    ended(client, first.json()["job"]["id"])
    made = client.get("/api/videos/v3/proxy/0")
    assert made.status_code == 200
    with av.open(io.BytesIO(made.content)) as file:
        assert file.streams.video[0].codec_context.name == "h264"
    assert client.get("/api/videos/v3/proxy/99").status_code == 404
    part = client.get("/api/videos/v3/media", headers={"range": "bytes=10-19"})
    assert (part.status_code, len(part.content)) == (206, 10)
