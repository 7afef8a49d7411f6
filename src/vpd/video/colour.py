"""Convert decoded pixels to sRGB by the picture's tags, else by its size. HDR is tone-mapped."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from vpd.types import Array

UNSPECIFIED = 2
"""FFmpeg's number of a curve that is not stated."""
LINEAR = frozenset((0, 1, 4, 5, 6, 7, 9))
"""FFmpeg's numbers of the matrices that it converts."""
OF_PRIMARIES = frozenset((10, 12, 13))
"""Those of the primaries, and BT.2020 with constant luminance, which players take for the other."""
NOT_READ = {8: "YCgCo", 11: "YDzDx", 14: "ICtCp", 15: "IPT-C2", 16: "YCgCo-Re", 17: "YCgCo-Ro"}
"""Those that are no matrix of YCbCr, by their names. All other numbers are reserved, and no tag."""
HD_WIDTH, HD_HEIGHT = 1280, 576
"""Untagged pictures at least this wide, or higher than this, are BT.709; others BT.601, as in players."""

REFERENCE_WHITE_NITS = 203.0
"""Luminance of white in HDR, cd/m2 (ITU-R BT.2408)."""
PEAK_NITS = 1000.0
"""Largest luminance of HDR pictures. Brighter light becomes white."""
HLG_GAMMA = 1.2
"""System gamma of HLG on a screen of 1,000 nits (ITU-R BT.2100)."""
KNEE = 0.8
"""Light up to this share of white is unchanged. Above it is compressed."""
SCREEN_GAMMA = 2.4
"""Gamma of screens for SDR video (ITU-R BT.1886)."""
LEVELS = 4096
"""Number of steps of the tables, which have 12 bits."""

BT2020_TO_BT709 = np.array([
    [1.6605, -0.5876, -0.0728],
    [-0.1246, 1.1329, -0.0083],
    [-0.0182, -0.1006, 1.1187],
], np.float32)  # fmt: skip
"""ITU-R BT.2087."""


def is_hdr(picture: VideoFrame) -> bool:
    """Whether the picture is PQ (HDR10, Dolby Vision's base) or HLG."""
    return picture.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)


DOLBY_VISION = frozenset(("dvh1", "dvhe", "dva1", "dvav", "dav1"))
"""Tags of streams for players of Dolby Vision. Without a curve of their own they hold IPT (profile 5)."""


def not_read(picture: VideoFrame, codec_tag: str = "") -> str:
    """The name of colours that cannot be converted; "" where they can."""
    if codec_tag in DOLBY_VISION and picture.color_trc == UNSPECIFIED:
        return "those of Dolby Vision alone (profile 5)"
    return NOT_READ.get(int(picture.colorspace), "")


def matrix_of(picture: VideoFrame) -> int | None:
    """The matrix for the picture; None keeps that of its own tag."""
    tag = int(picture.colorspace)
    if tag in LINEAR or picture.format.name.startswith(("rgb", "bgr", "gbr")):
        return None
    if tag in OF_PRIMARIES and picture.color_primaries == ColorPrimaries.BT2020:
        return int(Colorspace.BT2020)
    hd = picture.width >= HD_WIDTH or picture.height > HD_HEIGHT
    return int(Colorspace.ITU709 if hd else Colorspace.ITU601)


def to_rgb(picture: VideoFrame, width: int, height: int, like: VideoFrame) -> Array:
    """(height, width, 3) uint8 sRGB. Tags and size of the whole picture ``like`` decide the colours."""
    matrix = matrix_of(like)
    if not is_hdr(like):
        return picture.to_ndarray(format="rgb24", width=width, height=height, src_colorspace=matrix)
    deep = picture.to_ndarray(format="rgb48le", width=width, height=height, src_colorspace=matrix)
    wide = like.color_primaries == ColorPrimaries.BT2020
    return _tone_mapped(deep, like.color_trc == ColorTrc.SMPTE2084, wide)


def _tone_mapped(deep: Array, pq: bool, wide: bool) -> Array:
    """Tone-map (H, W, 3) uint16 HDR to uint8 sRGB."""
    light = _light(pq)[deep >> 4]
    if not pq:
        luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
        scene = np.maximum(luminance, 1e-6) ** (HLG_GAMMA - 1)
        light *= scene[..., None] * (PEAK_NITS / REFERENCE_WHITE_NITS)
    if wide:
        light = cv2.transform(light, BT2020_TO_BT709)
    # The table's steps are even in the square root of light, about as eyes see them.
    top = PEAK_NITS / REFERENCE_WHITE_NITS
    root = np.sqrt(np.clip(light, 0, top) * np.float32(1 / top))
    shown: Array = _screen()[(root * (LEVELS - 1) + 0.5).astype(np.uint16)]
    return shown


@lru_cache(maxsize=2)
def _light(pq: bool) -> Array:
    """(LEVELS,) float32: light of each code, where white is 1 (PQ), or of the scene, where its peak is 1
    (HLG).
    """
    code = np.linspace(0, 1, LEVELS)
    if pq:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128
        power = code ** (1 / m2)
        nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
        return (nits / REFERENCE_WHITE_NITS).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073  # ARIB STD-B67
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)


@lru_cache(maxsize=1)
def _screen() -> Array:
    """(LEVELS,) uint8: the screen code of light, by the steps of `_tone_mapped`."""
    top = PEAK_NITS / REFERENCE_WHITE_NITS
    light = np.linspace(0, 1, LEVELS) ** 2 * top
    # Above the knee a curve that starts with its slope of 1 and ends in white at the peak.
    room, reach = 1 - KNEE, top - KNEE
    over = np.maximum(light - KNEE, 0)
    scale = room * reach / (reach - room)
    light = np.where(light <= KNEE, light, KNEE + over / (1 + over / scale))
    return np.clip(light ** (1 / SCREEN_GAMMA) * 255 + 0.5, 0, 255).astype(np.uint8)
