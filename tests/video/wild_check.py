"""Compare what vpd makes of a wild file with what is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.video.indexed import indexed
from tests.video.wild import REFUSED, Wild, picture, probe
from vpd.errors import VideoError
from vpd.video import read_frames, read_video_info

MOST_DIFFERENT = 8.0
"""Mean difference of pixels (of 255) up to which two ways from YUV to RGB are the same picture."""


def compare(wild: Wild, path: Path, scratch: Path) -> tuple[str, str, str]:
    """What is right, what we have, and what differs ("" where nothing does)."""
    try:
        info = read_video_info(path)
    except VideoError as error:
        ours = str(error).rpartition(": ")[2].rstrip(".")
        return wild.right or "read", f"{REFUSED}: {ours}", "" if wild.right == REFUSED else "refused"
    ours = f"{info.frames}, {info.width} x {info.height}, {info.times_s[-1] - info.times_s[0]:.3f} s"
    if wild.right == REFUSED:
        return REFUSED, ours, "read"
    right = probe(path)
    span_s = right.span_s if wild.span_s is None else wild.span_s
    span_s = right.span_s if wild.span_s is None else wild.span_s
    frames = right.frames * wild.fields
    expected = f"{frames}, {right.width} x {right.height}, {span_s:.3f} s"
    wrong = []
    step_s = span_s / max(1, right.frames - 1)
    if info.frames != frames:
        wrong.append("frames")
    if (info.width, info.height) != (right.width, right.height):
        wrong.append("size")
    slack_s = 2e-3 + (1.01 * step_s if wild.fields > 1 else 0)
    if wild.doubt != "jumps" and abs(info.times_s[-1] - info.times_s[0] - span_s) > slack_s:
        wrong.append("time")
    if wild.doubt and wild.doubt not in info.warning:
        wrong.append(f"no word of {wild.doubt}")
    if not wild.doubt and info.warning:
        wrong.append(f"warning: {info.warning}")
    wrong += _pictures(wild, path, scratch, info.frames, (info.width, info.height))
    return expected, ours + (f" ({info.warning})" if info.warning else ""), ", ".join(wrong)


def _pictures(wild: Wild, path: Path, scratch: Path, frames: int, size: tuple[int, int]) -> list[str]:
    """Whether a picture in the middle is ffmpeg's, and the same when it is come to by seeking."""
    middle = frames // 2
    start = next(f.rgb for f in read_frames(path, middle))
    sought = next(f.rgb for f in read_frames(indexed(path, scratch), middle))
    wrong = [] if np.array_equal(start, sought) else ["seeking"]
    if wild.alike and np.abs(picture(path, middle, size).astype(int) - start).mean() > MOST_DIFFERENT:
        wrong.append("picture")
    return wrong
