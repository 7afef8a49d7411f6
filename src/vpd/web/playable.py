"""Serve a video to the browser: the file itself, or a proxy in pieces.

Measured in Chromium without a GPU: H.264, VP9 and AV1 play in MP4, MOV, MKV and WebM. HEVC, ProRes, AVI and
MPEG-TS do not. A 1080p file with a long group of pictures takes a second a step; a 480p proxy with twelve
pictures a group and no B-frames takes 17 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vpd.errors import ArtefactError, VideoError
from vpd.library.frames import FrameIndex, Recording
from vpd.strings import Sentence
from vpd.types import Array
from vpd.video import read_frames
from vpd.video.source import opened
from vpd.video.write import write_timed

DIRECT, PROXY = "direct", "proxy"
CONTAINERS = ("mp4", "mov", "matroska", "webm")
CODECS = ("h264", "vp8", "vp9", "av1")
MAX_HEIGHT = 720
"""Largest length of a picture's shorter side in pixels that a browser without a GPU steps through
smoothly.
"""
MAX_GROUP_S = 2.5
"""Longest time between keyframes in seconds that still allows instant seeking."""
LOOKED_AT = 1000
"""Number of packets among which reordered pictures are searched."""
UNEVEN = 0.25
"""Largest relative difference of the steps between frames at a constant rate."""
PIECE_S = 60.0
"""Length of a piece of a proxy in seconds."""
PROXY_SIDE = 480
"""Length of a proxy's shorter side in pixels."""
GROUP = 12
OPTIONS = {"crf": "26", "preset": "ultrafast", "g": str(GROUP), "bf": "0", "threads": "1"}


@dataclass(frozen=True)
class Source:
    """The method of playing a video: `DIRECT`, or by a `PROXY`. ``why`` is the reason for the proxy."""

    kind: str
    why: Sentence | None = None


def _keyframe_gap_s(index: FrameIndex) -> float:
    """The longest time between two frames at which decoding may start, the end included."""
    starts = np.append(index.times_s[index.keys], index.times_s[-1])
    return float(np.diff(starts).max()) if len(starts) > 1 else 0.0


def _reordered(path: Path) -> bool:
    """Whether the stream stores pictures in another order than it shows them."""
    with opened(path) as source:
        latest = -np.inf
        for number, packet in enumerate(source.container.demux(source.stream)):
            if packet.pts is not None and packet.pts < latest:
                return True
            latest = max(latest, packet.pts if packet.pts is not None else latest)
            if number > LOOKED_AT:
                break
    return False


def _proxy(why: str, **values: str | int) -> Source:
    return Source(PROXY, Sentence(f"proxy_as_{why}", values))


def choose_source(footage: Recording) -> Source:
    """Choose how the page plays a scanned video. Raises ArtefactError where it is not scanned."""
    index = footage.index
    if index is None:
        raise ArtefactError(Sentence("error_not_scanned", {"path": str(footage.path)}))
    with opened(footage.path) as source:
        container, codec = source.format, source.stream.codec_context.name
        best = source.stream.index == min(s.index for s in source.container.streams.video)
        starts_s = source.origin_s
    if footage.more:
        return _proxy("chapters")
    if not any(name in container.split(",") for name in CONTAINERS):
        return _proxy("container", format=container)
    if not any(name in codec for name in CODECS):
        return _proxy("codec", format=codec)
    if min(index.canvas) > MAX_HEIGHT:
        return _proxy("size", width=index.canvas[0], height=index.canvas[1])
    shape = index.shapes[0][1]
    plain = len(index.shapes) == 1 and shape.aspect == 1 and not shape.mirrored and (index.fields < 0).all()
    if not plain or not best or index.jumps or abs(starts_s) > 1e-3 or abs(index.times_s[0]) > 1e-3:
        return _proxy("clock")
    gap_s = _keyframe_gap_s(index)
    if gap_s > MAX_GROUP_S:
        return _proxy("keyframes", gap=f"{gap_s:.1f}")
    steps = np.diff(index.times_s)
    varies = len(steps) > 0 and np.abs(steps / np.median(steps) - 1).max() > UNEVEN
    if varies and _reordered(footage.path):
        return _proxy("rate")
    return Source(DIRECT)


def piece_span(times_s: Array, piece: int) -> tuple[int, int]:
    """First frame of a piece, and one past its last. The piece is empty beyond the end of the video."""
    start_s = float(times_s[0]) + piece * PIECE_S
    first, last = np.searchsorted(times_s, [start_s, start_s + PIECE_S], side="left")
    return int(first), int(last)


def _scaled(frames: Iterator[tuple[float, Array]]) -> Iterator[tuple[float, Array]]:
    for time_s, rgb in frames:
        height, width = rgb.shape[:2]
        scale = min(1.0, PROXY_SIDE / min(height, width))
        size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
        yield time_s, rgb if size == (width, height) else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def write_piece(footage: Recording, times_s: Array, piece: int, out: Path) -> None:
    """Write one piece of the proxy of a video: H.264 without B-frames, frames at their own times.

    The times count from the piece's first frame. Raises VideoError where nothing of it decodes.
    """
    first, stop = piece_span(times_s, piece)
    if first >= stop:
        raise VideoError(Sentence("error_no_piece", {"piece": piece}))
    origin = float(times_s[first])

    def frames() -> Iterator[tuple[float, Array]]:
        some = False
        for frame in read_frames(footage, first, stop):
            some = True
            yield float(times_s[frame.frame]) - origin, frame.rgb
        if not some:
            raise VideoError(Sentence("error_piece", {"path": str(footage.path), "piece": piece}))

    with closing(frames()) as timed:  # type: ignore[type-var]  # a generator
        write_timed(_scaled(timed), out, options=OPTIONS)
