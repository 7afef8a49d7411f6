"""Split an interlaced picture into its two fields, each as a picture of full height."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from threading import Lock

import av
import av.filter
import cv2
import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from vpd.types import Array

TOP, BOTTOM = 0, 1
WHOLE = -1
"""The value for a picture that is not interlaced."""

TOP_FIRST = r"eq(interlace_type\,TOPFIRST)"
"""Passes the pictures whose top field is the earlier one. PyAV does not tell it."""

_ONE_AT_A_TIME = Lock()
"""Threads share the graphs, and each must get its own picture back."""


@lru_cache(maxsize=16)
def _graph(filter_name: str, argument: str, width: int, height: int, pixels: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    nodes = (
        graph.add_buffer(
            width=width, height=height, format=VideoFormat(pixels), time_base=Fraction(1, av.time_base)
        ),
        graph.add(filter_name, argument),
        graph.add("buffersink"),
    )
    graph.link_nodes(*nodes).configure()
    return graph


def _filtered(picture: VideoFrame, name: str, argument: str) -> VideoFrame | None:
    """What a filter makes of a picture; None where it drops it."""
    with _ONE_AT_A_TIME:
        graph = _graph(name, argument, picture.width, picture.height, picture.format.name)
        graph.push(picture)
        try:
            return graph.pull()  # type: ignore[return-value]  # a video graph gives pictures
        except BlockingIOError:
            return None


def fields(picture: VideoFrame, half: bool = False) -> tuple[int, ...]:
    """The fields of a picture, the earlier one first; only `WHOLE` where it is not interlaced, or is ``half``
    of a picture: a single field.
    """
    if half or not picture.interlaced_frame or picture.height % 2:
        return (WHOLE,)
    return (BOTTOM, TOP) if _filtered(picture, "select", TOP_FIRST) is None else (TOP, BOTTOM)


def field_of(picture: VideoFrame, which: int) -> VideoFrame:
    """The rows of one field, as a picture of half the height."""
    half = _filtered(picture, "field", "top" if which == TOP else "bottom")
    assert half is not None, "the filter drops no picture"
    return half


def full_height(rgb: Array, which: int) -> Array:
    """(2 H, W, 3) from a field (H, W, 3): its rows in their positions, means of neighbours between them."""
    out = np.empty((2 * rgb.shape[0], *rgb.shape[1:]), rgb.dtype)
    out[which::2] = rgb
    between = cv2.addWeighted(rgb[:-1], 0.5, rgb[1:], 0.5, 0)
    if which == TOP:
        out[1:-1:2], out[-1] = between, rgb[-1]
    else:
        out[2::2], out[0] = between, rgb[0]
    return out
