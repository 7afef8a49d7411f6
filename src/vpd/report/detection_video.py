"""Detections as videos: the whole video with detections drawn on it, clips, and a highlight reel."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from vpd.library.frames import Footage
from vpd.library.tracks import read_tracks
from vpd.report.overlay import PICTURE_OF_ONE, draw_box, line_width
from vpd.report.plots import colours
from vpd.types import Array, Detection, Track
from vpd.verbs.detections import frame_span
from vpd.video import read_frames, write_video

PADDING_S = 0.5
"""Seconds shown before and after a detection in clips and reels, so that the viewer sees how the action
begins.
"""

LUMINANCE, MIDDLE_GREY = (0.299, 0.587, 0.114), 128
"""Perceived brightness of red, green and blue (ITU-R BT.601), and the middle between black and white."""


def _write_label(picture: Array, text: str, row: int, colour: tuple[int, ...] = (0, 0, 0)) -> None:
    """A line of text on a plate of ``colour`` at the upper left, ``row`` lines down.

    OpenCV's letters are ASCII. Others are transcribed or become question marks.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or "?"
    scale, width = 0.65 * min(picture.shape[:2]) / PICTURE_OF_ONE, 2 * line_width(picture)
    (w, h), below = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, width)
    line = h + 2 * below
    top = below + row * (line + below // 2)
    cv2.rectangle(picture, (below, top), (w + 3 * below, top + line), colour, -1)
    # Letters are black on light plates and white on dark ones.
    ink = (0, 0, 0) if np.dot(colour, LUMINANCE) > MIDDLE_GREY else (255, 255, 255)
    corner = (2 * below, top + line - below)
    cv2.putText(picture, plain, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, width, cv2.LINE_AA)


def _boxes(tracks: Sequence[Track]) -> dict[tuple[int, int], Array]:
    return {(t.athlete, int(f)): box for t in tracks for f, box in zip(t.frames, t.boxes, strict=True)}


def overlay_frames(
    file: Footage,
    times_s: Array,
    detections: Sequence[Detection],
    tracks: Sequence[Track] = (),
    classes: Sequence[str] = (),
) -> Iterator[Array]:
    """Yield frames (H, W, 3) of a video. During an action the athlete is boxed, with its name, score and a
    bar.

    A label has the same colour in all videos where all ``classes`` are given.
    """
    spans = [(d, *frame_span(times_s, d)) for d in sorted(detections, key=lambda d: d.start_s)]
    colour = {
        name: (int(255 * red), int(255 * green), int(255 * blue))
        for name, (red, green, blue) in colours([*classes, *(d.label or "" for d in detections)]).items()
    }
    boxes = _boxes(tracks)
    total = max(len(times_s), 1)
    for frame in read_frames(file):
        picture = np.ascontiguousarray(frame.rgb)
        height, width = picture.shape[:2]
        for d, first, stop in spans:
            shade = colour[d.label or ""]
            left, right = (round(width * n / total) for n in (first, stop))
            cv2.rectangle(picture, (left, height - 8), (max(right, left + 1), height), shade, -1)
        active = [d for d, first, stop in spans if first <= frame.frame < stop]
        for row, d in enumerate(active):
            shade = colour[d.label or ""]
            _write_label(picture, f"{d.label or 'action'} {d.score:.2f}", row, shade)
            box = boxes.get((d.athlete if d.athlete is not None else -1, frame.frame))
            if box is not None:
                draw_box(picture, box, shade)
        now = round(width * frame.frame / total)
        cv2.line(picture, (now, height - 12), (now, height), (255, 255, 255), 2)
        yield picture


def write_overlay(
    out: Path,
    file: Footage,
    times_s: Array,
    fps: Fraction,
    detections: Sequence[Detection],
    tracks_file: Path | None = None,
    classes: Sequence[str] = (),
) -> int:
    """Write ``overlay_frames`` of one video. Returns the number of frames."""
    tracks = read_tracks(tracks_file) if tracks_file is not None and tracks_file.exists() else []
    return write_video(overlay_frames(file, times_s, detections, tracks, classes), fps, out)


def _letterboxed(picture: Array, size: tuple[int, int]) -> Array:
    """Fit the picture into (height, width), with black bars where the aspects differ."""
    if picture.shape[:2] == size:
        return picture
    scale = min(size[0] / picture.shape[0], size[1] / picture.shape[1])
    height, width = (max(1, round(n * scale)) for n in picture.shape[:2])
    out = np.zeros((*size, 3), np.uint8)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    out[top : top + height, left : left + width] = cv2.resize(picture, (width, height))
    return out


def _reel_frames(
    files: Mapping[str, Footage], times_s: Mapping[str, Array], detections: Sequence[Detection], scores: bool
) -> Iterator[Array]:
    size: tuple[int, int] | None = None
    for d in sorted(detections, key=lambda d: (d.video, d.start_s)):
        times = times_s[d.video]
        first, stop = np.searchsorted(times, [d.start_s - PADDING_S, d.end_s + PADDING_S])
        for frame in read_frames(files[d.video], int(first), int(stop)):
            picture = np.ascontiguousarray(frame.rgb)
            size = size or (picture.shape[0], picture.shape[1])
            picture = _letterboxed(picture, size)
            score = f" {d.score:.2f}" if scores else ""
            _write_label(picture, f"{d.video}  {d.label or 'action'}{score}", 0)
            yield picture


def write_reel(
    out: Path,
    files: Mapping[str, Footage],
    times_s: Mapping[str, Array],
    fps: Fraction,
    detections: Sequence[Detection],
    scores: bool = True,
) -> int:
    """Write the highlight reel: all detections, by video and time, with their ``scores`` or without. Returns
    its number of frames.
    """
    return write_video(_reel_frames(files, times_s, detections, scores), fps, out)
