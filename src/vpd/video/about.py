"""Describe a file, its processing, and its doubtful properties in a line."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, ColorTrc

from vpd.counting import counted
from vpd.library.frames import FrameIndex
from vpd.video.colour import matrix_of
from vpd.video.fields import TOP, WHOLE
from vpd.video.picture import Picture
from vpd.video.pyav import tags
from vpd.video.sequence import Sequence
from vpd.video.source import GUESSES_TIMES, Source

CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": "MP4",
    "matroska,webm": "Matroska",
    "mpegts": "MPEG-TS",
    "mpeg": "MPEG-PS",
}
MATRICES = {1: "BT.709", 5: "BT.601", 6: "BT.601", 9: "BT.2020"}
GAP_S = 10.0
"""Least time in seconds without a picture that is mentioned."""
MOST_NAMED = 3
MOST_UNREAD, MOST_STEPS_UNREAD = 0.1, 20
"""Share of a file without a picture at its end from which on it is mentioned; also in mean packets."""
STEPS = 10
"""Number of steps from frame to frame over which the rate is taken."""


def about(source: Source, pictures: Sequence, index: FrameIndex, first: Picture) -> tuple[str, list[str]]:
    """A line that describes the file, and a list of doubts, each without a full stop."""
    stored, context = first.decoded.picture, source.stream.codec_context
    parts = [
        _container(source),
        context.name,
        *_geometry(index),
        f"{_rate(index)} frames/s{_steadiness(pictures, index)}",
        *_interlacing(index),
        *_colour(stored),
        *_left_out(source),
        *([f"{len(pictures.files)} chapters joined"] if len(pictures.files) > 1 else []),
    ]
    return ", ".join(parts), [*_damage(pictures, index), *_clock(pictures, index)]


def _container(source: Source) -> str:
    brand = tags(source.container.metadata).get("major_brand", "").strip()
    return "QuickTime" if brand == "qt" else CONTAINERS.get(source.format, source.format)


def _geometry(index: FrameIndex) -> list[str]:
    width, height = index.canvas
    shape = index.shapes[0][1]
    done = []
    if shape.mirrored:
        done.append("mirrored")
    if shape.rotation:
        done.append(f"turned by {shape.rotation} degrees")
    if shape.aspect != 1:
        done.append(f"stored as {shape.width} x {shape.height} with pixels of {shape.aspect}")
    text = [f"{width} x {height}" + (f" ({', '.join(done)})" if done else "")]
    others = list(dict.fromkeys(s for _, s in index.shapes if s.shown != (width, height)))
    if others:
        sizes = ", ".join("{} x {}".format(*s.shown) for s in others[:MOST_NAMED])
        text.append(f"pictures of {sizes} fitted into it")
    if len({(s.rotation, s.mirrored) for _, s in index.shapes}) > 1:
        text.append("orientation changes")
    return text


def _rate(index: FrameIndex) -> str:
    times_s = index.times_s
    if len(times_s) < 2:
        return "1 frame, unknown"
    # Over an even number of frames: film shown as video has two lengths of frames in turn.
    steps = min(STEPS, len(times_s) - 1 - (len(times_s) > 2 and len(times_s) % 2 == 0))
    step_s = float(np.median(times_s[steps:] - times_s[:-steps])) / steps
    rate = (Fraction(1) / Fraction(step_s)).limit_denominator(1001)
    return f"{float(rate):.6g}"


def _steadiness(pictures: Sequence, index: FrameIndex) -> str:
    if pictures.repeating:
        return " (soft telecine)"
    steps = np.diff(index.times_s)
    return "" if len(steps) < 2 or np.ptp(steps) < 0.5 * np.median(steps) else " (variable)"


def _interlacing(index: FrameIndex) -> list[str]:
    parts = index.fields[index.fields != WHOLE]
    if not len(parts):
        return []
    order = "top" if parts[0] == TOP else "bottom"
    share = "" if len(parts) == len(index) else "partly "
    return [f"{share}interlaced ({order} field first), each field a frame"]


def _colour(stored: VideoFrame) -> list[str]:
    pixels = stored.format
    bits = pixels.components[0].bits
    text = [f"{bits} bit"] if bits != 8 else []
    taken = matrix_of(stored)
    if matrix := MATRICES.get(stored.colorspace if taken is None else taken):
        text.append(matrix + ("" if taken in (None, Colorspace.BT2020) else " by its size"))
    if stored.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
        curve = "PQ" if stored.color_trc == ColorTrc.SMPTE2084 else "HLG"
        text.append(f"HDR ({curve}), tone-mapped")
    return text


def _left_out(source: Source) -> list[str]:
    others = [s for s in source.container.streams.video if s.index != source.stream.index]
    if not others:
        return []
    text = ", ".join(
        f"{s.index} ({s.codec_context.name} {s.codec_context.width} x {s.codec_context.height})"
        if s.codec_context is not None
        else f"{s.index}"
        for s in others[:MOST_NAMED]
    )
    return [f"stream {source.stream.index} read, left out: {text}"]


def _damage(pictures: Sequence, index: FrameIndex) -> list[str]:
    """Sentences on damage. Claims of the container alone are no damage; refusals of the decoder are."""
    doubts = []
    decoded = np.unique(index.packets)
    ends = [*(met.first_packet for met in pictures.files[1:]), np.inf]
    for met, end in zip(pictures.files, ends, strict=True):
        own = int(np.count_nonzero((decoded >= met.first_packet) & (decoded < end)))
        cut_short = met.broken or met.past_end
        expected = max(met.packets, met.promised - met.hidden) if cut_short else met.packets
        missing = expected - own
        where = f"{met.name}: " if len(pictures.files) > 1 else ""
        if missing > 0 and (met.failed or cut_short):
            what = "cannot be decoded: the file is damaged or cut short"
            doubts.append(f"{where}{missing} of {counted(expected, 'frame')} {what}")
        elif met.past_end:
            doubts.append(f"{where}its end is missing: the file is cut short")
        if met.unread > max(MOST_UNREAD, MOST_STEPS_UNREAD / met.packets):
            doubts.append(
                f"{where}no picture of this stream in the last {met.unread:.0%} of the file "
                "(another recording joined to it, or sound alone)"
            )
        if met.concealed:
            doubts.append(f"{where}{counted(met.concealed, 'frame is', 'frames are')} damaged")
    return doubts


def _clock(pictures: Sequence, index: FrameIndex) -> list[str]:
    doubts = []
    if index.jumps:
        named = ", ".join(f"at {at:.2f} s by {jump:+.2f} s" for at, jump in index.jumps[:MOST_NAMED])
        more = f" and {len(index.jumps) - MOST_NAMED} more" if len(index.jumps) > MOST_NAMED else ""
        doubts.append(f"its clock jumps {named}{more} (joined recordings?): the jumps are taken out")
    if pictures.undated and pictures.source.format != GUESSES_TIMES:
        one = "frame carries no time and was given one between its neighbours"
        many = "frames carry no time and were given one between their neighbours"
        doubts.append(counted(pictures.undated, one, many))
    if pictures.clock is not None and pictures.clock.repeated:
        one = "frame has the time of another and was moved apart"
        many = "frames have the time of another and were moved apart"
        doubts.append(counted(pictures.clock.repeated, one, many))
    gaps = np.flatnonzero(np.diff(index.times_s) > GAP_S)
    if len(gaps):
        named = ", ".join(
            f"{index.times_s[g]:.2f} to {index.times_s[g + 1]:.2f} s" for g in gaps[:MOST_NAMED]
        )
        doubts.append(f"no picture from {named}")
    return doubts
